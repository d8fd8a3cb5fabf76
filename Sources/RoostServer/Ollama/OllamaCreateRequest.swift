import Foundation
import Roost

/// `POST /api/create`.
struct OllamaCreateRequest: Decodable, Sendable {
    /// One text or several.
    struct Texts: Decodable, Sendable {
        let texts: [String]

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let text = try? container.decode(String.self) {
                texts = [text]
            } else {
                texts = try container.decode([String].self)
            }
        }
    }

    var model: String?
    var name: String?
    var from: String?
    /// Digests by the files' names.
    var files: [String: String]?
    /// Digests by the files' names.
    var adapters: [String: String]?
    var template: String?
    var license: Texts?
    var system: String?
    var parameters: ModelParameters?
    var messages: [OllamaMessage]?
    var quantize: String?
    var stream: Bool?
    /// A recipe's text, from clients of old.
    var modelfile: String?
    // Parts of Ollama's own program.
    var renderer: String?
    var parser: String?

    /// What is to be made, without the files. Throws `APIError`, `ModelCreationError`, `ModelStoreError.invalidName`.
    func creation() throws -> ModelCreation {
        let name = try OllamaModelRequest(model: model, name: name, verbose: nil).requiredModel()
        if let quantize, !quantize.isEmpty { throw ModelCreationError.cannotQuantize(quantization: quantize) }
        for (field, value) in [("renderer", renderer), ("parser", parser)] where !(value ?? "").isEmpty {
            throw APIError.invalidRequest(
                "\(field) names a part of Ollama's own program; leave it out, the model's own chat template is used.",
                parameter: field)
        }
        var creation = ModelCreation(name: name, base: .model(from ?? ""))
        if let modelfile, !modelfile.isEmpty {
            creation = try ModelCreation(name: name, modelfile: Modelfile(parsing: modelfile), folder: nil)
        } else if (from ?? "").isEmpty {
            guard !(files ?? [:]).isEmpty else {
                throw APIError.invalidRequest("neither 'from' or 'files' was specified", parameter: "from")
            }
            creation.base = .files([])
        }
        if let from, !from.isEmpty { creation.base = .model(from) }
        if let template, !template.isEmpty { creation.template = template }
        if let system, !system.isEmpty { creation.system = system }
        creation.parameters = (parameters ?? ModelParameters()).over(creation.parameters)
        creation.licenses += license?.texts ?? []
        if let messages, !messages.isEmpty {
            creation.messages = try messages.enumerated().map { try $1.presetMessage(index: $0) }
        }
        do {
            try creation.validate()
        } catch let error as ModelStoreError {
            // Ollama's words.
            throw APIError.invalidRequest("invalid model name: \(error)", parameter: "model")
        } catch {
            throw APIError(error)
        }
        return creation
    }
}

extension OllamaMessage {
    /// As a model keeps it: who says what. Throws `APIError.invalidRequest`.
    fileprivate func presetMessage(index: Int) throws -> ModelPreset.Message {
        let field = "messages[\(index)]"
        guard let role = ChatMessage.Role(rawValue: role), role != .tool else {
            throw APIError.invalidRequest(
                "\(field).role is “\(role.prefix(40))”, but must be system, user or assistant.",
                parameter: "\(field).role")
        }
        guard (images ?? []).isEmpty, (toolCalls ?? []).isEmpty else {
            throw APIError.invalidRequest(
                "\(field) has images or tool_calls, but a model keeps messages of text only.", parameter: field)
        }
        return ModelPreset.Message(role: role, content: content ?? "")
    }
}
