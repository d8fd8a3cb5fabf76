public import Foundation
public import Inference
public import ModelStore
public import Workers

/// A model in memory, as `roost ps` shows it.
public struct LoadedModelStatus: Sendable {
    /// The model in the store.
    public var record: ModelRecord
    /// How it was loaded.
    public var info: LoadedModelInfo
    /// Bytes that it takes.
    public var memory: ModelMemory
    /// What was given up so that it could be loaded, step by step; empty as a rule.
    public var retreats: [LoadRetreat]
    /// When loading ended.
    public var loadedAt: Date
    /// When it goes if no request comes; `nil` when it stays, or while it is in use.
    public var expiresAt: Date?
    /// Whether it stays until it is told to go.
    public var isPinned: Bool
    /// What stands between it and the machine.
    public var isolation: ModelIsolation
    /// What it does now; the process that computes, and the memory that this holds.
    public var activity: ModelActivity
    /// Requests that are computed now.
    public var activeRequestCount: Int { activity.activeRequestCount }
    /// Requests that wait.
    public var queuedRequestCount: Int { activity.queuedRequestCount }

    init(record: ModelRecord, resident: ResidentModel) {
        self.record = record
        info = resident.model.info
        memory = resident.model.memory
        retreats = resident.retreats
        loadedAt = resident.loadedAt
        expiresAt = resident.expiresAt
        isPinned = resident.isPinned
        isolation = resident.model.knownIsolation
        activity = resident.model.activity
    }
}
