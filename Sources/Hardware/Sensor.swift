/// One reading of a machine's sensor.
public struct Sensor: Sendable, Hashable, Codable {
    /// What is measured.
    public enum Quantity: String, Sendable, Hashable, Codable {
        /// Degrees Celsius.
        case temperature
        /// Watts.
        case power
        /// Turns per minute.
        case fan
    }

    /// The chip or zone that measures: `coretemp`, `k10temp`, `cpu-thermal`.
    public var source: String
    /// What it measures there: `Package id 0`.
    public var label: String?
    /// What is measured.
    public var quantity: Quantity
    /// In the quantity's unit.
    public var value: Double
    /// From where on the hardware is in danger, in the same unit.
    public var critical: Double?

    /// A reading.
    public init(
        source: String, label: String? = nil, quantity: Quantity, value: Double, critical: Double? = nil
    ) {
        self.source = source
        self.label = label
        self.quantity = quantity
        self.value = value
        self.critical = critical
    }
}
