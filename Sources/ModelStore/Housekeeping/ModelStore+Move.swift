public import Foundation

extension ModelStore {
    /// Moves all contents to another folder, which is also where new content goes from then on. The database stays in
    /// ``root``.
    ///
    /// On the same file system nothing is copied. Elsewhere each content is copied, hashed, and only then removed from
    /// its old place; there must be room for all before it begins. The store can be used meanwhile. After a kill at
    /// any moment it is whole, and the same call goes on with what is left.
    /// - Parameters:
    ///   - folder: The new model folder; it is created if it is missing. ``root`` moves everything back.
    ///   - progress: Told of the bytes that have arrived, on a thread of the store.
    /// - Throws: ``ModelStoreError/noSpace(path:needed:available:)``, ``ModelStoreError/unusableFolder(path:reason:)``,
    ///   other ``ModelStoreError``; `CancellationError`, with what was moved until then in its new place.
    public func move(
        to folder: URL, progress: (@Sendable (ImportProgress) -> Void)? = nil
    ) async throws -> MoveResult {
        let job = MoveJob(target: folder, vault: vault, progress: progress ?? { _ in })
        return try await run(job)
    }
}
