import Foundation
import Roost
import Terminal

/// A machine's measured limits as people read them.
struct CeilingView {
    let measurement: MachineMeasurement

    func print(on console: Console) {
        console.print(
            console.styled("Limits", .bold) + " of the engine's kernels, measured "
                + HumanReadable.relative(measurement.measuredAt, to: .now)
                + " with \(measurement.threadCount) thread\(measurement.threadCount == 1 ? "" : "s")")
        if measurement.wasBusy == true {
            console.print("  The machine was busy then: its limits may be higher. Measure again when it is quiet.")
        }
        var table = Table([
            .left("DEVICE"), .left("WEIGHTS"), .left("KEPT IN"), .right("READ GB/S"), .right("MEDIAN"),
            .right("GFLOP/S"), .right("MEDIAN"),
        ])
        for kernel in measurement.kernels {
            table.add([
                kernel.device, kernel.type, kernel.place, Self.billions(kernel.bytesPerSecond.best),
                Self.billions(kernel.bytesPerSecond.median), Self.billions(kernel.flopsPerSecond.best),
                Self.billions(kernel.flopsPerSecond.median),
            ])
        }
        for line in table.lines() { console.print("  " + line) }
        if let memory = measurement.memoryBytesPerSecond {
            console.print("  Memory alone is read with \(Self.billions(memory.best)) GB/s.")
        }
    }

    private static func billions(_ value: Double) -> String {
        HumanReadable.fixed(value / 1e9, value < 99.95e9 ? 1 : 0)
    }
}
