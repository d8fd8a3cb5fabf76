import Foundation
import Roost

/// What this process and the workers hold, at one moment.
struct SoakMemory: Codable {
    let seconds: Double
    let ownByteCount: Int64
    let workerByteCount: Int64
    let modelCount: Int
    let usedCellCount: Int
    let prefixByteCount: Int64
    let activeRequestCount: Int
    let queuedRequestCount: Int

    var totalByteCount: Int64 { ownByteCount + workerByteCount }

    static func now(_ manager: ModelManager, since start: ContinuousClock.Instant) async throws -> SoakMemory {
        let models = try await manager.loadedModels()
        return SoakMemory(
            seconds: (ContinuousClock.now - start) / .seconds(1),
            ownByteCount: ProcessMemory.current().residentByteCount,
            workerByteCount: models.reduce(0) { $0 + ($1.activity.residentByteCount ?? 0) },
            modelCount: models.count, usedCellCount: models.reduce(0) { $0 + $1.activity.usedCellCount },
            prefixByteCount: models.reduce(0) { $0 + $1.activity.prefixByteCount },
            activeRequestCount: models.reduce(0) { $0 + $1.activity.activeRequestCount },
            queuedRequestCount: models.reduce(0) { $0 + $1.activity.queuedRequestCount })
    }
}
