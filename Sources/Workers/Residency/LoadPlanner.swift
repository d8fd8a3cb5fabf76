import Foundation
public import Inference

/// Decides how a model is loaded where nobody has said, and what to try when it cannot be loaded so.
public protocol LoadPlanner: Sendable {
    /// How the model of `request` is loaded, and what it will take.
    ///
    /// Memory is said rather too high than too low; `nil` when it cannot be told, and the engine itself has to refuse
    /// what does not fit.
    ///
    /// - Parameter room: what the model may have when all others that may go have gone.
    func plan(_ request: ModelRequest, room: LoadRoom) async -> LoadPlan

    /// What to try instead after memory was short for `plan`; `nil` when nothing is left to try.
    ///
    /// - Parameters:
    ///   - error: what was said: `InferenceError.outOfMemory`, `.noRoom`, or a failure of the engine.
    ///   - room: what the model may have.
    func retreat(
        from plan: LoadPlan, of request: ModelRequest, after error: InferenceError, room: LoadRoom
    ) async -> LoadPlan?

    /// Told what a load that was planned took in the end, when the model has gone.
    func learn(_ outcome: LoadOutcome, of request: ModelRequest) async
}

/// What a model may have.
public struct LoadRoom: Sendable, Hashable {
    /// Bytes of the machine's memory; `nil` when unknown.
    public var availableByteCount: Int64?
    /// Bytes of devices that come free for it, by the engine's names, beside what they have free now.
    public var freedByteCounts: [String: Int64]

    /// So much room.
    public init(availableByteCount: Int64?, freedByteCounts: [String: Int64] = [:]) {
        self.availableByteCount = availableByteCount
        self.freedByteCounts = freedByteCounts
    }
}

/// What was planned for a load, and what it took.
public struct LoadOutcome: Sendable, Hashable {
    /// How it was loaded.
    public var plan: LoadPlan
    /// What the engine accounts for.
    public var memory: ModelMemory
    /// The model's kind: `general.architecture`.
    public var architecture: String
    /// The most that the model's process held, mapped files included, in bytes; `nil` when it had none of its own, and
    /// where the system does not say.
    public var peakByteCount: Int64?
    /// Tokens that it has computed, of prompts and answers.
    public var tokenCount: Int64
}

extension LoadPlanner {
    /// Nothing is learned.
    public func learn(_ outcome: LoadOutcome, of request: ModelRequest) async {}

    /// Nothing else is tried.
    public func retreat(
        from plan: LoadPlan, of request: ModelRequest, after error: InferenceError, room: LoadRoom
    ) async -> LoadPlan? { nil }
}

/// How a model is loaded.
public struct LoadPlan: Sendable, Hashable {
    /// What the engine is told.
    public var options: LoadOptions
    /// What it takes of the machine's own memory, which is what room is made of; `nil` when that is unknown.
    public var memory: ModelMemory?
    /// Devices with memory of their own, by the engine's names: what is there takes nothing of the machine's.
    public var ownMemoryDevices: Set<String> = []
    /// What was changed since the first plan because memory was short, step by step.
    public var retreats: [LoadRetreat]
    /// What it takes part by part; `nil` when that is unknown.
    public var estimate: MemoryEstimate?
    /// Bytes of `estimate` that were added to the engine's own figures because earlier loads took more; `nil` where the
    /// engine was not asked.
    public var addedByteCount: Int64?
    /// Why the model is not loaded: it does not fit, whatever goes for it. What is missing first, then what would help.
    public var refusal: [String]

    /// A plan; by an estimate, and with the memory of that.
    public init(
        options: LoadOptions, estimate: MemoryEstimate, ownMemoryDevices: Set<String> = [],
        retreats: [LoadRetreat] = [], refusal: [String] = []
    ) {
        var memory = ModelMemory(estimate.devices.filter { !ownMemoryDevices.contains($0.device) })
        memory.computeByteCount += estimate.besideByteCount
        self.init(options: options, memory: memory, retreats: retreats, refusal: refusal)
        self.estimate = estimate
        self.ownMemoryDevices = ownMemoryDevices
    }

    /// A plan.
    public init(
        options: LoadOptions, memory: ModelMemory? = nil, retreats: [LoadRetreat] = [],
        refusal: [String] = []
    ) {
        self.options = options
        self.memory = memory
        self.retreats = retreats
        self.refusal = refusal
    }
}

extension ModelMemory {
    /// What it is without what lies on some devices.
    func without(_ names: Set<String>) -> ModelMemory {
        let there = ModelMemory(devices.filter { names.contains($0.device) })
        return ModelMemory(
            weightsByteCount: max(0, weightsByteCount - there.weightsByteCount),
            contextByteCount: max(0, contextByteCount - there.contextByteCount),
            computeByteCount: max(0, computeByteCount - there.computeByteCount),
            devices: devices.filter { !names.contains($0.device) })
    }
}

/// One thing that was given up so that a model could be loaded.
public struct LoadRetreat: Sendable, Hashable, Codable {
    /// One sentence: what was changed, from what to what, and why.
    public var message: String
    /// Whether answers are of other quality by it.
    public var changesQuality: Bool

    /// A step.
    public init(message: String, changesQuality: Bool) {
        self.message = message
        self.changesQuality = changesQuality
    }
}

extension InferenceError {
    /// Whether less memory could have helped: the machine's or a device's was short.
    public var isMemoryShortage: Bool {
        switch self {
        case .outOfMemory: true
        case .noRoom(_, _, _, let modelLimit, _): modelLimit == nil
        case .loadFailed(_, let reason), .workerFailed(let reason):
            // What the engine's back ends say when a device refuses a buffer.
            ["failed to allocate", "out of memory", "ErrorOutOfDeviceMemory", "unable to allocate"].contains {
                reason.range(of: $0, options: .caseInsensitive) != nil
            }
        default: false
        }
    }
}
