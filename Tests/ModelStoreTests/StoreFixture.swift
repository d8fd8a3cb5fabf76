import Foundation
import ModelFixtures
import ModelFormats
import Security
import Synchronization

@testable import ModelStore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A folder of its own for a test: a store in `root`, model files beside it. It goes when the fixture goes.
final class StoreFixture: Sendable {
    let folder: URL
    var root: URL { folder.appendingPathComponent("store", isDirectory: true) }

    init(in parent: URL = FileManager.default.temporaryDirectory) throws {
        folder = parent.appendingPathComponent("roost-store-\(UUID().uuidString)", isDirectory: true)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    func open() async throws -> ModelStore { try await ModelStore(root: root) }

    /// Writes a tiny model; another seed is another content.
    func model(_ fileName: String = "tiny.gguf", seed: UInt64 = 1, chatTemplate: String? = nil) throws -> URL {
        let url = folder.appendingPathComponent(fileName)
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try TinyModel.llama(chatTemplate: chatTemplate, seed: seed).write(to: url)
        return url
    }

    /// The file names in a folder of the store.
    func names(in subfolder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: root.appendingPathComponent(subfolder).path).sorted()
    }

    static func digest(of url: URL) throws -> Digest { Digest.of([UInt8](try Data(contentsOf: url))) }

    /// Sets a file's modification time to the nanosecond.
    static func setModificationTime(_ nanoseconds: Int64, of url: URL) throws {
        let time = timespec(tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
        try retrying("set the time of", url.path) { utimensat(AT_FDCWD, url.path, [time, time], 0) }
    }

    static func mode(of url: URL) throws -> UInt16? { try FileSystem.status(of: url.path)?.mode }
}

extension ModelName: ExpressibleByStringLiteral {
    /// For tests: a literal that is not a name is a mistake in the test itself.
    public init(stringLiteral text: String) {
        guard let name = ModelName(text) else { preconditionFailure("“\(text)” is not a model name") }
        self = name
    }
}

/// Collects values from other threads.
final class Collected<Value: Sendable>: Sendable {
    private let values = Mutex<[Value]>([])
    func add(_ value: Value) { values.withLock { $0.append(value) } }
    var all: [Value] { values.withLock { $0 } }
}
