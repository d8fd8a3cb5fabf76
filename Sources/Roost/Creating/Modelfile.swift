public import Inference

/// The recipe of a model, in the form that Ollama's users write: a base, and what the new model does differently.
///
/// ```
/// FROM gemma3
/// PARAMETER temperature 0.3
/// SYSTEM """
/// You answer in one sentence.
/// """
/// ```
///
/// A value, without a look at any file; ``ModelCreation/init(name:modelfile:folder:)`` makes a model of it. The format is
/// that of Ollama's documentation ("Modelfile reference"): an instruction a line, in any letter case; values bare to the
/// end of the line, or in `"` or `"""` over several lines; `#` begins a comment where an instruction could begin.
public struct Modelfile: Sendable, Hashable {
    /// One line of the recipe.
    public enum Instruction: Sendable, Hashable {
        /// What the model is made of: a model's name, a GGUF file or a folder with one.
        case from(String)
        /// A parameter by its name; one that takes several values stands once for each.
        case parameter(name: String, value: String)
        /// The chat template.
        case template(String)
        /// Instructions to the model, before each conversation.
        case system(String)
        /// The file of a LoRA adapter.
        case adapter(String)
        /// A message that begins each conversation.
        case message(role: ChatMessage.Role, content: String)
        /// The text of a licence.
        case license(String)
    }

    /// The instructions, in order.
    public var instructions: [Instruction]

    /// A recipe of these instructions.
    public init(_ instructions: [Instruction]) { self.instructions = instructions }
}

extension Modelfile.Instruction {
    /// The words that begin a line.
    enum Keyword: String, CaseIterable {
        case from, parameter, template, system, adapter, message, license
    }

    var keyword: Keyword {
        switch self {
        case .from: .from
        case .parameter: .parameter
        case .template: .template
        case .system: .system
        case .adapter: .adapter
        case .message: .message
        case .license: .license
        }
    }

    /// What stands between the keyword and the text: a parameter's name, who speaks.
    var subject: String? {
        switch self {
        case .parameter(let name, _): name
        case .message(let role, _): role.rawValue
        case .from, .template, .system, .adapter, .license: nil
        }
    }

    /// The text.
    var text: String {
        switch self {
        case .from(let text), .template(let text), .system(let text), .adapter(let text), .license(let text),
            .parameter(_, let text), .message(_, let text):
            text
        }
    }
}
