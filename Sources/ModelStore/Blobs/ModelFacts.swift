import Foundation
import ModelFormats

/// What a model file says of itself, read after its layout and meaning were checked.
struct ModelFacts: Sendable {
    let summary: ModelSummary

    /// Checks and reads the file at `path`; errors name it as `shownPath`.
    ///
    /// - Throws: ``ModelStoreError/invalidModel(path:reason:)``.
    init(inspecting path: String, shownAs shownPath: String) throws {
        let url = URL(fileURLWithPath: path)
        do {
            try GGUFValidator().validate(url)
            summary = ModelSummary(header: try GGUFReader.open(url).header)
        } catch {
            throw ModelStoreError.invalidModel(path: shownPath, reason: "\(error)")
        }
    }
}
