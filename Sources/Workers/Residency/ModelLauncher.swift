public import Inference

/// How a model comes into memory: in this process, or in a worker of its own.
public protocol ModelLauncher: Sendable {
    /// Loads a model.
    ///
    /// - Parameters:
    ///   - files: the weights and what goes with them.
    ///   - name: what messages call it.
    ///   - identity: what tells its content from any other's; two names of the same files share it.
    ///   - progress: told what part is loaded, 0…1, from any thread.
    /// - Throws: `InferenceError`; `CancellationError` when the task was cancelled.
    func load(
        _ files: ModelFileSet, name: String, options: LoadOptions, identity: String,
        progress: (@Sendable (Double) -> Void)?
    ) async throws -> any RunningModel
}

/// Loads models into this process.
public struct InProcessLauncher: ModelLauncher {
    /// A launcher.
    public init() {}

    /// Loads the model on a thread of its own; `identity` is of no use here.
    ///
    /// - Throws: `InferenceError`; `CancellationError` when the task was cancelled.
    public func load(
        _ files: ModelFileSet, name: String, options: LoadOptions, identity: String,
        progress: (@Sendable (Double) -> Void)?
    ) async throws -> any RunningModel {
        try await LoadedModel.load(files, name: name, options: options, progress: progress)
    }
}
