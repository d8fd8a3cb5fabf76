import Foundation
import NIOHTTP1
import Security

/// Model files at plain addresses.
public struct URLHub: ModelHub {
    private let transport: HubTransport

    /// A hub over `transport`.
    public init(transport: HubTransport) {
        self.transport = transport
    }

    /// ``HubIdentifier/web``.
    public var identifier: HubIdentifier { .web }

    /// Takes addresses.
    public func handles(_ reference: ModelReference) -> Bool {
        if case .web = reference { true } else { false }
    }

    /// Asks the address for its size; the parts of a split model are looked for beside the one that was named.
    ///
    /// A server says nothing of the content's hash: only a digest in the reference pins it.
    public func resolve(_ reference: ModelReference) async throws -> ResolvedModel {
        guard case .web(let web) = reference else {
            throw ModelHubError.unsupportedReference(text: reference.description, hub: "A plain address")
        }
        let name = try Self.fileName(of: web.url)
        guard let shard = ShardName(name.description) else {
            let file = try await file(.model, at: web.url, named: name, digest: web.digest)
            return resolved(reference, [file])
        }
        var files: [ModelFile] = []
        for index in 1...shard.count {
            let partName = shard.path(ofPart: index)
            guard let path = RepositoryPath(partName), let url = Self.sibling(partName, of: web.url) else {
                throw ModelHubError.notAModelFile(location: web.url.shown, reason: "its name has no parts beside it")
            }
            do {
                files.append(
                    try await file(
                        .shard(index: index, count: shard.count), at: url, named: path,
                        digest: index == shard.index ? web.digest : nil))
            } catch ModelHubError.fileNotFound where index != shard.index {
                throw ModelHubError.missingShards(name: shard.stem, missing: [index], count: shard.count)
            }
        }
        return resolved(reference, files)
    }

    /// Asks the address again where it leads.
    public func locate(_ file: ModelFile, at source: FileSource) async throws -> FileLocation {
        let location = try await location(of: source.url)
        try location.check(against: file)
        return location
    }

    /// Reads a small file.
    public func content(of file: ModelFile, upTo limit: Int) async throws -> [UInt8] {
        let url = try file.firstSource.url
        let response = try await transport.get(url, accept: "*/*", upTo: limit, credential: nil)
        guard response.isSuccess else { throw failure(response, url) }
        let content = [UInt8](response.body)
        try file.check(content)
        return content
    }

    // MARK: Parts

    private func resolved(_ reference: ModelReference, _ files: [ModelFile]) -> ResolvedModel {
        let name = files.first?.path.fileName ?? ""
        let stem = ShardName(name)?.stem ?? (name.lowercased().hasSuffix(".gguf") ? String(name.dropLast(5)) : name)
        return ResolvedModel(
            reference: reference, hub: identifier, name: stem,
            quantization: QuantizationLabel(inFileName: stem)?.description, files: files)
    }

    private func file(
        _ role: ModelFileRole, at url: URL, named path: RepositoryPath, digest: Digest?
    ) async throws -> ModelFile {
        let location = try await location(of: url)
        return ModelFile(
            role: role, path: path, byteCount: location.byteCount, digest: digest,
            sources: [FileSource(url: url, hub: .web)])
    }

    /// Follows redirects to their end: a plain address has no hub whose answer would say more.
    private func location(of url: URL) async throws -> FileLocation {
        for method in [HTTPMethod.HEAD, .GET] {
            let response = try await transport.follow(
                url, method: method, credential: nil
            ) { _, _ in true }
            // Storage with signed addresses signs them for GET and answers 403 to HEAD.
            if method == .HEAD, [403, 405, 501].contains(response.status) { continue }
            guard response.isSuccess else { throw failure(response, url) }
            if response.text(of: "content-type")?.lowercased().hasPrefix("text/html") == true {
                throw ModelHubError.notAModelFile(
                    location: url.shown, reason: "it is a web page; use the address of the file itself")
            }
            let length = response.text(of: "content-length").flatMap { Int64($0) }
            return FileLocation(url: response.url, byteCount: length.flatMap { $0 > 0 ? $0 : nil })
        }
        throw ModelHubError.unexpectedAnswer(location: url.shown, reason: "it answers neither HEAD nor GET")
    }

    private func failure(_ response: HubResponse, _ url: URL) -> ModelHubError {
        let host = Origin(response.url)?.place ?? response.url.shown
        switch response.status {
        case 404, 410: return .fileNotFound(name: url.lastPathComponent, repository: host, choices: [])
        case 401, 402, 403, 451: return .forbidden(host: host, reason: "HTTP \(response.status)")
        case 500...: return .unavailable(host: host, status: response.status)
        default: return .unexpectedAnswer(location: url.shown, reason: "HTTP \(response.status)")
        }
    }

    private static func fileName(of url: URL) throws -> RepositoryPath {
        let name = url.path(percentEncoded: false).split(separator: "/").last.map(String.init) ?? ""
        guard let path = RepositoryPath(name) else {
            throw ModelHubError.notAModelFile(location: url.shown, reason: "the address ends in no file name")
        }
        return path
    }

    private static func sibling(_ name: String, of url: URL) -> URL? {
        guard var parts = URLComponents(url: url, resolvingAgainstBaseURL: true) else { return nil }
        let path = parts.percentEncodedPath
        guard let slash = path.lastIndex(of: "/") else { return nil }
        parts.percentEncodedPath = path[...slash] + name.percentEncoded
        return parts.url
    }
}
