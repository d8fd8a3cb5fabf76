public import Inference

extension WorkerLauncher: ModelLauncher {
    /// Loads a model from its files into a worker.
    ///
    /// - Throws: `InferenceError`, `.sandboxUnavailable` where a worker cannot be locked; `CancellationError` when the
    ///   task was cancelled.
    public func load(
        _ files: ModelFileSet, name: String, options: LoadOptions, identity: String,
        progress: (@Sendable (Double) -> Void)?
    ) async throws -> any RunningModel {
        let model: WorkerModel = try await load(
            files, name: name, options: options, identity: identity, progress: progress)
        return model
    }
}

extension WorkerModel: IsolatedModel {
    /// What its process is locked in.
    public var isolation: ModelIsolation {
        switch sandbox {
        case .full: .sandboxed
        case .gpu: .sandboxedWithGPU
        case .none: .unsandboxed
        }
    }
}
