import Dispatch
import Roost

/// The chat template inside a model's file.
enum ModelTemplate {
    /// Reads it, on a thread of its own, for the disk may be slow; `nil` when the model has none.
    ///
    /// Throws `GGUFError`, `ModelStoreError`.
    static func read(of model: ModelRecord, in store: ModelStore) async throws -> String? {
        let file = try await store.location(of: model.name)
        return try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(
                    with: Result { ModelSummary(header: try GGUFReader.open(file).header).chatTemplate })
            }
        }
    }
}
