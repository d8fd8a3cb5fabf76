/// One way to learn of graphics processors: a vendor's library or the kernel's files.
public protocol GraphicsSource: Sendable {
    /// Those that there are now. Blocks; a vendor's library may take a second to start.
    func devices() -> [GraphicsProcessor]
}

/// What several sources tell, each device once.
struct GraphicsSources {
    let sources: [any GraphicsSource]

    /// Sources that know more come first: of a device that has been told of, later ones add what is missing.
    func devices() -> [GraphicsProcessor] {
        var devices: [GraphicsProcessor] = []
        for device in sources.flatMap({ $0.devices() }) {
            if let address = device.busAddress, let index = devices.firstIndex(where: { $0.busAddress == address }) {
                devices[index].fill(from: device)
            } else {
                devices.append(device)
            }
        }
        return devices
    }
}

extension GraphicsProcessor {
    /// Takes what is unknown here from another reading of the same device.
    mutating func fill(from other: GraphicsProcessor) {
        name = name ?? other.name
        // These three belong together.
        if totalByteCount == nil {
            (totalByteCount, usedByteCount, freeByteCount) = (
                other.totalByteCount, other.usedByteCount, other.freeByteCount
            )
        }
        computeCapability = computeCapability ?? other.computeCapability
        driverVersion = driverVersion ?? other.driverVersion
        temperature = temperature ?? other.temperature
        power = power ?? other.power
        powerLimit = powerLimit ?? other.powerLimit
        utilization = utilization ?? other.utilization
    }

    /// A bus address as all sources write it: domain of four digits, lower case.
    static func normalized(busAddress: String) -> String {
        let parts = busAddress.lowercased().split(separator: ":")
        guard parts.count == 3, let domain = UInt32(parts[0], radix: 16) else { return busAddress.lowercased() }
        let digits = String(domain, radix: 16)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits + ":\(parts[1]):\(parts[2])"
    }
}
