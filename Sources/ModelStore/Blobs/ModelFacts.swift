import Foundation
import ModelFormats

/// What a model file says of itself, read after its layout and meaning were checked.
struct ModelFacts: Sendable {
    let summary: ModelSummary

    /// Checks and reads the file at `path`; errors name it as `shownPath`.
    ///
    /// - Throws: ``ModelStoreError/invalidModel(path:reason:)``.
    init(inspecting path: String, shownAs shownPath: String) throws {
        let header: GGUFHeader
        do {
            // A copy of the header: a mapped file that somebody truncates meanwhile would end this process.
            let file = try GGUFReader.open(URL(fileURLWithPath: path), access: .copied)
            try GGUFValidator().validate(file.header, fileByteCount: file.fileByteCount)
            header = file.header
        } catch {
            throw ModelStoreError.invalidModel(path: shownPath, reason: "\(error)")
        }
        if let reason = Self.incompleteness(of: header.metadata) {
            throw ModelStoreError.invalidModel(path: shownPath, reason: reason)
        }
        summary = ModelSummary(header: header)
    }

    /// Why a sound file cannot answer by itself; `nil` when it can.
    private static func incompleteness(of metadata: GGUFMetadata) -> String? {
        if let count = metadata.integer("split.count"), count > 1 {
            let number = (metadata.integer("split.no") ?? 0) + 1
            return "it is part \(number) of \(count) of a model; join the parts with llama-gguf-split --merge"
        }
        if metadata.string("general.type") == "adapter" {
            return "it is an adapter (LoRA) for another model, not a model by itself"
        }
        if metadata.string("general.architecture") == "clip" {
            return "it is the projector (mmproj) of another model, not a model by itself"
        }
        return nil
    }
}
