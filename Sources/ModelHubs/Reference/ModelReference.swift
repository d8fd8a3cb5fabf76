/// Where a model comes from, read from what a person wrote.
///
/// ```swift
/// let parser = ModelReferenceParser()
/// let reference = try parser.reference("hf.co/TheBloke/phi-2-GGUF:Q4_K_M")
/// ```
public enum ModelReference: Hashable, Sendable {
    /// A name without a place.
    case named(ShortName)
    /// A repository of the Hugging Face Hub.
    case huggingFace(HuggingFaceReference)
    /// A model of Ollama's registry.
    case ollama(OllamaReference)
    /// A file at some other address.
    case web(WebReference)
    /// A file or folder of this machine: begins with `/`, `./`, `../` or `~`, and is not resolved.
    case path(String)

    /// Whether a text can be nothing else than a path.
    static func isMarkedPath(_ text: String) -> Bool {
        ["/", "./", "../", "~"].contains { text.hasPrefix($0) } || text == "." || text == ".."
    }
}

extension ModelReference: CustomStringConvertible {
    /// A text that means this reference and nothing else.
    public var description: String {
        switch self {
        case .named(let name): return name.description
        case .huggingFace(let reference): return reference.description
        case .ollama(let reference): return reference.description
        case .web(let reference): return reference.description
        case .path(let path): return Self.isMarkedPath(path) ? path : "./" + path
        }
    }
}
