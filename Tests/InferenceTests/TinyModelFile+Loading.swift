import Foundation
import Inference
import ModelFixtures

extension TinyModelFile {
    /// Loaded with few threads, so that tests that run side by side do not fight for the cores.
    func load(contextLength: Int? = nil) async throws -> LoadedModel {
        var options = LoadOptions()
        options.contextLength = contextLength
        options.threadCount = 1
        return try await LoadedModel.load(at: url, options: options)
    }
}

extension AsyncThrowingStream<GenerationEvent, any Error> {
    /// What the stream ends with, and the text that it emitted on the way.
    func outcome() async throws -> (result: GenerationResult, streamed: String) {
        var text = ""
        for try await event in self {
            switch event {
            case .promptProgress: break
            case .text(let piece): text += piece
            case .finished(let result): return (result, text)
            }
        }
        throw CancellationError()
    }
}

extension GenerationOptions {
    /// Greedy, exactly this many tokens.
    static func fixed(_ count: Int) -> GenerationOptions {
        var options = GenerationOptions.greedy
        options.maxTokens = count
        options.ignoreEndOfGeneration = true
        return options
    }
}
