public import Hardware
public import Inference

/// A machine, and what follows for models from what it has: `roost hardware --json`, `GET /roost/v1/hardware`.
public struct MachineReport: Sendable, Encodable {
    /// The machine.
    public let machine: Machine
    /// What was measured of it.
    public let limits: MachineMeasurement?

    /// A machine with its limits, where they were measured.
    public init(machine: Machine, limits: MachineMeasurement?) {
        self.machine = machine
        self.limits = limits
    }

    /// The machine's own form with what follows from it.
    public func encode(to encoder: any Encoder) throws {
        try machine.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(machine.computeThreadCount, forKey: .computeThreadCount)
        try container.encodeIfPresent(machine.availableByteCount, forKey: .availableByteCount)
        try container.encode(machine.fingerprint, forKey: .fingerprint)
        try container.encodeIfPresent(limits, forKey: .measured)
    }

    private enum CodingKeys: CodingKey { case computeThreadCount, availableByteCount, fingerprint, measured }
}
