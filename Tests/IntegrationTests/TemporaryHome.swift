import Foundation
import ModelFixtures
import ModelStore

/// A home directory that goes with its owner.
final class TemporaryHome: Sendable {
    let url = FileManager.default.temporaryDirectory.appending(path: "roost-serve-\(UUID().uuidString)")

    deinit { try? FileManager.default.removeItem(at: url) }

    /// Puts a model named `tiny` into the store.
    func importTinyModel() async throws {
        let store = try await ModelStore(root: url)
        let file = url.appending(path: "tiny.gguf")
        try TinyModel.llama().write(to: file)
        _ = try await store.importFile(at: file, as: ModelName(parsing: "tiny"))
    }
}
