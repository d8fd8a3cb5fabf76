import Roost

/// `options` of a request, by Ollama's names.
struct OllamaOptions: Decodable, Sendable {
    let parameters: ModelParameters

    init(from decoder: any Decoder) throws { parameters = try ModelParameters(from: decoder) }

    /// Sampling as Ollama documents its defaults: temperature 0.8, top-k 40, top-p 0.9, min-p 0, repeat penalty 1.1
    /// over 64 tokens; no limit of tokens when `num_predict` is not positive; a random seed when it is negative.
    func generationOptions() -> GenerationOptions {
        var options = Self.defaults
        parameters.apply(to: &options)
        return options
    }

    /// Ollama's documented defaults.
    static var defaults: GenerationOptions {
        var options = GenerationOptions()
        options.temperature = 0.8
        options.topK = 40
        options.topP = 0.9
        options.minP = 0
        options.repeatPenalty = 1.1
        options.penaltyLastN = 64
        return options
    }

    /// What the request asked for in vain, in a sentence for each kind. Names come from the client and go into a
    /// header: what is no name is not repeated.
    var warnings: [String] {
        func sentence(_ names: [String], _ words: String) -> String? {
            guard !names.isEmpty else { return nil }
            let shown = names.prefix(8).map { $0.utf8.prefix(40).filter(Self.isNameByte) }
                .map { String(decoding: $0, as: UTF8.self) }
            return "\(words): \(shown.joined(separator: ", "))\(names.count > 8 ? ", ..." : "")."
        }
        let idle = parameters.names.filter { !(ModelParameter.named($0)?.hasEffect ?? true) }.sorted()
        return [
            sentence(parameters.unknownNames, "These options are not known and were ignored"),
            sentence(idle, "These options have no effect here"),
        ].compactMap(\.self)
    }

    /// All of them; `nil` when there is none.
    var warning: String? { warnings.isEmpty ? nil : warnings.joined(separator: " ") }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
            || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "_")
    }
}

extension OllamaOptions? {
    /// How to load the model: by what the request says over what the model and the configuration say; `nil` when the
    /// request says nothing of it. Throws `APIError`.
    func loadOptions(of model: String, _ manager: ModelManager) async throws -> LoadOptions? {
        guard let parameters = self?.parameters, parameters.choosesLoading else { return nil }
        do {
            var options = try await manager.loadOptions(of: model)
            parameters.apply(to: &options)
            return options
        } catch {
            throw APIError(error, model: model)
        }
    }

    /// The names that the request sets.
    var givenNames: Set<String> { self?.parameters.names ?? [] }
}
