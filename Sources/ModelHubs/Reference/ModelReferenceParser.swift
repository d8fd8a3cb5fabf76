import Foundation
import Security

/// Reads what people write for a model.
///
/// | text | meaning |
/// |---|---|
/// | `tinyllama`, `llama3.2:1b` | a name of the catalog or of Ollama's library |
/// | `user/repo:Q4_K_M`, `hf.co/user/repo`, `hf.co/user/repo@v1:file.gguf` | Hugging Face |
/// | `https://huggingface.co/user/repo/blob/main/file.gguf` (also `resolve`, `tree`) | Hugging Face |
/// | `ollama.com/library/x:tag`, `registry.example.com/user/x:tag` | Ollama's registry, or one like it |
/// | `https://example.com/file.gguf#sha256=<hex>` | a file |
/// | `./file.gguf`, `/models/folder`, `~/x.gguf`, `file.gguf` | this machine |
///
/// `user/repo` without a quantization can be meant for Hugging Face and for Ollama: ``readings(of:)`` gives both.
public struct ModelReferenceParser: Sendable {
    /// Hosts whose addresses are the Hugging Face Hub's; a mirror's host is added to them.
    public var huggingFaceHosts: Set<String> = ["hf.co", "huggingface.co", "www.huggingface.co"]
    /// Hosts whose addresses are Ollama's.
    public var ollamaHosts: Set<String> = ["ollama.com", "www.ollama.com", OllamaReference.defaultHost]
    /// Whether something of this machine has this path.
    public var fileExists: @Sendable (String) -> Bool

    /// The longest text that is read, in bytes.
    public static let maximumByteCount = 4096

    /// A parser that looks at this machine's files unless `fileExists` says otherwise.
    public init(
        fileExists: @escaping @Sendable (String) -> Bool = { FileManager.default.fileExists(atPath: $0) }
    ) {
        self.fileExists = fileExists
    }

    /// The one meaning of a text.
    ///
    /// - Throws: ``ModelHubError/ambiguous(text:choices:)`` when it has several, and
    ///   ``ModelHubError/invalidReference(text:rule:)`` when it has none.
    public func reference(_ text: String) throws -> ModelReference {
        let readings = try readings(of: text)
        guard readings.count == 1, let reading = readings.first else {
            throw ModelHubError.ambiguous(text: text, choices: readings.map(\.description))
        }
        return reading
    }

    /// All meanings of a text, the likeliest first; at least one.
    ///
    /// - Throws: ``ModelHubError/invalidReference(text:rule:)``.
    public func readings(of text: String) throws -> [ModelReference] {
        guard !text.isEmpty else { throw refusal(text, "it is empty") }
        guard text.utf8.count <= Self.maximumByteCount else {
            throw refusal(text, "it has more than \(Self.maximumByteCount) bytes")
        }
        guard !text.unicodeScalars.contains(where: \.isHidden) else {
            throw refusal(text, "it has characters that cannot be seen")
        }
        if ModelReference.isMarkedPath(text) { return [.path(text)] }
        if let scheme = text.range(of: "://") {
            return [
                try address(text, scheme: text[..<scheme.lowerBound].lowercased(), rest: text[scheme.upperBound...])
            ]
        }
        let first = text.prefix { $0 != "/" }
        if first.count < text.count {
            let rest = text.dropFirst(first.count + 1)
            if huggingFaceHosts.contains(first.lowercased()) { return [try huggingFace(rest, of: text)] }
            if ollamaHosts.contains(first.lowercased()) { return [try ollama(rest, of: text)] }
            return try slashed(text)
        }
        if text.lowercased().hasSuffix(".gguf") { return [.path("./" + text)] }
        if huggingFaceHosts.contains(text.lowercased()) || ollamaHosts.contains(text.lowercased()) {
            throw refusal(text, "it names a hub but no model")
        }
        guard let name = ShortName(text) else {
            throw refusal(text, "a name has letters, digits, “-”, “_” and “.”, and a tag after one “:”")
        }
        return [.named(name)]
    }

    // MARK: Names with slashes and no known host

