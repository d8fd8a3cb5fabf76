import Foundation

@testable import Inference

/// A pack in a temporary file that goes with this object.
final class PackFile: Sendable {
    static let key = PackKey(
        model: "sha256:aa", engine: "1.2.3 0c1e57098", settings: ["flash attention": "on", "keys": "f16"],
        adapters: ["sha256:bb"])

    let url: URL
    let descriptor: Int32

    init(_ bytes: [UInt8] = []) throws {
        url = FileManager.default.temporaryDirectory.appending(path: "roost-\(UUID().uuidString).pack")
        try Data(bytes).write(to: url)
        descriptor = open(url.path, O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { throw PackError.system(operation: "Opening", code: errno) }
    }

    deinit {
        close(descriptor)
        try? FileManager.default.removeItem(at: url)
    }

    var bytes: [UInt8] { get throws { Array(try Data(contentsOf: url)) } }

    /// A pack with these prefixes.
    convenience init(
        _ prefixes: [(PackEntry, [UInt8])], key: PackKey = PackFile.key, secret: PackSecret
    ) throws {
        try self.init()
        var writer = try PackWriter(descriptor: descriptor, key: key, secret: secret)
        for (entry, state) in prefixes { try writer.add(entry, state: state) }
        try writer.finish()
    }

    func reader(key: PackKey = PackFile.key, secret: PackSecret) throws -> PackReader {
        try PackReader(descriptor: descriptor, key: key, secret: secret)
    }

    static func entry(_ number: Int, tokens: [Int32]? = nil, kind: PackStateKind = .sequence) -> PackEntry {
        PackEntry(
            namespace: (0..<32).map { UInt8(truncatingIfNeeded: $0 + number) },
            tokens: tokens ?? [1, 2, Int32(number)],
            kind: kind, lastUse: Int64(1_700_000_000 + number))
    }
}
