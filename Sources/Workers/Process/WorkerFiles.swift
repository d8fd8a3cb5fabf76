import Foundation
import Inference

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A model's files, opened once: every start of its worker gets the same files, whatever becomes of their names.
final class WorkerFiles: Sendable {
    /// Descriptors of this process.
    let descriptors: ModelDescriptors
    private let paths: [String]
    /// What tells the adapters from others, in their order.
    let adapterIdentities: [String]

    /// - Throws: `InferenceError.fileMissing`, `.fileUnreadable`.
    init(_ files: ModelFileSet) throws {
        var opened: [Int32] = []
        var paths: [String] = []
        do {
            guard !files.weights.isEmpty else { throw InferenceError.fileMissing(path: "") }
            descriptors = try ModelDescriptors(files) { url in
                let descriptor = try Self.open(url.path)
                opened.append(descriptor)
                paths.append(url.path)
                return descriptor
            }
            guard opened.count <= WorkerProtocol.fileLimit else {
                throw InferenceError.loadFailed(
                    path: url(of: files), reason: "it has more than \(WorkerProtocol.fileLimit) files")
            }
        } catch {
            for descriptor in opened { close(descriptor) }
            throw error
        }
        self.paths = paths
        adapterIdentities = files.adapters.map { PrefixStore.identity(of: $0.file) }
    }

    deinit { for descriptor in descriptors.all { close(descriptor) } }

    /// `text` of the worker, with the files' own paths where it has their descriptors'.
    func restoringPaths(in text: String, escaped: Bool = false) -> String {
        paths.enumerated().reduce(text) { text, file in
            let path = ModelSource.path(WorkerProtocol.firstFile + Int32(file.offset))
            return text.replacingOccurrences(of: path, with: escaped ? Self.escaped(file.element) : file.element)
        }
    }

    private static func escaped(_ path: String) -> String {
        let json = (try? WorkerJSON.encode([path])).map { String(decoding: $0, as: UTF8.self) } ?? ""
        return String(json.dropFirst(2).dropLast(2))
    }

    /// Regular files only; a link that a person made is followed, the last step of it is not.
    private static func open(_ path: String) throws -> Int32 {
        let real = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        let descriptor = openForReading(real)
        guard descriptor >= 0 else {
            let reason = errno
            if reason == ENOENT || reason == ENOTDIR { throw InferenceError.fileMissing(path: path) }
            throw InferenceError.fileUnreadable(path: path, reason: String(cString: strerror(reason)))
        }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            let isFolder = status.st_mode & S_IFMT == S_IFDIR
            close(descriptor)
            throw InferenceError.fileUnreadable(path: path, reason: isFolder ? "it is a folder" : "it is no file")
        }
        return descriptor
    }

    /// Without waiting for the other end of a pipe that lies there.
    private static func openForReading(_ path: String) -> Int32 {
        #if canImport(Darwin)
            Darwin.open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        #elseif canImport(Glibc)
            Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        #else
            Musl.open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        #endif
    }
}

private func url(of files: ModelFileSet) -> String { files.weights.first?.path ?? "" }
