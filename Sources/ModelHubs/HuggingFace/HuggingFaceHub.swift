import AsyncHTTPClient
import Foundation
import Security

/// The Hugging Face Hub, or a mirror that speaks its protocol.
///
/// Sources: huggingface_hub's `hf_api.py` and `file_download.py`, the hub's API documentation.
public struct HuggingFaceHub: ModelHub {
    /// How it is reached.
    public let settings: HuggingFaceSettings
    let transport: HubTransport

    /// A hub reached over `transport`.
    public init(settings: HuggingFaceSettings, transport: HubTransport) {
        self.settings = settings
        self.transport = transport
    }

    /// ``HubIdentifier/huggingFace``.
    public var identifier: HubIdentifier { .huggingFace }

    /// The files over which the hub answers only through Xet.
    static let largestPlainFile: Int64 = 400_000_000_000
    /// A tree has 1000 entries a page; more pages than this are no model.
    private static let maximumTreePages = 50

    /// Takes references to Hugging Face.
    public func handles(_ reference: ModelReference) -> Bool {
        if case .huggingFace = reference { true } else { false }
    }

    /// Pins the commit, chooses the files, and asks whether the first of them may be read.
    public func resolve(_ reference: ModelReference) async throws -> ResolvedModel {
        guard case .huggingFace(let wanted) = reference else {
            throw ModelHubError.unsupportedReference(text: reference.description, hub: "Hugging Face")
        }
        let context = HuggingFaceContext(repository: wanted.repository, revision: wanted.revision)
        let info = try await self.info(context)
        guard let commit = info.sha, Self.isCommit(commit) else {
            throw ModelHubError.unexpectedAnswer(location: host, reason: "it names no commit of the repository")
        }
        // A renamed repository answers with its new name.
        let repository = RepositoryName(info.id) ?? wanted.repository
        let listing = try await tree(of: repository, at: commit, context)
        let variant = try ModelVariant.choose(wanted.selection, from: listing, in: repository.description)
        var files = modelFiles(variant, of: repository, at: commit)
        if let projector = ModelVariant.projector(for: variant, among: listing) {
            files += projector.files.map { file($0, .projector, of: repository, at: commit) }
        }
        files += listing.filter(\.isLicense).prefix(1).map { file($0, .license, of: repository, at: commit) }
        for file in files where (file.byteCount ?? 0) > Self.largestPlainFile {
            throw ModelHubError.fileTooLarge(name: file.path.description, byteCount: file.byteCount ?? 0)
        }
        if let first = files.first {
            // The listing of a gated repository is open to all; only its files are not.
            let location = try await locate(first, at: try first.firstSource, context)
            if files[0].digest == nil { files[0].digest = location.digest }
            if files[0].byteCount == nil { files[0].byteCount = location.byteCount }
        }
        return ResolvedModel(
            reference: reference, hub: identifier, name: "hf.co/\(repository):\(variant.choice)",
            repository: repository.description, revision: commit, quantization: variant.quantization?.description,
            license: info.license, files: files)
    }

    /// Asks the hub, or a mirror of it, where the file's bytes are now.
    public func locate(_ file: ModelFile, at source: FileSource) async throws -> FileLocation {
        try await locate(file, at: source, nil)
    }

    /// Reads a small file.
    public func content(of file: ModelFile, upTo limit: Int) async throws -> [UInt8] {
        try requireOnline()
        let source = try file.firstSource
        let response = try await transport.get(source.url, accept: "*/*", upTo: limit, credential: source.credential)
        guard response.isSuccess else { throw failure(response, nil, file: file.path.description) }
        let content = [UInt8](response.body)
        try file.check(content)
        return content
    }

    /// Searches for repositories with GGUF files.
    public func search(_ query: ModelSearch) async throws -> SearchPage {
        let response = try await get(query.cursor?.url ?? searchURL(query), nil)
        let found = try response.decode([HuggingFaceModelInfo].self)
        var next: SearchCursor?
        if let url = LinkHeader.next(response.headers, of: response.url) {
            // A page that leads to another machine would carry the search, and the token, away.
            guard Origin(url) == Origin(settings.endpoint) else {
                throw ModelHubError.refusedRedirect(
                    from: host, to: url.shown, reason: "the next page is on another machine")
            }
            next = SearchCursor(url: url)
        }
        return SearchPage(hits: found.compactMap(Self.hit), next: next)
    }

    // MARK: Requests

    var host: String { Origin(settings.endpoint)?.place ?? settings.endpoint.shown }

    func info(_ context: HuggingFaceContext) async throws -> HuggingFaceModelInfo {
        let suffix = context.revision.map { "/revision/" + $0.percentEncoded } ?? ""
        let response = try await get(try url("/api/models/\(context.repository)\(suffix)"), context)
        return try response.decode(HuggingFaceModelInfo.self)
    }

