public import Hardware
public import Inference
public import ModelStore

extension ModelStore {
    /// The kind of observations of a machine's limits.
    private static let ceilingKind = "ceiling"

    /// Keeps what was measured of a machine.
    ///
    /// - Throws: ``ModelStoreError``.
    public func record(_ measurement: MachineMeasurement, of machine: Machine) async throws {
        try await record(
            Observation(
                kind: Self.ceilingKind, machine: machine.fingerprint, engine: measurement.engine,
                time: measurement.measuredAt, encoding: measurement),
            keeping: 5)
    }

    /// What was measured last of a machine with this engine; `nil` when nothing was.
    ///
    /// - Throws: ``ModelStoreError``.
    public func measurement(of machine: Machine) async throws -> MachineMeasurement? {
        try await observations(
            kind: Self.ceilingKind, machine: machine.fingerprint, engine: Engine.build, limit: 1
        ).first.flatMap { try? $0.decoded(as: MachineMeasurement.self) }
    }
}
