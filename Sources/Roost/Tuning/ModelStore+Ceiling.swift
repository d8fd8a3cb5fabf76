import Foundation
public import Hardware
public import Inference
public import ModelStore

extension ModelStore {
    /// The kind of observations of a machine's limits.
    private static let ceilingKind = "ceiling"
    /// Measurements that are kept of one machine with one engine.
    private static let ceilingCount = 10

    /// Measures the limits of this machine and keeps them: the engine's kernels, memory, and how fast the largest model
    /// here is read from its disk.
    ///
    /// - Parameter seconds: about how long the kernels may take.
    /// - Returns: this measurement alone; ``measurement(of:)`` is what holds.
    /// - Throws: `InferenceError`; ``ModelStoreError``; `CancellationError`.
    public func measureLimits(
        of machine: Machine, seconds: Double = 20, progress: (@Sendable (KernelMeter.Progress) -> Void)? = nil
    ) async throws -> MachineMeasurement {
        var meter = KernelMeter(machine: machine)
        meter.seconds = seconds
        var measurement = try await meter.measure(progress: progress)
        if let model = try await models().max(by: { $0.byteCount < $1.byteCount }),
            let file = try? await location(of: model.name)
        {
            measurement.diskRead = try? await OffPool.run { try DiskReadSpeed.measure(file) }
        }
        try await record(measurement, of: machine)
        return measurement
    }

    /// Keeps what was measured of a machine.
    ///
    /// - Throws: ``ModelStoreError``.
    public func record(_ measurement: MachineMeasurement, of machine: Machine) async throws {
        try await record(
            Observation(
                kind: Self.ceilingKind, machine: machine.fingerprint, engine: measurement.engine,
                time: measurement.measuredAt, encoding: measurement),
            keeping: Self.ceilingCount)
    }

    /// A machine's limits with this engine: the best of each kernel over all measurements that are kept, so that a busy
    /// moment never lowers them; `nil` when nothing was measured.
    ///
    /// - Throws: ``ModelStoreError``.
    public func measurement(of machine: Machine) async throws -> MachineMeasurement? {
        let kept = try await observations(
            kind: Self.ceilingKind, machine: machine.fingerprint, engine: Engine.build, limit: Self.ceilingCount)
        return MachineMeasurement.best(of: kept.compactMap { try? $0.decoded(as: MachineMeasurement.self) })
    }
}
