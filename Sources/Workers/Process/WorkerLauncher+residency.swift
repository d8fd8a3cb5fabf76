public import Inference

extension WorkerLauncher: ModelLauncher {
    public func load(
        _ files: ModelFileSet, name: String, options: LoadOptions, identity: String,
        progress: (@Sendable (Double) -> Void)?
    ) async throws -> any RunningModel {
        let model: WorkerModel = try await load(
            files, name: name, options: options, identity: identity, progress: progress)
        return model
    }
}
