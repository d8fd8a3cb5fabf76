public import Inference

extension PlannedMachine {
    /// Whether a load fits: each GPU's part on it, and in each pool of memory no more than there is.
    public func fits(_ estimate: MemoryEstimate) -> Bool { shortage(of: estimate) == 0 }

    /// Bytes that are missing, of all pools together; 0 when it fits.
    func shortage(of estimate: MemoryEstimate) -> Int64 {
        var missing = max(0, neededByteCount(estimate) - memoryByteCount)
        for device in estimate.devices where !device.isHost && device.totalByteCount > 0 {
            let own = graphics.first { $0.name == device.device }?.memoryByteCount ?? 0
            missing = missing.addingClamped(max(0, device.totalByteCount - own))
        }
        return missing
    }

    /// Bytes of the machine's own memory that a load needs.
    ///
    /// Weights count once: pages of the file whose weights are in memory of the process's own, or on a GPU, can go.
    func neededByteCount(_ estimate: MemoryEstimate) -> Int64 {
        estimate.devices.reduce(estimate.besideByteCount) { sum, device in
            let shares = graphics.contains { $0.name == device.device && $0.sharesSystemMemory }
            return device.isHost || shares ? sum.addingClamped(device.totalByteCount) : sum
        }
    }
}

extension MemoryEstimate {
    /// All that it takes, on every device.
    var allByteCount: Int64 {
        devices.reduce(besideByteCount) { $0.addingClamped($1.totalByteCount) }
    }

    /// The weights, on every device.
    var weightsByteCount: Int64 { devices.reduce(0) { $0.addingClamped($1.weightsByteCount) } }
}
