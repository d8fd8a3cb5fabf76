import LlamaBridge

/// What a model with a context takes on each device.
struct ContextMemory: Sendable {
    /// The host first.
    var devices: [DeviceMemory]
    /// What the CPU's back end takes beside its compute buffer.
    var workByteCount: Int64
    /// Whether the context keeps tokens.
    var hasCache: Bool

    /// Of all devices.
    var contextByteCount: Int64 { devices.reduce(0) { $0 + $1.contextByteCount } }

    /// Of a context that is there; without a device when there are too many of them.
    init(of context: OpaquePointer) {
        var memory = roost_layout_context()
        if !roost_context_memory(context, &memory) { memory = roost_layout_context() }
        self.init(memory)
    }

    init(_ memory: roost_layout_context) {
        devices = withUnsafeBytes(of: memory.devices) { bytes in
            bytes.bindMemory(to: roost_device_memory.self).prefix(memory.device_count).map {
                DeviceMemory(
                    device: $0.device.map { String(cString: $0) } ?? "", isHost: $0.is_host,
                    weightsByteCount: Int64(clamping: $0.weights), contextByteCount: Int64(clamping: $0.context),
                    computeByteCount: Int64(clamping: $0.compute))
            }
        }
        workByteCount = Int64(clamping: memory.work)
        hasCache = memory.has_cache
    }

    /// What lies on the line through two others: `low` at 0, `high` at 1.
    init(_ low: ContextMemory, _ high: ContextMemory, at place: Double) {
        func on(_ first: Int64, _ second: Int64) -> Int64 {
            let value = Double(first) + (Double(second) - Double(first)) * place
            return Int64(min(max(value, 0), 4e18))
        }
        devices = high.devices.map { device in
            guard let other = low.devices.first(where: { $0.device == device.device }) else { return device }
            var device = device
            device.contextByteCount = on(other.contextByteCount, device.contextByteCount)
            device.computeByteCount = on(other.computeByteCount, device.computeByteCount)
            return device
        }
        workByteCount = on(low.workByteCount, high.workByteCount)
        hasCache = high.hasCache
    }
}
