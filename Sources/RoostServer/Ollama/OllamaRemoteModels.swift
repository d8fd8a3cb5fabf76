import Foundation
import Roost

extension OllamaTags.Model {
    /// A model of the store, or one of an engine in the form that Ollama gives to models which its cloud computes.
    init(_ model: ServedModel) {
        switch model {
        case .stored(let record): self.init(record)
        case .remote(let offer): self.init(offer)
        }
    }

    /// An engine's model. It takes no place here: its size is 0, and it has no digest of its own.
    private init(_ offer: OfferedModel) {
        name = offer.name
        model = offer.name
        remoteModel = offer.facts.name
        remoteHost = offer.origin
        modifiedAt = offer.facts.modifiedAt ?? Date(timeIntervalSince1970: 0)
        size = 0
        // Clients cut and compare digests; this one stays the same as long as name and place do.
        digest = Digest.of(Array("\(offer.engine)\n\(offer.origin)\n\(offer.facts.name)".utf8)).hexadecimal
        details = OllamaDetails(offer.facts)
        capabilities = offer.facts.abilities
    }
}

extension OllamaDetails {
    /// What an engine tells of a model; empty where it tells nothing.
    init(_ facts: RemoteModelFacts) {
        parentModel = ""
        format = facts.format ?? ""
        family = facts.family ?? ""
        families = facts.family.map { [$0] } ?? []
        parameterSize = facts.parameterSize ?? ""
        quantizationLevel = facts.quantization ?? ""
        contextLength = facts.contextLength
        embeddingLength = facts.embeddingLength
    }
}

/// `POST /api/show` of an engine's model.
struct OllamaRemoteShow: Encodable, Sendable {
    /// The facts that Ollama has under a model's architecture.
    struct Info: Encodable, Sendable {
        let architecture: String
        let contextLength: Int?
        let embeddingLength: Int?

        private struct Key: CodingKey {
            let stringValue: String
            var intValue: Int? { nil }

            init(_ text: String) { stringValue = text }
            init?(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: Key.self)
            try container.encode(architecture, forKey: Key("general.architecture"))
            try container.encodeIfPresent(contextLength, forKey: Key("\(architecture).context_length"))
            try container.encodeIfPresent(embeddingLength, forKey: Key("\(architecture).embedding_length"))
        }
    }

    let modelfile: String
    var template = ""
    let details: OllamaDetails
    let modelInfo: Info
    let capabilities: [String]
    let remoteModel: String
    let remoteHost: String
    let modifiedAt: Date

    init(_ offer: OfferedModel) {
        modelfile = "# \(offer.facts.name) of the engine \(offer.engine), \(offer.origin)\nFROM \(offer.name)\n"
        details = OllamaDetails(offer.facts)
        modelInfo = Info(
            architecture: offer.facts.family ?? "unknown", contextLength: offer.facts.contextLength,
            embeddingLength: offer.facts.embeddingLength)
        // Clients hide a model that can do nothing; most models complete text.
        capabilities = offer.facts.abilities ?? ["completion"]
        remoteModel = offer.facts.name
        remoteHost = offer.origin
        modifiedAt = offer.facts.modifiedAt ?? Date(timeIntervalSince1970: 0)
    }

    enum CodingKeys: String, CodingKey {
        case modelfile, template, details, capabilities
        case modelInfo = "model_info"
        case remoteModel = "remote_model"
        case remoteHost = "remote_host"
        case modifiedAt = "modified_at"
    }
}
