import CLlama
import Foundation
import LlamaBridge

/// What a projector takes on each device.
struct ProjectorMemory {
    /// The host first.
    let devices: [DeviceMemory]

    /// By the engine's account, or its file's length where that has none.
    init(file: URL, options: LoadOptions) {
        var memory = roost_layout_context()
        let isKnown = roost_layout_projector_memory(
            file.path, options.usesGraphics, options.flashAttention.engineType.rawValue, &memory)
        if isKnown {
            devices = ContextMemory(memory).devices
        } else {
            let byteCount = (try? file.resourceValues(forKeys: [.fileSizeKey]).fileSize) ?? 0
            devices = [DeviceMemory(device: "CPU", isHost: true, weightsByteCount: Int64(byteCount))]
        }
    }
}

extension MemoryEstimate {
    mutating func add(_ projector: ProjectorMemory) {
        for device in projector.devices {
            if device.isHost {
                projectorByteCount += device.weightsByteCount
            } else if let index = devices.firstIndex(where: { $0.device == device.device }) {
                devices[index].weightsByteCount += device.weightsByteCount
            } else {
                devices.append(device)
            }
        }
    }
}