    private func slashed(_ text: String) throws -> [ModelReference] {
        let head = text.prefix { $0 != ":" }
        let slashes = head.filter { $0 == "/" }.count
        if slashes == 0 { return [try registry(text)] }
        if head.count == text.count, text.lowercased().hasSuffix(".gguf") {
            if slashes == 1 || fileExists(text) { return [.path("./" + text)] }
            // user/repo/folder/file.gguf
            let parts = text.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
            return [try huggingFace("\(parts[0])/\(parts[1]):\(parts[2])"[...], of: text)]
        }
        if text.contains("@") || slashes == 1 { return try ownerAndName(text, head: head) }
        if slashes == 2, text.prefix(while: { $0 != "/" }).contains(".") || text.hasPrefix("localhost/") {
            return [try registry(text)]
        }
        guard fileExists(text) else {
            throw refusal(text, "a name has a host only as its first of three parts, and no such file is here")
        }
        return [.path("./" + text)]
    }

    private func ownerAndName(_ text: String, head: Substring) throws -> [ModelReference] {
        let tag = text.dropFirst(head.count + 1)
        let isFile = tag.lowercased().hasSuffix(".gguf")
        var readings: [ModelReference] = fileExists(text) ? [.path("./" + text)] : []
        let hub = Result { try huggingFace(text[...], of: text) }
        if let reference = try? hub.get() { readings.append(reference) }
        if !text.contains("@"), !isFile, QuantizationLabel(String(tag)) == nil,
            let reference = try? ollama(text[...], of: text)
        {
            readings.append(reference)
        }
        if readings.isEmpty { readings.append(try hub.get()) }
        return readings
    }

    private func registry(_ text: String) throws -> ModelReference {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, OllamaReference.isHost(parts[0]),
            let reference = ollamaReference(host: parts[0], namespace: parts[1], modelAndTag: parts[2])
        else {
            throw refusal(text, "a registry's model is host/namespace/model:tag")
        }
        return .ollama(reference)
    }

    // MARK: Addresses

    private func address(_ text: String, scheme: String, rest: Substring) throws -> ModelReference {
        switch scheme {
        case "hf": return try huggingFace(rest, of: text)
        case "ollama": return try ollama(rest, of: text)
        case "file":
            guard let url = URL(string: text), url.host(percentEncoded: false) ?? "" == "", url.path.hasPrefix("/"),
                let path = url.path(percentEncoded: true).removingPercentEncoding,
                !path.unicodeScalars.contains(where: \.isHidden)
            else { throw refusal(text, "a file's address is file:///absolute/path") }
            return .path(path)
        case "https", "http": return try web(text)
        default: throw refusal(text, "an address begins with https://, hf://, ollama:// or file://")
        }
    }

    private func web(_ text: String) throws -> ModelReference {
        guard let parts = URLComponents(string: text), let host = parts.host, !host.isEmpty else {
            throw refusal(text, "the address cannot be read")
        }
        guard parts.user == nil, parts.password == nil else {
            throw refusal("https://\(host)…", "an address with a user or password in it is not used; set a token")
        }
        // A mirror may have a port of its own.
        let place = host.lowercased() + (parts.port.map { ":\($0)" } ?? "")
        if huggingFaceHosts.contains(place) { return try huggingFacePage(parts.percentEncodedPath, of: text) }
        if ollamaHosts.contains(place) { return try ollama(parts.path.drop { $0 == "/" }, of: text) }
        let decoded = parts.percentEncodedPath.split(separator: "/").map { $0.removingPercentEncoding }
        guard decoded.allSatisfy({ $0.map { RepositoryPath($0) != nil && !$0.contains("/") } == true }) else {
            throw refusal(text, "its path has “..”, “/” or unseen characters in a part")
        }
        var digest: Digest?
        if let fragment = parts.fragment {
            digest = fragment.hasPrefix("sha256=") ? Digest(hexadecimal: String(fragment.dropFirst(7))) : nil
            guard digest != nil else { throw refusal(text, "after “#” only sha256= and 64 digits may stand") }
        }
        guard let url = parts.url else { throw refusal(text, "the address cannot be read") }
        guard let reference = WebReference(url: url, digest: digest) else {
            throw ModelHubError.insecureAddress(url.shown)
        }
        return .web(reference)
    }

