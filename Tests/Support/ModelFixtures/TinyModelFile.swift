public import Foundation

/// A tiny model in a file of its own, removed with this object.
public final class TinyModelFile: Sendable {
    /// The file.
    public let url: URL

    /// - Throws: `GGUFError`.
    public init(_ model: TinyModel) throws {
        url = FileManager.default.temporaryDirectory.appending(path: "roost-\(UUID().uuidString).gguf")
        try model.write(to: url)
    }

    deinit { try? FileManager.default.removeItem(at: url) }
}
