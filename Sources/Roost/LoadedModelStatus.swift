public import Foundation
public import Inference
public import ModelStore
import Workers

/// A model in memory, as `roost ps` shows it.
public struct LoadedModelStatus: Sendable {
    /// The model in the store.
    public var record: ModelRecord
    /// How it was loaded.
    public var info: LoadedModelInfo
    /// Bytes that it takes.
    public var memory: ModelMemory
    /// When loading ended.
    public var loadedAt: Date
    /// When it goes if no request comes; `nil` when it stays, or while it is in use.
    public var expiresAt: Date?
    /// Requests that are computed now.
    public var activeRequestCount: Int
    /// Requests that wait.
    public var queuedRequestCount: Int

    init(record: ModelRecord, resident: ResidentModel) {
        self.record = record
        info = resident.model.info
        memory = resident.model.memory
        loadedAt = resident.loadedAt
        expiresAt = resident.expiresAt
        activeRequestCount = resident.model.activity.activeRequestCount
        queuedRequestCount = resident.model.activity.queuedRequestCount
    }
}
