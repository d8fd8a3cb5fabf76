import Roost

/// `POST /v1/rerank`, in Jina's form, which llama-server has too.
struct RerankBody: Decodable, Sendable {
    /// A text, or an object that holds one.
    struct Document: Decodable, Sendable {
        let text: String

        private enum CodingKeys: CodingKey { case text }

        init(from decoder: any Decoder) throws {
            if let text = try? decoder.singleValueContainer().decode(String.self) {
                self.text = text
            } else {
                text = try decoder.container(keyedBy: CodingKeys.self).decode(String.self, forKey: .text)
            }
        }
    }

    var model: String?
    var query: String?
    var documents: [Document]?
    var topN: Int?
    var returnsDocuments: Bool?

    enum CodingKeys: String, CodingKey {
        case model, query, documents
        case topN = "top_n"
        case returnsDocuments = "return_documents"
    }

    /// What is asked of the engine. Throws `APIError.invalidRequest`.
    func rerankRequest() throws -> RerankRequest {
        guard let query, !query.isEmpty else {
            throw APIError.invalidRequest("query is required.", parameter: "query")
        }
        guard let documents, !documents.isEmpty else {
            throw APIError.invalidRequest("documents must have at least one text.", parameter: "documents")
        }
        if let topN, topN < 1 {
            throw APIError.invalidRequest("top_n is \(topN), but must be at least 1.", parameter: "top_n")
        }
        return RerankRequest(query: query, documents: documents.map(\.text))
    }
}

/// The answer to `/v1/rerank`: the best first.
struct RerankList: Encodable, Sendable {
    struct Item: Encodable, Sendable {
        struct Document: Encodable, Sendable { let text: String }

        let index: Int
        let relevanceScore: Double
        let document: Document?

        enum CodingKeys: String, CodingKey {
            case index, document
            case relevanceScore = "relevance_score"
        }
    }

    var object = "list"
    let model: String
    let results: [Item]
    let usage: OpenAIEmbeddingList.Usage

    init(_ result: RerankResult, of body: RerankBody, model: String) {
        self.model = model
        let order = result.scores.indices.sorted { a, b in
            (result.scores[a], b) > (result.scores[b], a)
        }
        let documents = body.documents ?? []
        results = order.prefix(body.topN ?? order.count).map { index in
            Item(
                index: index, relevanceScore: Double(result.scores[index]),
                document: body.returnsDocuments ?? false && index < documents.count
                    ? .init(text: documents[index].text) : nil)
        }
        usage = .init(result.tokenCounts)
    }
}
