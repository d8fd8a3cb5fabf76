#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// NVIDIA's management library (NVML), opened when it is there.
///
/// Functions, structures and constants: NVML API Reference, https://docs.nvidia.com/deploy/nvml-api/.
public struct NvidiaLibrary: GraphicsSource {
    /// Where it is looked for, in this order.
    public let paths: [String]

    /// The places where drivers put it.
    ///
    /// - Parameter paths: names or paths for dlopen(3); the second is where Windows' driver puts it under WSL.
    public init(paths: [String] = ["libnvidia-ml.so.1", "/usr/lib/wsl/lib/libnvidia-ml.so.1"]) { self.paths = paths }

    /// The cards that the library tells of.
    public func devices() -> [GraphicsProcessor] {
        guard let session = session() else { return [] }
        defer { session.end() }
        let driver = session.driverVersion
        return (0..<session.deviceCount).compactMap { session.device($0, driverVersion: driver) }
    }

    /// Keeps the library started as long as it lives, so that it need not start for each reading; `nil` where there is
    /// none.
    func hold() -> NvidiaHold? { session().map(NvidiaHold.init) }

    private func session() -> NvidiaSession? {
        guard let library = paths.lazy.compactMap({ dlopen($0, RTLD_NOW | RTLD_LOCAL) }).first,
            // Loaded for good: closing a driver's library while it has threads is not safe.
            let session = NvidiaSession(library: library), session.start()
        else { return nil }
        return session
    }
}

/// One start of the library, which counts its starts and ends: it stays ready until the last one has ended.
final class NvidiaHold {
    private let session: NvidiaSession

    fileprivate init(_ session: NvidiaSession) { self.session = session }

    deinit { session.end() }
}

/// The library between its start and its end.
private struct NvidiaSession {
    private typealias Device = UnsafeMutableRawPointer
    private typealias Plain = @convention(c) () -> Int32
    private typealias Counting = @convention(c) (UnsafeMutablePointer<UInt32>) -> Int32
    private typealias Finding = @convention(c) (UInt32, UnsafeMutablePointer<Device?>) -> Int32
    private typealias SystemText = @convention(c) (UnsafeMutablePointer<CChar>, UInt32) -> Int32
    private typealias DeviceText = @convention(c) (Device, UnsafeMutablePointer<CChar>, UInt32) -> Int32
    private typealias DeviceFacts = @convention(c) (Device, UnsafeMutableRawPointer) -> Int32
    private typealias DeviceNumber = @convention(c) (Device, UnsafeMutablePointer<UInt32>) -> Int32
    private typealias DeviceReading = @convention(c) (Device, UInt32, UnsafeMutablePointer<UInt32>) -> Int32
    private typealias DevicePair =
        @convention(c) (
            Device, UnsafeMutablePointer<Int32>, UnsafeMutablePointer<Int32>
        ) -> Int32

    private let library: UnsafeMutableRawPointer
    private let initialize: Plain
    private let shutDown: Plain
    private let count: Counting
    private let find: Finding

    init?(library: UnsafeMutableRawPointer) {
        self.library = library
        guard let initialize = Self.function("nvmlInit_v2", in: library, as: Plain.self),
            let shutDown = Self.function("nvmlShutdown", in: library, as: Plain.self),
            let count = Self.function("nvmlDeviceGetCount_v2", in: library, as: Counting.self),
            let find = Self.function("nvmlDeviceGetHandleByIndex_v2", in: library, as: Finding.self)
        else { return nil }
        (self.initialize, self.shutDown, self.count, self.find) = (initialize, shutDown, count, find)
    }

    /// A function of the library; its type is the one of the reference, which the library cannot tell.
    private static func function<Function>(
        _ name: String, in library: UnsafeMutableRawPointer, as type: Function.Type
    ) -> Function? {
        dlsym(library, name).map { unsafeBitCast($0, to: type) }
    }

    private func function<Function>(_ name: String, as type: Function.Type) -> Function? {
        Self.function(name, in: library, as: type)
    }

    func start() -> Bool { initialize() == 0 }

    func end() { _ = shutDown() }

    var deviceCount: UInt32 {
        var value: UInt32 = 0
        return count(&value) == 0 ? min(value, 256) : 0
    }

