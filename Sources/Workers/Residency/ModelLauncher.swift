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
    private let prefixes: PrefixStore?

    /// A launcher; computed prompts are kept in `prefixes` when a model is unloaded.
    public init(prefixes: PrefixStore? = nil) { self.prefixes = prefixes }

    /// Loads the model on a thread of its own; `identity` is of no use here.
    ///
    /// - Throws: `InferenceError`; `CancellationError` when the task was cancelled.
    public func load(
        _ files: ModelFileSet, name: String, options: LoadOptions, identity: String,
        progress: (@Sendable (Double) -> Void)?
    ) async throws -> any RunningModel {
        let lease = prefixes?.lease(
            identity: identity, options: options, adapters: files.adapters.map { PrefixStore.identity(of: $0.file) })
        return try await LoadedModel.load(
            files, name: name, options: options, prefixes: lease?.persistence, progress: progress)
    }
}
