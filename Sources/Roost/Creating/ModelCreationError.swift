public import Security

/// Why a model cannot be created as it was asked for.
public enum ModelCreationError: Error, Sendable, Hashable {
    /// The Modelfile breaks a rule on a line, from 1.
    case invalidModelfile(line: Int, reason: String)
    /// No parameter has this name.
    case unknownParameter(name: String)
    /// The parameter's value is of another kind.
    case invalidParameter(name: String, value: String, kind: String)
    /// A template in the language of Ollama's own program.
    case goTemplate
    /// A text that is no chat template.
    case notATemplate
    /// Weights cannot be made coarser.
    case cannotQuantize(quantization: String)
    /// Several bases of which one is a model's name.
    case severalBases([String])
    /// A file of the recipe is not there.
    case missingFile(path: String)
    /// What was given as an adapter is something else.
    case notAnAdapter(name: String)
    /// The content of a digest was not brought here.
    case missingContent(name: String, digest: Digest)
}

extension ModelCreationError: CustomStringConvertible {
    /// One sentence: what was wrong, the value, what to do.
    public var description: String {
        switch self {
        case .invalidModelfile(let line, let reason):
            "Line \(line) of the Modelfile cannot be used: \(reason)."
        case .unknownParameter(let name):
            "There is no parameter “\(name.prefix(60))”; there are \(ModelParameter.names.joined(separator: ", "))."
        case .invalidParameter(let name, let value, let kind):
            "The parameter \(name) is “\(value.prefix(60))”, but must be \(kind)."
        case .goTemplate:
            "The template is a Go template, which Roost does not run; leave it out, and the model's own chat template is "
                + "used."
        case .notATemplate:
            "The template is no Jinja chat template (it has no “{% … %}”); leave it out, and the model's own chat "
                + "template is used."
        case .cannotQuantize(let quantization):
            "Roost does not quantize models; leave “quantize” out and make it from a file that is "
                + "\(quantization.prefix(40)) already."
        case .severalBases(let names):
            "A model has one base, but \(names.prefix(4).map { "“\($0.prefix(80))”" }.joined(separator: " and ")) are "
                + "given; several may be named only when they are the files of one model."
        case .missingFile(let path):
            "There is no file “\(path.prefix(300))”; paths in a Modelfile are read from the folder that it is in."
        case .notAnAdapter(let name):
            "“\(name.prefix(100))” is not a LoRA adapter in GGUF; convert it with llama.cpp's convert_lora_to_gguf.py."
        case .missingContent(let name, let digest):
            "The content of “\(name.prefix(100))” (\(digest)) is not here; upload it first with POST "
                + "/api/blobs/\(digest)."
        }
    }
}