    /// The path of one of the hub's pages: `/user/repo[/tree|blob|resolve|raw/revision/…]`.
    private func huggingFacePage(_ path: String, of text: String) throws -> ModelReference {
        var parts: [String] = []
        for part in path.split(separator: "/") {
            guard let decoded = part.removingPercentEncoding else { throw refusal(text, "its “%” cannot be read") }
            parts.append(decoded)
        }
        if parts.starts(with: ["api", "models"]) { parts.removeFirst(2) }
        if let kind = parts.first, ["datasets", "spaces", "collections", "papers"].contains(kind) {
            throw refusal(text, "it is the address of one of the hub's \(kind), not of a model")
        }
        guard parts.count > 2 else { return try huggingFace(parts.joined(separator: "/")[...], of: text) }
        guard let repository = RepositoryName(owner: parts[0], name: parts[1]),
            ["tree", "blob", "resolve", "raw"].contains(parts[2]), parts.count > 3
        else { throw refusal(text, "it is not the address of a model or of one of its files") }
        // A branch with slashes in its name stands encoded, but refs/pr/1 is often written plainly.
        let length = parts[3] == "refs" && parts.count > 5 ? 3 : 1
        let revision = parts[3..<(3 + length)].joined(separator: "/")
        guard HuggingFaceReference.isRevision(revision) else { throw refusal(text, "its revision cannot be one") }
        let file = parts[(3 + length)...].joined(separator: "/")
        if parts[2] == "tree" {
            guard file.isEmpty || RepositoryPath(file) != nil else { throw refusal(text, "its folder cannot be one") }
            // Folders are named after a quantization.
            return .huggingFace(
                HuggingFaceReference(
                    repository: repository, revision: revision,
                    selection: try parts[(3 + length)...].last.map { try selection($0, of: text) } ?? .automatic))
        }
        guard let path = RepositoryPath(file), path.isGGUF else {
            throw refusal(text, "it is not the address of a .gguf file")
        }
        return .huggingFace(
            HuggingFaceReference(repository: repository, revision: revision, selection: .file(path)))
    }

    // MARK: Parts of both forms

    /// `user/repo[@revision][:selection]`, or a page's path.
    private func huggingFace(_ rest: Substring, of text: String) throws -> ModelReference {
        let head = rest.prefix { $0 != ":" }
        let selectionText = head.count < rest.count ? String(rest.dropFirst(head.count + 1)) : nil
        let pieces = head.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        let place = pieces[0].hasSuffix("/") ? pieces[0].dropLast() : pieces[0]
        guard let repository = RepositoryName(String(place)) else {
            if pieces.count == 1, selectionText == nil, place.filter({ $0 == "/" }).count > 1 {
                return try huggingFacePage(String(place.prefix { $0 != "?" }), of: text)
            }
            throw refusal(text, "a repository is owner/name, of letters, digits, “-”, “_” and “.”")
        }
        let revision = pieces.count == 2 ? String(pieces[1]) : nil
        guard revision.map(HuggingFaceReference.isRevision) ?? true else {
            throw refusal(text, "after “@” stands a branch, tag or commit")
        }
        return .huggingFace(
            HuggingFaceReference(
                repository: repository, revision: revision,
                selection: try selectionText.map { try selection($0, of: text) } ?? .automatic))
    }

    private func selection(_ wish: String, of text: String) throws -> HuggingFaceReference.Selection {
        if wish.lowercased() == OllamaReference.defaultTag { return .automatic }
        if wish.lowercased().hasSuffix(".gguf"), let path = RepositoryPath(wish) { return .file(path) }
        guard OllamaReference.isPart(wish) else {
            throw refusal(text, "after “:” stands a quantization such as Q4_K_M, or a .gguf file")
        }
        return .quantization(wish)
    }

    /// `model[:tag]` or `namespace/model[:tag]`.
    private func ollama(_ rest: Substring, of text: String) throws -> ModelReference {
        let parts = rest.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        let reference =
            switch parts.count {
            case 1: ollamaReference(namespace: OllamaReference.libraryNamespace, modelAndTag: parts[0])
            case 2: ollamaReference(namespace: parts[0], modelAndTag: parts[1])
            default: OllamaReference?.none
            }
        guard let reference else {
            throw refusal(text, "a model of Ollama is namespace/model:tag, of letters, digits, “-”, “_” and “.”")
        }
        return .ollama(reference)
    }

    private func ollamaReference(
        host: String = OllamaReference.defaultHost, namespace: String, modelAndTag: String
    ) -> OllamaReference? {
        let parts = modelAndTag.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard (1...2).contains(parts.count) else { return nil }
        return OllamaReference(
            host: host, namespace: namespace, model: parts[0],
            tag: parts.count == 2 ? parts[1] : OllamaReference.defaultTag)
    }

    private func refusal(_ text: String, _ rule: String) -> ModelHubError {
        .invalidReference(text: text, rule: rule)
    }
}
