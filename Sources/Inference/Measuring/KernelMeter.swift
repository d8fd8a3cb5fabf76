import Foundation
public import Hardware
import LlamaBridge

/// Measures what this machine can do at most, with the kernels that the engine computes models with.
public struct KernelMeter: Sendable {
    /// Types of weights, by ggml's names; those that a device has no kernel for are left out.
    public var types = ["f32", "f16", "bf16", "q8_0", "q4_0", "q4_K", "q5_K", "q6_K", "iq4_xs", "mxfp4"]
    /// Seconds that all of it may take, about. Default 20.
    public var seconds = 20.0
    /// Threads of the CPU.
    public var threadCount: Int
    /// Bytes of the CPU's last cache; `nil` when unknown.
    public var cacheByteCount: Int64?

    /// How far it is.
    public struct Progress: Sendable {
        /// Device and type that are measured now.
        public var device: String
        /// The type of the weights.
        public var type: String
        /// What is done, in 0…1.
        public var fraction: Double
    }

    /// A meter for a machine.
    public init(machine: Machine) {
        threadCount = machine.computeThreadCount
        cacheByteCount = machine.processor.lastLevelCacheByteCount
    }

    /// Measures, on a thread of its own. The machine should have nothing else to do.
    ///
    /// A GPU without room for it is left out.
    ///
    /// - Throws: `InferenceError.outOfMemory` when the CPU has no room for more weights than its caches hold;
    ///   `CancellationError`.
    public func measure(progress: (@Sendable (Progress) -> Void)? = nil) async throws -> MachineMeasurement {
        let flag = CancellationFlag()
        let load = await MachineLoad.current()
        var measurement = try await withTaskCancellationHandler {
            try await OwnThread.run(named: "roost-measure") { try measureHere(flag, progress) }
        } onCancel: {
            flag.set()
        }
        measurement.loadBefore = load
        measurement.wasBusy = measurement.looksBusy
        return measurement
    }

    /// Four times what caches hold leaves less than a quarter of it in them from one turn to the next; as least what
    /// tells from the noise of starting threads.
    private static let leastByteCount: Int64 = 128 << 20
    private static let graphicsByteCount: Int64 = 1 << 30

    private func measureHere(
        _ flag: CancellationFlag, _ progress: (@Sendable (Progress) -> Void)?
    ) throws -> MachineMeasurement {
        let start = Date()
        let clock = ContinuousClock.now
        let devices = Engine.devices.filter { $0.kind != .accelerator }
        var measurement = MachineMeasurement(
            kernels: [], memoryBytesPerSecond: nil, threadCount: threadCount, engine: Engine.build, measuredAt: start,
            seconds: 0)
        let share = seconds / Double(devices.count * types.count + 1)
        for (place, device) in devices.enumerated() {
            guard let byteCount = try workingSet(on: device) else { continue }
            if device.kind == .cpu {
                measurement.memoryBytesPerSecond = readMemory(byteCount, seconds: share, flag)
            }
            for (index, type) in types.enumerated() {
                if flag.isSet { throw CancellationError() }
                let done = Double(place * types.count + index) / Double(devices.count * types.count)
                progress?(Progress(device: device.name, type: Self.shown(type), fraction: done))
                if let kernel = try measure(type, on: device.name, byteCount, seconds: share, flag) {
                    measurement.kernels.append(kernel)
                }
            }
        }
        measurement.seconds = (ContinuousClock.now - clock) / .seconds(1)
        return measurement
    }

    /// Bytes of weights to turn over: at most half of what the CPU has free, a quarter of what a GPU has; `nil` for a GPU
    /// where that is too little.
    func workingSet(on device: EngineDevice) throws -> Int64? {
        guard device.kind == .cpu else {
            let room = device.freeByteCount / 4
            return room < Self.leastByteCount ? nil : min(Self.graphicsByteCount, room)
        }
        // Less would measure the caches.
        let needed = cacheByteCount.map { 4 * $0 } ?? Self.leastByteCount
        let wanted = cacheByteCount == nil ? 2 * needed : max(Self.leastByteCount, needed)
        let room = device.freeByteCount / 2
        guard room >= needed else {
            throw InferenceError.outOfMemory(
                neededByteCount: 2 * needed, availableByteCount: device.freeByteCount,
                what: "measuring \(device.name) with more than its caches hold")
        }
        return min(wanted, room)
    }

    /// `nil` where the device has no kernel for it, or no room.
    private func measure(
        _ type: String, on device: String, _ byteCount: Int64, seconds: Double, _ flag: CancellationFlag
    ) throws -> KernelMeasurement? {
        var reason: UnsafeMutablePointer<CChar>?
        let created = roost_kernel_create(device, type, Int(byteCount), Int32(clamping: threadCount), &reason)
        roost_free(reason)
        guard let kernel = created else { return nil }
        defer { roost_kernel_free(kernel) }
        let bytes = Double(roost_kernel_byte_count(kernel))
        let reading = Self.probes(seconds: seconds / 3, flag) {
            let elapsed = roost_kernel_multiply_vector(kernel)
            return elapsed > 0 ? bytes / elapsed : nil
        }
        // As many matrices that one run takes long enough for the clock, and no longer than it has to.
        var operations = 0.0
        let once = roost_kernel_multiply_matrix(kernel, 1, &operations)
        let matrixCount = min(max(1, Int(0.01 / max(once, 1e-6))), roost_kernel_matrix_count(kernel))
        let computing = Self.probes(seconds: seconds / 3, flag) {
            let elapsed = roost_kernel_multiply_matrix(kernel, matrixCount, &operations)
            return elapsed > 0 ? operations / elapsed : nil
        }
        if flag.isSet { throw CancellationError() }
        guard let reading, let computing else { return nil }
        return KernelMeasurement(
            device: device, type: Self.shown(type), place: String(cString: roost_kernel_place(kernel)),
            workingSetByteCount: Int64(bytes), bytesPerSecond: reading, flopsPerSecond: computing)
    }

    private func readMemory(_ byteCount: Int64, seconds: Double, _ flag: CancellationFlag) -> KernelProbes? {
        guard let reader = roost_memory_reader_create(Int(byteCount), Int32(clamping: threadCount)) else { return nil }
        defer { roost_memory_reader_free(reader) }
        return Self.probes(seconds: seconds / 3, flag) {
            let elapsed = roost_memory_reader_run(reader)
            return elapsed > 0 ? Double(byteCount) / elapsed : nil
        }
    }

    /// Probes after one that does not count: as many as there is time for, at least 3 and at most 30.
    private static func probes(
        seconds: Double, _ flag: CancellationFlag, _ probe: () -> Double?
    ) -> KernelProbes? {
        guard probe() != nil else { return nil }
        let deadline = ContinuousClock.now + .seconds(seconds)
        var values: [Double] = []
        while values.count < 3 || (values.count < 30 && ContinuousClock.now < deadline), !flag.isSet {
            guard let value = probe() else { return nil }
            values.append(value)
        }
        return SampleStatistics(values).map { KernelProbes(best: $0.most, median: $0.median, count: $0.count) }
    }

    /// As people write it: `Q4_K` for ggml's `q4_K`.
    private static func shown(_ type: String) -> String { type.uppercased() }
}
