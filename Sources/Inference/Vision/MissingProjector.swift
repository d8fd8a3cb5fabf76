import Foundation

/// Stands for a projector that could not be loaded: text goes through, pictures are refused with the reason.
struct MissingProjector: PromptMedia {
    let marker = MediaProjector.marker
    private let error: any Error

    init(_ error: any Error) { self.error = error }

    func pieces(of prompt: String, images: [Data], addSpecial: Bool) throws -> [PromptPiece] { throw error }
}
