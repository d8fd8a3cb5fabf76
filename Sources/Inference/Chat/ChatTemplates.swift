import Foundation
import LlamaBridge

/// The chat templates that a model brings.
final class ChatTemplates: @unchecked Sendable {  // why sound: immutable; applying a template only reads it
    /// A conversation as the model wants to read it.
    struct Prompt: Decodable {
        var prompt: String
        /// Strings that end an answer in this template.
        var stops: [String]
    }

    private let pointer: OpaquePointer
    // The templates read the model's vocabulary.
    private let model: ModelHandle

    /// `nil` when the model brings no template. Throws `InferenceError.templateFailed` when it brings a broken one.
    ///
    /// - Parameter own: a template that is used in the place of the model's.
    init?(of model: ModelHandle, own: String? = nil) throws {
        var error: UnsafeMutablePointer<CChar>?
        defer { roost_free(error) }
        guard let pointer = roost_chat_create(model.pointer, own ?? "", &error) else {
            throw InferenceError.templateFailed(reason: error.map { String(cString: $0) } ?? "it does not parse")
        }
        guard roost_chat_is_explicit(pointer) else {
            roost_chat_free(pointer)
            return nil
        }
        self.pointer = pointer
        self.model = model
    }

    deinit { roost_chat_free(pointer) }

    /// Throws `InferenceError.templateFailed` when the template refuses the conversation.
    func apply(_ messages: [ChatMessage]) throws -> Prompt {
        let json = String(
            decoding: try JSONEncoder().encode(messages.map { ["role": $0.role.rawValue, "content": $0.content] }),
            as: UTF8.self)
        var error: UnsafeMutablePointer<CChar>?
        let result = roost_chat_apply(pointer, json, &error)
        defer {
            roost_free(error)
            roost_free(result)
        }
        guard let result else {
            throw InferenceError.templateFailed(reason: error.map { String(cString: $0) } ?? "unknown error")
        }
        return try JSONDecoder().decode(Prompt.self, from: Data(String(cString: result).utf8))
    }
}
