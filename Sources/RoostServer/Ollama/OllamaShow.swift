import Foundation
import Roost

/// `POST /api/show`.
struct OllamaShow: Encodable, Sendable {
    let license: String?
    let modelfile: String
    let parameters: String?
    let system: String?
    let template: String
    let messages: [ModelPreset.Message]?
    let details: OllamaDetails
    let modelInfo: [String: OllamaMetadataValue]
    let projectorInfo: [String: OllamaMetadataValue]?
    let tensors: [Tensor]?
    let capabilities: [String]
    let modifiedAt: Date

    struct Tensor: Encodable, Sendable {
        let name: String
        let type: String
        let shape: [UInt64]
    }

    /// - Parameter template: the one in the place of the file's, if there is one.
    init(
        _ record: ModelRecord, metadata: ModelFileMetadata, modelfile: Modelfile, template: String?,
        projector: ModelFileMetadata?, verbose: Bool
    ) {
        var licenses: [String] = []
        var parameters: [String] = []
        var messages: [ModelPreset.Message] = []
        var system: String?
        for instruction in modelfile.instructions {
            switch instruction {
            case .license(let text): licenses.append(text)
            case .parameter(let name, let value): parameters.append(Self.line(name, value))
            case .message(let role, let content): messages.append(.init(role: role, content: content))
            case .system(let text): system = text
            case .from, .template, .adapter: break
            }
        }
        license = licenses.isEmpty ? record.license : licenses.joined(separator: "\n\n")
        self.parameters = parameters.isEmpty ? nil : parameters.joined(separator: "\n")
        self.messages = messages.isEmpty ? nil : messages
        self.system = system
        self.template = template ?? metadata.chatTemplate ?? ""
        self.modelfile =
            "# Made by Roost of what it has; “roost create NAME -f FILE” makes a model of it.\n\(modelfile.text)"
        details = OllamaDetails(record)
        modelInfo = metadata.values(verbose: verbose)
        projectorInfo = projector?.values(verbose: verbose)
        tensors = verbose ? metadata.tensors : nil
        capabilities = Self.capabilities(of: record)
        modifiedAt = record.modifiedAt
    }

    enum CodingKeys: String, CodingKey {
        case license, modelfile, parameters, system, template, messages, details, tensors, capabilities
        case modelInfo = "model_info"
        case projectorInfo = "projector_info"
        case modifiedAt = "modified_at"
    }

    /// A name and a value in columns, texts in quotes, as Ollama lists them.
    private static func line(_ name: String, _ value: String) -> String {
        let isText = ModelParameter.named(name)?.kind == .texts
        return name.padding(toLength: max(30, name.count), withPad: " ", startingAt: 0) + " "
            + (isText ? "\"\(value)\"" : value)
    }

    /// Ollama has no capability of its own for chat.
    static func capabilities(of record: ModelRecord) -> [String] {
        record.capabilities.filter { $0 != .chat }.map(\.rawValue)
    }
}
