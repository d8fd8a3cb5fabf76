import Foundation
import LlamaBridge
import Synchronization

/// Reads answers as the template's own format says.
///
/// The engine's parser reads from the beginning each time. Up to `eagerLength` bytes that is done for every piece of
/// text; behind it only after each `1 / shareOfNew` of the length, so that an answer of n bytes costs O(n) and not O(n²).
final class TemplateParser: AnswerParser {
    /// Bytes of an answer that is read anew with each piece.
    static let eagerLength = 4096
    /// An answer longer than that is read again when it has grown by this part of it.
    static let shareOfNew = 64
    /// Brackets within brackets in an answer, for each of which the engine's parser recurses.
    static let depthLimit = 256

    private struct State: ~Copyable {
        let parser: Pointer
        var text: [UInt8] = []
        /// How much of `text` was read when it was last understood.
        var understood = 0
        var nextReading = 0
        var message = ParsedMessage()
        var depth = 0
        /// Set when the rest of the answer is taken as it is.
        var isPlain = false
    }

    private struct Pointer: ~Copyable, @unchecked Sendable {  // why sound: one owner, who uses it under its lock
        let value: OpaquePointer
        deinit { roost_parser_free(value) }
    }

    private struct Delta: Decodable {
        struct Call: Decodable {
            var index: Int
            var id: String?
            var name: String?
            var arguments: String
        }

        var content: String?
        var reasoning: String?
        var calls: [Call]?

        enum CodingKeys: String, CodingKey {
            case content, reasoning
            case calls = "tool_calls"
        }
    }

    private let state: Mutex<State>

    /// Throws `InferenceError.templateFailed`.
    convenience init(_ rules: TemplateOutput.Parser) throws {
        let json = String(decoding: try JSONEncoder().encode(rules), as: UTF8.self)
        var error: UnsafeMutablePointer<CChar>?
        defer { roost_free(error) }
        guard let pointer = roost_parser_create(json, &error) else {
            throw InferenceError.templateFailed(
                reason: error.map { String(cString: $0) } ?? "its answers cannot be read")
        }
        self.init(Pointer(value: pointer))
    }

    private init(_ pointer: consuming Pointer) {
        state = Mutex(State(parser: pointer))
    }

    var message: ParsedMessage { state.withLock { $0.message } }

    /// Whether all of the answer up to the last reading was in the template's format.
    var isUnderstood: Bool { state.withLock { !$0.isPlain } }

    func fresh() -> any AnswerParser {
        state.withLock { state -> any AnswerParser in
            guard let pointer = roost_parser_fresh(state.parser.value, nil) else { return PlainParser() }
            return TemplateParser(Pointer(value: pointer))
        }
    }

    func append(_ text: String) throws -> GenerationDelta {
        state.withLock { state in
            state.text.append(contentsOf: text.utf8)
            if state.isPlain { return Self.takePlain(&state) }
            for byte in text.utf8 {
                switch byte {
                case UInt8(ascii: "["), UInt8(ascii: "{"): state.depth += 1
                case UInt8(ascii: "]"), UInt8(ascii: "}"): state.depth = max(0, state.depth - 1)
                default: break
                }
                if state.depth > Self.depthLimit {
                    state.isPlain = true
                    return Self.takePlain(&state)
                }
            }
            guard state.text.count >= state.nextReading else { return GenerationDelta() }
            let count = state.text.count
            state.nextReading = count < Self.eagerLength ? 0 : count + count / Self.shareOfNew
            return Self.read(&state, isPartial: true) ?? GenerationDelta()
        }
    }

    func finish() throws -> GenerationDelta {
        state.withLock { state in
            if state.isPlain { return Self.takePlain(&state) }
            // What ends in the middle of a call reads as a part only; what does not read at all is given as it is.
            if let delta = Self.read(&state, isPartial: false) { return delta }
            if let delta = Self.read(&state, isPartial: true) { return delta }
            state.isPlain = true
            return Self.takePlain(&state)
        }
    }

    /// `nil` when the answer does not read.
    private static func read(_ state: inout State, isPartial: Bool) -> GenerationDelta? {
        // A zero byte behind it, so that there is an address even of no text.
        let text = state.text + [0]
        let result = text.withUnsafeBytes { bytes in
            bytes.withMemoryRebound(to: CChar.self) { characters in
                characters.baseAddress.flatMap {
                    roost_parser_read(state.parser.value, $0, text.count - 1, isPartial, nil)
                }
            }
        }
        guard let result else { return nil }
        defer { roost_free(result) }
        let data = Data(bytesNoCopy: result, count: strlen(result), deallocator: .none)
        guard let delta = try? JSONDecoder().decode(Delta.self, from: data) else { return nil }
        state.understood = state.text.count
        let calls = (delta.calls ?? []).map {
            ToolCallDelta(index: $0.index, id: $0.id, name: $0.name, arguments: $0.arguments)
        }
        let emitted = GenerationDelta(text: delta.content ?? "", reasoning: delta.reasoning ?? "", toolCalls: calls)
        state.message.take(emitted)
        return emitted
    }

    /// The text that was not understood, as content.
    private static func takePlain(_ state: inout State) -> GenerationDelta {
        let rest = String(decoding: state.text[state.understood...], as: UTF8.self)
        state.understood = state.text.count
        let delta = GenerationDelta(text: rest)
        state.message.take(delta)
        return delta
    }
}

/// Gives the text as it comes; where a format's rules cannot be copied for lack of memory.
private final class PlainParser: AnswerParser {
    private let state = Mutex(ParsedMessage())

    var message: ParsedMessage { state.withLock { $0 } }

    func append(_ text: String) -> GenerationDelta {
        state.withLock { $0.content += text }
        return GenerationDelta(text: text)
    }

    func finish() -> GenerationDelta { GenerationDelta() }

    func fresh() -> any AnswerParser { PlainParser() }
}

extension ParsedMessage {
    /// Adds what came.
    mutating func take(_ delta: GenerationDelta) {
        content += delta.text
        reasoning += delta.reasoning
        for call in delta.toolCalls {
            if call.index < toolCalls.count {
                toolCalls[call.index].arguments += call.arguments
            } else {
                toolCalls.append(ToolCall(id: call.id ?? "", name: call.name ?? "", arguments: call.arguments))
            }
        }
    }
}
