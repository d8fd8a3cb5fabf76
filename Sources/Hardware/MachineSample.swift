import Foundation
import Synchronization

/// How a machine does at one moment: what changes from second to second.
public struct MachineSample: Sendable, Hashable, Codable {
    /// When it was taken.
    public var time: Date
    /// The part of all processors' time that was used since the sample before, 0…1; `nil` for the first.
    public var processorUtilization: Double?
    /// Memory that can be taken without swapping, in this process's control groups.
    public var availableByteCount: Int64?
    /// All memory that this process may have.
    public var usableByteCount: Int64?
    /// Swap space in use.
    public var usedSwapByteCount: Int64?
    /// Times that processor cores have slowed down because of heat since the machine started, all together.
    public var throttleCount: Int64?
    /// What macOS says of the machine's heat; `nil` elsewhere.
    public var thermalState: ThermalState?
    /// Graphics processors.
    public var graphics: [GraphicsProcessor]
    /// Temperatures, power and fans.
    public var sensors: [Sensor]
    /// The file systems that were asked about.
    public var disks: [Disk]

    /// A sample of which nothing but the time is known yet.
    public init(time: Date, graphics: [GraphicsProcessor] = [], sensors: [Sensor] = [], disks: [Disk] = []) {
        self.time = time
        self.graphics = graphics
        self.sensors = sensors
        self.disks = disks
    }
}

/// Foundation's `ProcessInfo.ThermalState` by name.
public enum ThermalState: String, Sendable, Hashable, Codable {
    case nominal, fair, serious, critical

    #if canImport(Darwin)
        static var current: ThermalState? {
            switch ProcessInfo.processInfo.thermalState {
            case .nominal: .nominal
            case .fair: .fair
            case .serious: .serious
            case .critical: .critical
            @unknown default: nil
            }
        }
    #else
        static var current: ThermalState? { nil }
    #endif
}

/// Takes samples of a machine, each in relation to the one before.
public final class MachineSampler: Sendable {
    private struct State {
        /// What the sample before has seen: of it only what changes is read again.
        var machine: Machine?
        var times: ProcessorTimes?
        /// Keeps the vendor's library started, which takes a second or two.
        var nvidia: NvidiaHold?
    }

    private let files: SystemFiles
    private let detector: MachineDetector
    private let nvidia: NvidiaLibrary?
    private let state = Mutex(State())

    /// A sampler of this machine or a recorded one; see ``MachineDetector``.
    public init(
        files: SystemFiles = SystemFiles(), graphics: [any GraphicsSource]? = nil, diskPaths: [String] = []
    ) {
        self.files = files
        let sources = MachineDetector.sources(graphics, files)
        detector = MachineDetector(files: files, graphics: sources, diskPaths: diskPaths)
        nvidia = sources.lazy.compactMap { $0 as? NvidiaLibrary }.first
    }

    /// How the machine does now. Blocks for milliseconds; the first time as long as ``MachineDetector/detect()``.
    public func sample() -> MachineSample {
        let (machine, times, before) = state.withLock { state in
            state.nvidia = state.nvidia ?? nvidia?.hold()
            let machine = state.machine.map(detector.detect(again:)) ?? detector.detect()
            let (times, before) = (ProcessorTimes(files), state.times)
            (state.machine, state.times) = (machine, times)
            return (machine, times, before)
        }
        var sample = MachineSample(
            time: .now, graphics: machine.graphics, sensors: machine.sensors, disks: machine.disks)
        sample.processorUtilization = times.flatMap { now in before.flatMap { now.utilization(since: $0) } }
        sample.availableByteCount = machine.availableByteCount
        sample.usableByteCount = machine.usableByteCount
        sample.usedSwapByteCount = machine.memory.swapByteCount.flatMap { all in
            machine.memory.freeSwapByteCount.map { max(0, all - $0) }
        }
        sample.throttleCount = throttleCount(machine.processor.usableThreads)
        if files.isThisMachine { sample.thermalState = .current }
        return sample
    }

    /// Intel's cores count the times.
    private func throttleCount(_ threads: [Int]) -> Int64? {
        let counts = threads.compactMap {
            files.number("/sys/devices/system/cpu/cpu\($0)/thermal_throttle/core_throttle_count")
        }
        return counts.isEmpty ? nil : counts.reduce(0, +)
    }
}

extension Machine {
    /// How this machine does, again and again, until the iteration ends.
    ///
    /// - Parameters:
    ///   - interval: the time between two samples, at least 100 ms.
    ///   - diskPaths: the paths whose file systems are wanted.
    public static func samples(
        every interval: Duration = .seconds(1), diskPaths: [String] = []
    ) -> AsyncStream<MachineSample> {
        AsyncStream(bufferingPolicy: .bufferingNewest(1)) { continuation in
            let seconds = max(0.1, interval / .seconds(1))
            // A thread of its own: the vendor's library and slow sensors block.
            let ending = ThreadEnd()
            continuation.onTermination = { _ in ending.request() }
            let thread = Thread {
                let sampler = MachineSampler(diskPaths: diskPaths)
                repeat { continuation.yield(sampler.sample()) } while !ending.wait(seconds: seconds)
                continuation.finish()
            }
            thread.name = "roost-samples"
            thread.start()
        }
    }
}

/// Lets a thread sleep that may be woken to end.
private final class ThreadEnd: Sendable {
    private let semaphore = DispatchSemaphore(value: 0)

    func request() { semaphore.signal() }

    /// Whether the end was asked for within the time.
    func wait(seconds: Double) -> Bool { semaphore.wait(timeout: .now() + seconds) == .success }
}

/// The processors' time since the start (proc_stat(5)), in units of which only the ratio matters.
private struct ProcessorTimes {
    let busy: Int64
    let total: Int64

    init?(_ files: SystemFiles) {
        guard let line = files.text("/proc/stat")?.split(separator: "\n").first, line.hasPrefix("cpu ") else {
            return nil
        }
        // user, nice, system, idle, iowait, irq, softirq, steal; guests are part of user.
        let times = line.split(separator: " ").dropFirst().prefix(8).compactMap { Int64($0) }
        guard times.count >= 4 else { return nil }
        total = times.reduce(0, &+)
        busy = total &- times[3] &- (times.count > 4 ? times[4] : 0)
    }

    func utilization(since before: ProcessorTimes) -> Double? {
        let all = total &- before.total
        guard all > 0 else { return nil }
        return min(max(Double(busy &- before.busy) / Double(all), 0), 1)
    }
}
