public import Inference

/// Loads models into workers: processes of their own that can do nothing but compute.
public final class WorkerLauncher: Sendable {
    /// What workers run.
    public let program: WorkerProgram

    /// Launches workers of `program`.
    public init(_ program: WorkerProgram) { self.program = program }

    /// Loads a model into a worker, for who does not care where it runs; as ``start(_:name:options:identity:progress:)``.
    ///
    /// - Throws: `InferenceError`; `CancellationError` when the task was cancelled.
    public func load(
        _ files: ModelFileSet, name: String, options: LoadOptions, identity: String,
        progress: (@Sendable (Double) -> Void)?
    ) async throws -> any RunningModel {
        try await start(files, name: name, options: options, identity: identity, progress: progress)
    }

    /// Loads a model from its files into a worker.
    ///
    /// - Parameters:
    ///   - files: opened here; the worker gets nothing but their descriptors.
    ///   - name: what messages and the log call the model.
    ///   - options: how it is loaded.
    ///   - identity: what the model's content is called.
    ///   - progress: called from the worker's thread with what is loaded, in 0…1.
    /// - Throws: `InferenceError`, `.sandboxUnavailable` where a worker cannot be locked; `CancellationError` when the
    ///   task was cancelled.
    public func start(
        _ files: ModelFileSet, name: String, options: LoadOptions = .init(), identity: String = "",
        progress: (@Sendable (Double) -> Void)? = nil
    ) async throws -> WorkerModel {
        try options.validate()
        let setup = WorkerLink.Setup(
            program: program, name: name, files: try WorkerFiles(files), options: options, identity: identity)
        let link = WorkerLink(setup, progress: progress)
        return WorkerModel(try await link.load(), link: link)
    }
}
