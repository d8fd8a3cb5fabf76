import Roost
import Terminal

/// What `roost show` prints of what a model brings along besides its weights.
struct PresetDetails: Encodable {
    private let preset: ModelPreset

    init(_ preset: ModelPreset) { self.preset = preset }

    /// Names and values.
    var parameters: [(name: String, value: String)] {
        preset.parameters.lines.map { line in
            let isText = ModelParameter.named(line.name)?.kind == .texts
            return (line.name, isText ? "“\(line.text.printable)”" : line.text)
        }
    }

    /// Names and values as a Modelfile has them.
    var parameterLines: [String] {
        let width = preset.parameters.lines.map(\.name.count).max() ?? 0
        return parameters.map { name, value in
            name + String(repeating: " ", count: width + 2 - name.count) + value
        }
    }

    /// How a conversation with it begins, each text in a line.
    var beginning: [(name: String, value: String)] {
        let system = preset.system.map { [("system", $0)] } ?? []
        return (system + preset.messages.map { ($0.role.rawValue, $0.content) }).map { name, text in
            (name, String(text.prefix(200)).replacing("\n", with: " ").printable + (text.count > 200 ? "…" : ""))
        }
    }

    /// The texts whole; nothing for what it does not have.
    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encodeIfPresent(preset.system, forKey: .system)
        if !preset.parameters.isEmpty { try container.encode(preset.parameters, forKey: .parameters) }
        if !preset.messages.isEmpty { try container.encode(preset.messages, forKey: .messages) }
    }

    private enum CodingKeys: CodingKey { case system, parameters, messages }
}
