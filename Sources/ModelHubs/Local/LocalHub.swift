import Foundation

/// Model files and folders of this machine.
public struct LocalHub: ModelHub {
    private let homeDirectory: String
    private let currentDirectory: String

    /// A hub of this machine's files.
    ///
    /// - Parameters:
    ///   - homeDirectory: What `~` stands for.
    ///   - currentDirectory: What relative paths begin at.
    public init(
        homeDirectory: String = FileManager.default.homeDirectoryForCurrentUser.path,
        currentDirectory: String = FileManager.default.currentDirectoryPath
    ) {
        self.homeDirectory = homeDirectory
        self.currentDirectory = currentDirectory
    }

    /// ``HubIdentifier/local``.
    public var identifier: HubIdentifier { .local }

    /// Takes paths.
    public func handles(_ reference: ModelReference) -> Bool {
        if case .path = reference { true } else { false }
    }

    /// Finds the model of a file (with the other parts when it is split) or of a folder, with its projector.
    ///
    /// Digests are not known before the files are read.
    public func resolve(_ reference: ModelReference) async throws -> ResolvedModel {
        guard case .path(let text) = reference else {
            throw ModelHubError.unsupportedReference(text: reference.description, hub: "This machine's disk")
        }
        let path = absolute(text)
        return try await BlockingWork.run { try Self.model(at: path, for: reference) }
    }

    /// The file itself, when it still has the size that it had.
    public func locate(_ file: ModelFile, at source: FileSource) async throws -> FileLocation {
        guard source.url.isFileURL else {
            throw ModelHubError.fileNotFound(name: file.path.description, repository: "this machine", choices: [])
        }
        let path = source.url.path
        let entry = try await BlockingWork.run { FileTree.entry(at: path) }
        guard let entry, entry.kind == .file else {
            throw ModelHubError.fileSystem(path: path, reason: "there is no such file")
        }
        let location = FileLocation(url: source.url, byteCount: entry.byteCount)
        try location.check(against: file)
        return location
    }

    /// Reads a small file.
    public func content(of file: ModelFile, upTo limit: Int) async throws -> [UInt8] {
        let path = try file.firstSource.url.path
        let data = try await BlockingWork.run { FileTree.content(of: path, upTo: limit) }
        guard let data else {
            throw ModelHubError.fileSystem(path: path, reason: "it is no readable file of at most \(limit >> 10) KiB")
        }
        let content = [UInt8](data)
        try file.check(content)
        return content
    }

    private func absolute(_ text: String) -> String {
        let path: String
        if text == "~" || text.hasPrefix("~/") {
            path = homeDirectory + text.dropFirst(1)
        } else {
            path = text.hasPrefix("/") ? text : currentDirectory + "/" + text
        }
        return URL(fileURLWithPath: path).standardizedFileURL.path
    }

    private static func model(at path: String, for reference: ModelReference) throws -> ResolvedModel {
        guard let entry = FileTree.entry(at: path) else {
            throw ModelHubError.fileSystem(path: path, reason: "there is no such file or folder")
        }
        let isFolder = entry.kind == .folder
        guard isFolder || entry.kind == .file else {
            throw ModelHubError.notAModelFile(location: path, reason: "it is neither a file nor a folder")
        }
        let folder = isFolder ? path : URL(fileURLWithPath: path).deletingLastPathComponent().path
        let listing = FileTree.files(below: folder, depth: isFolder ? 4 : 1).compactMap(\.listed)
        let variant: ModelVariant
        if isFolder {
            variant = try ModelVariant.choose(.automatic, from: listing, in: path)
        } else {
            variant = try chosen(URL(fileURLWithPath: path).lastPathComponent, path, entry.byteCount, listing)
        }
        var files = variant.files.enumerated().map { index, file in
            modelFile(
                file, variant.fileCount == 1 ? .model : .shard(index: index + 1, count: variant.fileCount), folder)
        }
        // Beside one model a projector is that model's; beside several it is anybody's.
        let models = ModelVariant.all(in: listing)
        if models == [variant], let projector = ModelVariant.projector(for: variant, among: listing) {
            files += projector.files.map { modelFile($0, .projector, folder) }
        }
        let name = variant.name.split(separator: "/").last.map(String.init) ?? variant.name
        return ResolvedModel(
            reference: reference, hub: .local, name: name, quantization: variant.quantization?.description,
            files: files)
    }

    private static func chosen(
        _ name: String, _ path: String, _ byteCount: Int64, _ listing: [ListedFile]
    ) throws -> ModelVariant {
        guard let relative = RepositoryPath(name) else {
            throw ModelHubError.notAModelFile(location: path, reason: "its name has characters that cannot be seen")
        }
        guard relative.isGGUF else {
            throw ModelHubError.notAModelFile(location: path, reason: "its name does not end in .gguf")
        }
        let own = listing + (name.hasPrefix(".") ? [ListedFile(path: relative, byteCount: byteCount)] : [])
        return try ModelVariant.choose(.file(relative), from: own, in: path)
    }

    private static func modelFile(_ file: ListedFile, _ role: ModelFileRole, _ folder: String) -> ModelFile {
        let url = URL(fileURLWithPath: folder + "/" + file.path.description)
        return ModelFile(
            role: role, path: file.path, byteCount: file.byteCount, sources: [FileSource(url: url, hub: .local)])
    }
}