    func tree(
        of repository: RepositoryName, at commit: String, _ context: HuggingFaceContext
    ) async throws -> [ListedFile] {
        var page: URL? = try url("/api/models/\(repository)/tree/\(commit)?recursive=true")
        var files: [ListedFile] = []
        var count = 0
        while let url = page {
            count += 1
            guard count <= Self.maximumTreePages, Origin(url) == Origin(settings.endpoint) else {
                throw ModelHubError.unexpectedAnswer(location: url.shown, reason: "its list of files does not end")
            }
            let response = try await get(url, context)
            for entry in try response.decode([HuggingFaceTreeEntry].self) where entry.type == "file" {
                // A name that leads out of the repository is no name of a file.
                guard let path = RepositoryPath(entry.path) else { continue }
                let size = entry.lfs?.size ?? entry.size
                files.append(
                    ListedFile(
                        path: path, byteCount: size.flatMap { $0 >= 0 ? $0 : nil },
                        digest: entry.lfs.flatMap { Digest(hexadecimal: $0.oid) }))
            }
            page = LinkHeader.next(response.headers, of: response.url)
        }
        return files
    }

    private func locate(
        _ file: ModelFile, at source: FileSource, _ context: HuggingFaceContext?
    ) async throws -> FileLocation {
        try requireOnline()
        var location = FileLocation(url: source.url)
        let last = try await transport.locate(source.url, credential: source.credential) { response in
            location.revision = response.text(of: "x-repo-commit") ?? location.revision
            let tag = response.text(of: "x-linked-etag")?.trimmingCharacters(in: ["\"", "W", "/"])
            location.digest = tag.flatMap { Digest(hexadecimal: $0) } ?? location.digest
            location.byteCount = response.text(of: "x-linked-size").flatMap { Int64($0) } ?? location.byteCount
        }
        guard last.isSuccess || last.isRedirect else {
            if last.status == 400, (file.byteCount ?? 0) > Self.largestPlainFile {
                throw ModelHubError.fileTooLarge(name: file.path.description, byteCount: file.byteCount ?? 0)
            }
            throw failure(last, context, file: file.path.description)
        }
        location.url = last.isRedirect ? last.target ?? last.url : last.url
        location.credential = source.credential?.authorization(for: location.url) == nil ? nil : source.credential
        if location.byteCount == nil, last.isSuccess {
            location.byteCount = last.text(of: "content-length").flatMap { Int64($0) }
        }
        try location.check(against: file)
        return location
    }

    func get(_ url: URL, _ context: HuggingFaceContext?) async throws -> HubResponse {
        try requireOnline()
        let response = try await transport.get(url, accept: "application/json", credential: settings.credential)
        guard response.isSuccess else { throw failure(response, context, file: nil) }
        return response
    }

    private func requireOnline() throws {
        if let setting = settings.offlineSetting { throw ModelHubError.offline(host: host, setting: setting) }
    }

    func url(_ pathAndQuery: String) throws -> URL {
        guard let url = URL(string: settings.endpoint.absoluteString + pathAndQuery) else {
            throw ModelHubError.invalidReference(text: pathAndQuery, rule: "no address can be made of it")
        }
        return url
    }

    // MARK: Files

    private func modelFiles(
        _ variant: ModelVariant, of repository: RepositoryName, at commit: String
    ) -> [ModelFile] {
        variant.files.enumerated().map { index, listed in
            let role = variant.fileCount == 1 ? .model : ModelFileRole.shard(index: index + 1, count: variant.fileCount)
            return file(listed, role, of: repository, at: commit)
        }
    }

    func file(
        _ listed: ListedFile, _ role: ModelFileRole, of repository: RepositoryName, at commit: String
    ) -> ModelFile {
        let path = "/\(repository)/resolve/\(commit)/\(listed.path.percentEncoded)"
        // A mirror is asked only for what the hub's digest holds it to.
        let endpoints = [settings.endpoint] + (listed.digest == nil ? [] : settings.mirrors)
        let sources = endpoints.enumerated().compactMap { index, endpoint in
            URL(string: endpoint.absoluteString + path).map {
                FileSource(url: $0, hub: .huggingFace, credential: index == 0 ? settings.credential : nil)
            }
        }
        return ModelFile(
            role: role, path: listed.path, byteCount: listed.byteCount, digest: listed.digest, sources: sources)
    }

    private static func isCommit(_ text: String) -> Bool {
        text.utf8.count == 40 && text.allSatisfy { $0.isHexDigit && $0.isASCII }
    }
}
