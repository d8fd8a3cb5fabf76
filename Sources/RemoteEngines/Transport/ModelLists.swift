import Foundation

/// `GET /v1/models`, with what llama-server and vLLM tell besides.
struct ModelList: Decodable, Sendable {
    struct Model: Decodable, Sendable {
        struct Meta: Decodable, Sendable {
            var parameterCount: Double?
            var trainedContextLength: Int?
            var embeddingLength: Int?
            var size: Double?

            enum CodingKeys: String, CodingKey {
                case size
                case parameterCount = "n_params"
                case trainedContextLength = "n_ctx_train"
                case embeddingLength = "n_embd"
            }
        }

        var id: String
        var created: Double?
        var ownedBy: String?
        var maximumLength: Int?
        var meta: Meta?

        enum CodingKeys: String, CodingKey {
            case id, created, meta
            case ownedBy = "owned_by"
            case maximumLength = "max_model_len"
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            id = try container.decode(String.self, forKey: .id)
            // What is beside the name may have any form.
            created = try? container.decode(Double.self, forKey: .created)
            ownedBy = try? container.decode(String.self, forKey: .ownedBy)
            maximumLength = try? container.decode(Int.self, forKey: .maximumLength)
            meta = try? container.decode(Meta.self, forKey: .meta)
        }
    }

    /// `null` where some have no model.
    var data: [Model]

    private enum CodingKeys: CodingKey { case data }

    init(from decoder: any Decoder) throws {
        data = try decoder.container(keyedBy: CodingKeys.self).decodeIfPresent([Model].self, forKey: .data) ?? []
    }

    var facts: [RemoteModelFacts] {
        data.prefix(EngineProbe.modelLimit).compactMap { model in
            guard RemoteModelFacts.isName(model.id) else { return nil }
            var facts = RemoteModelFacts(name: model.id)
            facts.modifiedAt = model.created.flatMap { $0 > 0 && $0 < 1e11 ? Date(timeIntervalSince1970: $0) : nil }
            facts.contextLength = model.maximumLength ?? model.meta?.trainedContextLength
            facts.embeddingLength = model.meta?.embeddingLength
            facts.byteCount = model.meta?.size.flatMap { Int64(exactly: $0.rounded()) }
            facts.parameterSize = model.meta?.parameterCount.flatMap(RemoteModelFacts.size)
            return facts
        }
    }
}

/// `GET /api/tags`.
struct ModelTags: Decodable, Sendable {
    struct Model: Decodable, Sendable {
        struct Details: Decodable, Sendable {
            var format: String?
            var family: String?
            var parameterSize: String?
            var quantizationLevel: String?
            var contextLength: Int?
            var embeddingLength: Int?

            enum CodingKeys: String, CodingKey {
                case format, family
                case parameterSize = "parameter_size"
                case quantizationLevel = "quantization_level"
                case contextLength = "context_length"
                case embeddingLength = "embedding_length"
            }
        }

        var name: String
        var size: Int64?
        var modifiedAt: String?
        var details: Details?
        var capabilities: [String]?
        /// Where it is computed, when that is not there.
        var remoteHost: String?

        enum CodingKeys: String, CodingKey {
            case name, size, details, capabilities
            case modifiedAt = "modified_at"
            case remoteHost = "remote_host"
        }
    }

    var models: [Model]

    private enum CodingKeys: CodingKey { case models }

    init(from decoder: any Decoder) throws {
        models = try decoder.container(keyedBy: CodingKeys.self).decodeIfPresent([Model].self, forKey: .models) ?? []
    }

    /// - Parameter ownOnly: leaves out what is only passed on there: two Roosts that know of each other would pass a
    ///   request to and fro.
    func facts(ownOnly: Bool) -> [RemoteModelFacts] {
        models.prefix(EngineProbe.modelLimit).compactMap { model in
            guard RemoteModelFacts.isName(model.name), !ownOnly || model.remoteHost == nil else { return nil }
            var facts = RemoteModelFacts(name: model.name)
            facts.byteCount = model.size
            facts.format = model.details?.format
            facts.family = model.details?.family
            facts.parameterSize = model.details?.parameterSize
            facts.quantization = model.details?.quantizationLevel
            facts.contextLength = model.details?.contextLength
            facts.embeddingLength = model.details?.embeddingLength
            facts.abilities = model.capabilities
            facts.modifiedAt = model.modifiedAt.flatMap(Self.date)
            return facts
        }
    }

    /// RFC 3339, with fractions of any length and an offset, as Go writes it.
    private static func date(_ text: String) -> Date? {
        let plain = text.replacing(/\.\d+/, with: "")
        return try? Date(plain, strategy: .iso8601)
    }
}

extension RemoteModelFacts {
    /// A name that can be shown and asked for: 1 to 512 bytes, nothing unseen in it.
    static func isName(_ text: String) -> Bool {
        (1...512).contains(text.utf8.count)
            && !text.unicodeScalars.contains { scalar in
                switch scalar.properties.generalCategory {
                case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: true
                default: false
                }
            }
    }

    /// `268M`, `7.6B`.
    static func size(_ count: Double) -> String? {
        switch count {
        case 1e9..<1e15: String(format: "%.1fB", count / 1e9)
        case 1e6..<1e9: String(format: "%.0fM", count / 1e6)
        case 1e3..<1e6: String(format: "%.0fK", count / 1e3)
        case 1..<1e3: String(format: "%.0f", count)
        default: nil
        }
    }
}
