import Foundation
public import Inference
import ModelStore

/// What a model brings along besides its weights: how a conversation with it begins, and how it is asked when nobody says
/// otherwise. Models made from a ``Modelfile`` have one, and those of Ollama's library.
public struct ModelPreset: Sendable, Hashable {
    /// A message that begins each conversation.
    public struct Message: Sendable, Hashable, Codable {
        /// Who speaks.
        public var role: ChatMessage.Role
        /// What is said.
        public var content: String

        /// A message by `role` that says `content`.
        public init(role: ChatMessage.Role, content: String) {
            self.role = role
            self.content = content
        }
    }

    /// Instructions to the model.
    public var system: String?
    /// What is said before each conversation.
    public var messages: [Message] = []
    /// How it is asked and loaded.
    public var parameters = ModelParameters()

    /// Nothing.
    public init() {}

    /// Whether there is nothing in it.
    public var isEmpty: Bool { system == nil && messages.isEmpty && parameters.isEmpty }

    /// Puts its system prompt, unless the conversation begins with one, and its messages before what is said.
    public func apply(to chat: inout ChatRequest) {
        let own = chat.messages.prefix { $0.role == .system }
        var beginning = Array(own)
        if own.isEmpty, let system, !system.isEmpty { beginning = [.system(system)] }
        beginning += messages.map { ChatMessage(role: $0.role, content: $0.content) }
        chat.messages = beginning + chat.messages.dropFirst(own.count)
    }

    /// The engine's defaults with its parameters in their place.
    public var options: GenerationOptions {
        var options = GenerationOptions()
        parameters.apply(to: &options)
        return options
    }

    /// Puts its parameters in the place of those that the request did not give: `given` names the others.
    public func apply(to options: inout GenerationOptions, except given: Set<String>) {
        parameters.apply(to: &options, except: given)
    }

    /// How the model is loaded where nobody says otherwise.
    public func loadOptions(base: LoadOptions) -> LoadOptions {
        var options = base
        parameters.apply(to: &options)
        return options
    }
}

extension ModelPreset {
    /// The kinds of files that it is kept in.
    static let roles: Set<StoreFileRole> = [.system, .parameters, .messages]

    /// From the texts of a model.
    init(_ texts: [StoreFileRole: [String]]) {
        system = texts[.system]?.first.flatMap { $0.isEmpty ? nil : $0 }
        messages = Self.messages(texts[.messages]?.first)
        parameters = texts[.parameters]?.first.map { ModelParameters(lenientlyFrom: $0) } ?? ModelParameters()
    }

    /// The messages that can be read; a model that somebody else made is not to fail for the others.
    private static func messages(_ json: String?) -> [Message] {
        struct Stored: Decodable {
            var role: String?
            var content: String?
        }
        guard let json, let stored = try? JSONDecoder().decode([Stored].self, from: Data(json.utf8)) else { return [] }
        return stored.compactMap { message in
            guard let role = message.role.flatMap({ ChatMessage.Role(rawValue: $0) }), role != .tool else { return nil }
            return Message(role: role, content: message.content ?? "")
        }
    }

    /// The files that it is kept in; none for what is not there.
    func files() throws -> [IncomingFile] {
        var files: [IncomingFile] = []
        func add(_ role: StoreFileRole, _ name: String, _ text: String) {
            files.append(IncomingFile(role: role, name: name, text: text))
        }
        if let system, !system.isEmpty { add(.system, "system.txt", system) }
        if !parameters.isEmpty { add(.parameters, "params.json", try Self.json(parameters)) }
        if !messages.isEmpty { add(.messages, "messages.json", try Self.json(messages)) }
        return files
    }

    /// The same bytes for the same values, for contents are known by their digests.
    private static func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}
