public import Foundation

/// A file with given bytes that goes when the last reference to it goes.
public final class TemporaryFile: Sendable {
    /// The file.
    public let url = FileManager.default.temporaryDirectory.appending(path: "roost-\(UUID().uuidString).gguf")

    /// - Throws: what writing the file throws.
    public init(_ bytes: [UInt8]) throws { try Data(bytes).write(to: url) }

    deinit { try? FileManager.default.removeItem(at: url) }
}
