import Foundation

/// What `nvidia-smi` prints; for machines whose library cannot be opened.
public struct NvidiaReport: GraphicsSource {
    /// The columns, in the order in which they must be asked for.
    public static let query =
        "name,pci.bus_id,memory.total,memory.used,memory.free,compute_cap,driver_version,temperature.gpu,power.draw,"
        + "power.limit,utilization.gpu"
    /// What makes `nvidia-smi` print them.
    public static let arguments = ["--query-gpu=\(query)", "--format=csv,noheader,nounits"]

    private let text: String

    /// A report: one line for each device.
    public init(_ text: String) { self.text = text }

    /// The cards that the program tells of.
    public func devices() -> [GraphicsProcessor] {
        text.split(whereSeparator: \.isNewline).compactMap { line in
            let values = line.split(separator: ",", omittingEmptySubsequences: false)
                .map { $0.trimmingCharacters(in: .whitespaces) }
            guard values.count == 11, !values[0].isEmpty else { return nil }
            func number(_ index: Int) -> Double? {
                // “[N/A]”, “[Not Supported]”.
                Double(values[index]).flatMap { $0.isFinite && (0..<1e9).contains($0) ? $0 : nil }
            }
            func bytes(_ index: Int) -> Int64? { number(index).map { Int64($0) << 20 } }
            var device = GraphicsProcessor(maker: .nvidia, name: values[0])
            device.busAddress = GraphicsProcessor.normalized(busAddress: values[1])
            (device.totalByteCount, device.usedByteCount, device.freeByteCount) = (bytes(2), bytes(3), bytes(4))
            device.sharesSystemMemory = device.totalByteCount == nil
            device.computeCapability = number(5) == nil ? nil : values[5]
            device.driverVersion = values[6]
            device.temperature = number(7)
            device.power = number(8)
            device.powerLimit = number(9)
            device.utilization = number(10).map { min($0 / 100, 1) }
            return device
        }
    }
}
