public import Inference
public import ModelFixtures

extension TinyModelFile {
    /// Loaded with one thread, so that tests that run side by side do not fight for the cores.
    ///
    /// - Throws: `InferenceError`.
    public func load(
        contextLength: Int? = nil, configure: (inout LoadOptions) -> Void = { _ in }
    ) async throws -> LoadedModel {
        var options = LoadOptions()
        options.contextLength = contextLength
        options.threadCount = 1
        configure(&options)
        return try await LoadedModel.load(at: url, options: options)
    }
}
