import Foundation
import LlamaBridge

/// The chat templates that a model brings.
final class ChatTemplates: @unchecked Sendable {  // why sound: immutable; applying a template only reads it
    private let pointer: OpaquePointer
    // The templates read the model's vocabulary.
    private let model: ModelHandle

    /// `nil` when the model brings no template. Throws `InferenceError.templateFailed` when it brings a broken one.
    ///
    /// - Parameter own: a template that is used in the place of the model's.
    init?(of model: ModelHandle, own: String? = nil) throws {
        try TemplateBounds.check(own ?? model.metadata("tokenizer.chat_template") ?? "")
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
    func apply(_ conversation: TemplateInput) throws -> TemplateOutput {
        let input = try JSONEncoder().encode(conversation)
        var error: UnsafeMutablePointer<CChar>?
        let result = roost_chat_apply(pointer, String(decoding: input, as: UTF8.self), &error)
        defer {
            roost_free(error)
            roost_free(result)
        }
        guard let result else {
            throw InferenceError.templateFailed(reason: Self.reason(error.map { String(cString: $0) }))
        }
        let length = strlen(result)
        try TemplateBounds.check(outputByteCount: length, inputByteCount: input.count)
        return try JSONDecoder().decode(TemplateOutput.self, from: Data(bytes: result, count: length))
    }

    /// The engine's message without the excerpts of the template's source around it.
    private static func reason(_ text: String?) -> String {
        guard let text else { return "unknown error" }
        let lines = text.split(whereSeparator: \.isNewline)
        let line = lines.last { $0.hasPrefix("Error: ") } ?? lines.last { !$0.allSatisfy(\.isWhitespace) } ?? "unknown"
        return String(line.hasPrefix("Error: ") ? line.dropFirst(7) : line)
    }
}
