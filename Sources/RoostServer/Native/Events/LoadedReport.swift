import Foundation
import Roost

/// A model in memory as `GET /roost/v1/loaded` shows it; the words are those of `roost ps --json`.
struct LoadedReport: Encodable, Sendable, Hashable {
    let name: String
    let digest: String
    let architecture: String
    let byteCount: Int64
    let memory: [DeviceMemory]
    let contextLength: Int
    let loadedAt: Date
    let expiresAt: Date?
    let isPinned: Bool
    let isolation: ModelIsolation
    let pid: Int32?
    let residentByteCount: Int64?
    let activeRequestCount: Int
    let queuedRequestCount: Int
    let usedCellCount: Int
    let cellCount: Int
    let prefixByteCount: Int64
    let generatedTokenCount: Int64
    let promptTokenCount: Int64
    let cachedPromptTokenCount: Int64
    let tokensPerSecond: Double?
    let promptTokensPerSecond: Double?
    let retreats: [LoadRetreat]

    init(_ status: LoadedModelStatus, rates: TokenRates.Rates?) {
        let activity = status.activity
        name = status.record.name.description
        digest = status.record.digest.hexadecimal
        architecture = status.info.architecture
        byteCount = status.memory.totalByteCount
        memory = status.memory.devices
        contextLength = status.info.contextLength
        loadedAt = status.loadedAt
        expiresAt = status.expiresAt
        isPinned = status.isPinned
        isolation = status.isolation
        pid = activity.processIdentifier
        residentByteCount = activity.residentByteCount
        activeRequestCount = activity.activeRequestCount
        queuedRequestCount = activity.queuedRequestCount
        usedCellCount = activity.usedCellCount
        cellCount = activity.cellCount
        prefixByteCount = activity.prefixByteCount
        generatedTokenCount = activity.generatedTokenCount
        promptTokenCount = activity.promptTokenCount
        cachedPromptTokenCount = activity.cachedPromptTokenCount
        tokensPerSecond = rates?.tokensPerSecond
        promptTokensPerSecond = rates?.promptTokensPerSecond
        retreats = status.retreats
    }
}
