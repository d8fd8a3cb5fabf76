import Foundation
import Hardware
import Inference
import ModelStore
public import Planning
import Security
import Workers

extension ModelManager {
    /// How far a tuning is.
    public typealias TuningProgress = @Sendable (_ step: String, _ fraction: Double) -> Void

    /// Measures which settings are fastest for a model on this machine, and keeps what was found: from the next loading
    /// on they take the place of defaults that nobody has changed.
    ///
    /// The model runs in a locked process of its own, also when it is in memory already. The machine should have
    /// nothing else to do.
    ///
    /// - Parameters:
    ///   - name: the model; `nil` is the active one.
    ///   - seconds: about how long it may take, 5 to 3600. Default 60.
    /// - Throws: `ModelStoreError`; `InferenceError`; `RoostError.invalidSetting`; `CancellationError`.
    public nonisolated func tune(
        _ name: String? = nil, seconds: Double = 60, progress: TuningProgress? = nil
    ) async throws -> TuningReport {
        guard (5...3600).contains(seconds) else {
            throw RoostError.invalidSetting(name: "seconds", value: "\(seconds)", rule: "from 5 to 3600")
        }
        try await refuseRemote(name, "tuned")
        let (date, start) = (Date(), ContinuousClock.now)
        let record = try await model(named: name)
        let locations = try await store.locations(of: record.name)
        let load = await MachineLoad.current()
        let machine = await Machine.current()
        progress?("loading", 0)
        let meter = try await meter(ModelFileSet(weights: locations.weights), name: record.name.description)
        var tuner = Tuner(
            meter: meter, machine: machine, options: configuration.load, start: start, seconds: seconds,
            progress: progress ?? { _, _ in })
        try await tuner.run()
        let report = TuningReport(
            model: record.name.description, startedAt: date, seconds: (ContinuousClock.now - start) / .seconds(1),
            loadBefore: load, defaults: configuration.load, stages: tuner.stages, settings: tuner.settings,
            confirmation: tuner.confirmation)
        let observation = try Observation(
            kind: TuningLookup.kind, machine: machine.fingerprint, engine: Engine.build,
            model: record.digest.description, time: date, encoding: report)
        try await store.record(observation, keeping: 5)
        return report
    }

    /// What ``tune(_:seconds:progress:)`` found last on this machine with this engine; `nil` when it has not run.
    ///
    /// - Throws: `ModelStoreError`.
    public nonisolated func tuning(of name: String? = nil) async throws -> TuningReport? {
        try await tunings.report(of: try await model(named: name))
    }

    /// Forgets what was found for a model, or for all with `nil`, on every machine.
    ///
    /// - Returns: how many findings there were.
    /// - Throws: `ModelStoreError`.
    @discardableResult
    public nonisolated func forgetTuning(of name: String?) async throws -> Int {
        let digest = name == nil ? nil : try await model(named: name).digest.description
        return try await store.removeObservations(kind: TuningLookup.kind, model: digest)
    }

    private nonisolated func meter(_ files: ModelFileSet, name: String) async throws -> any SpeedMeter {
        guard let program = configuration.workerProgram else {
            return try await InProcessMeter.start(files, name: name, options: configuration.load)
        }
        return try await WorkerMeasurer.start(program, files: files, name: name, options: configuration.load)
    }
}
