import Foundation
import ModelFormats

extension ModelStore {
    /// The chat template in the model's file; `nil` when it has none.
    ///
    /// - Throws: what ``location(of:)`` throws; ``ModelStoreError/invalidModel(path:reason:)``.
    public func chatTemplate(of name: ModelName) async throws -> String? {
        let path = try await location(of: name).path
        return try await onTransferThread { _ in
            try ModelFacts(inspecting: path, shownAs: path).summary.chatTemplate
        }
    }
}
