import Foundation
import Roost

/// `POST /v1/embeddings`.
struct OpenAIEmbeddingRequest: Decodable, Sendable {
    var model: String?
    var input: WireTexts?
    var encodingFormat: String?
    var dimensions: Int?

    enum CodingKeys: String, CodingKey {
        case model, input, dimensions
        case encodingFormat = "encoding_format"
    }

    /// Whether the vectors are written in base64. Throws `APIError.invalidRequest`.
    func isBase64() throws -> Bool {
        switch encodingFormat {
        case nil, "float": return false
        case "base64": return true
        case .some(let format):
            throw APIError.invalidRequest(
                "encoding_format is “\(format.prefix(40))”, but must be float or base64.", parameter: "encoding_format")
        }
    }

    /// What is asked of the engine. Throws `APIError.invalidRequest`.
    func embeddingRequest() throws -> EmbeddingRequest {
        guard let inputs = input?.inputs, !inputs.isEmpty else {
            throw APIError.invalidRequest("input must have at least one text.", parameter: "input")
        }
        var request = EmbeddingRequest(inputs)
        if let dimensions {
            guard dimensions > 0 else {
                throw APIError.invalidRequest(
                    "dimensions is \(dimensions), but must be at least 1.", parameter: "dimensions")
            }
            request.dimensionCount = dimensions
        }
        return request
    }
}

/// The answer to `/v1/embeddings`.
struct OpenAIEmbeddingList: Encodable, Sendable {
    struct Item: Encodable, Sendable {
        let index: Int
        let vector: [Float]
        let isBase64: Bool

        enum CodingKeys: CodingKey { case object, index, embedding }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode("embedding", forKey: .object)
            try container.encode(index, forKey: .index)
            guard isBase64 else { return try container.encode(vector, forKey: .embedding) }
            // 32-bit floats, little-endian, one after the other.
            var data = Data(capacity: vector.count * 4)
            for value in vector { withUnsafeBytes(of: value.bitPattern.littleEndian) { data.append(contentsOf: $0) } }
            try container.encode(data.base64EncodedString(), forKey: .embedding)
        }
    }

    struct Usage: Encodable, Sendable {
        let promptTokens: Int
        let totalTokens: Int

        init(_ tokenCounts: [Int]) {
            promptTokens = tokenCounts.reduce(0, +)
            totalTokens = promptTokens
        }

        enum CodingKeys: String, CodingKey {
            case promptTokens = "prompt_tokens"
            case totalTokens = "total_tokens"
        }
    }

    var object = "list"
    let model: String
    let data: [Item]
    let usage: Usage

    init(_ result: EmbeddingResult, model: String, isBase64: Bool) {
        self.model = model
        data = result.vectors.enumerated().map { Item(index: $0, vector: $1.first ?? [], isBase64: isBase64) }
        usage = Usage(result.tokenCounts)
    }
}