    var driverVersion: String? {
        function("nvmlSystemGetDriverVersion", as: SystemText.self).flatMap { ask in
            text { ask($0, $1) }
        }
    }

    func device(_ index: UInt32, driverVersion: String?) -> GraphicsProcessor? {
        var handle: Device?
        guard find(index, &handle) == 0, let handle else { return nil }
        var device = GraphicsProcessor(maker: .nvidia)
        device.driverVersion = driverVersion
        device.name = function("nvmlDeviceGetName", as: DeviceText.self).flatMap { ask in text { ask(handle, $0, $1) } }
        device.busAddress = busAddress(handle)
        readMemory(handle, into: &device)
        if let ask = function("nvmlDeviceGetCudaComputeCapability", as: DevicePair.self) {
            var (major, minor): (Int32, Int32) = (0, 0)
            if ask(handle, &major, &minor) == 0 { device.computeCapability = "\(major).\(minor)" }
        }
        if let ask = function("nvmlDeviceGetTemperature", as: DeviceReading.self) {
            var value: UInt32 = 0
            // NVML_TEMPERATURE_GPU
            if ask(handle, 0, &value) == 0 { device.temperature = Double(value) }
        }
        device.power = number("nvmlDeviceGetPowerUsage", handle).map { Double($0) / 1000 }
        device.powerLimit = number("nvmlDeviceGetEnforcedPowerLimit", handle).map { Double($0) / 1000 }
        if let ask = function("nvmlDeviceGetUtilizationRates", as: DeviceFacts.self) {
            // nvmlUtilization_t: gpu and memory, per cent.
            var rates = [UInt32](repeating: 0, count: 2)
            if ask(handle, &rates) == 0 { device.utilization = min(Double(rates[0]) / 100, 1) }
        }
        return device
    }

    private func number(_ name: String, _ handle: Device) -> UInt32? {
        guard let ask = function(name, as: DeviceNumber.self) else { return nil }
        var value: UInt32 = 0
        return ask(handle, &value) == 0 ? value : nil
    }

    private func busAddress(_ handle: Device) -> String? {
        guard let ask = function("nvmlDeviceGetPciInfo_v3", as: DeviceFacts.self) else { return nil }
        // nvmlPciInfo_t: 16 bytes of text, five numbers of 32 bits, 32 bytes of text.
        var facts = [UInt8](repeating: 0, count: 128)
        guard ask(handle, &facts) == 0 else { return nil }
        let text = String(decoding: facts[36..<68].prefix { $0 != 0 }, as: UTF8.self)
        return text.isEmpty ? nil : GraphicsProcessor.normalized(busAddress: text)
    }

    private func readMemory(_ handle: Device, into device: inout GraphicsProcessor) {
        // nvmlMemory_v2_t: version, then total, reserved, free, used.
        var second = [UInt64](repeating: 0, count: 5)
        second[0] = 2 << 24 | UInt64(MemoryLayout<UInt64>.stride * 5)
        if let ask = function("nvmlDeviceGetMemoryInfo_v2", as: DeviceFacts.self), ask(handle, &second) == 0 {
            device.totalByteCount = Int64(clamping: second[1])
            device.freeByteCount = Int64(clamping: second[3])
            // What the driver has reserved for itself can never be taken.
            device.usedByteCount = Int64(clamping: second[4])
            return
        }
        // nvmlMemory_t: total, free, used.
        var first = [UInt64](repeating: 0, count: 3)
        if let ask = function("nvmlDeviceGetMemoryInfo", as: DeviceFacts.self), ask(handle, &first) == 0 {
            device.totalByteCount = Int64(clamping: first[0])
            device.freeByteCount = Int64(clamping: first[1])
            device.usedByteCount = Int64(clamping: first[2])
            return
        }
        // Chips that are one with the processor have no memory of their own.
        device.sharesSystemMemory = true
    }

    private func text(_ ask: (UnsafeMutablePointer<CChar>, UInt32) -> Int32) -> String? {
        var bytes = [CChar](repeating: 0, count: 96)
        guard ask(&bytes, UInt32(bytes.count)) == 0 else { return nil }
        let text = String(decoding: bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return text.isEmpty ? nil : text
    }
}
