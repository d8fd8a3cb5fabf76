import Foundation

/// Makes pieces of prompts that have pictures in them.
protocol PromptMedia: Sendable {
    /// Stands in a prompt where a picture is.
    var marker: String { get }

    /// The prompt's text and the pictures in the places of its markers.
    ///
    /// Throws `InferenceError`.
    func pieces(of prompt: String, images: [Data], addSpecial: Bool) throws -> [PromptPiece]
}
