public import Foundation
public import Inference
public import Planning

/// Loads to be made in a process of their own, as its devices are the process's for good.
public struct OffloadTrial: Sendable, Codable {
    /// GPUs that are made for it (`RPC0`, `RPC1`, …), each with so many bytes; beside those that the engine has.
    public var deviceByteCounts: [Int64]
    /// One after the other.
    public var loads: [Load]

    /// A model that is loaded, asked once and unloaded.
    public struct Load: Sendable, Codable {
        /// Its file.
        public var file: URL
        /// How it is loaded.
        public var options: LoadOptions
        /// What a plan is to be made for, whose settings take the place of ``options``; `nil` makes none.
        public var request: PlanRequest?
        /// Whether the engine tells the plan its figures.
        public var planIsExact = true
        /// What it is to go on with, greedily.
        public var prompt: String
        /// How far.
        public var tokenCount: Int

        /// A load of `file`.
        public init(_ file: URL, options: LoadOptions, prompt: String, tokenCount: Int) {
            self.file = file
            self.options = options
            self.prompt = prompt
            self.tokenCount = tokenCount
        }
    }

    /// Loads with these devices.
    public init(deviceByteCounts: [Int64], loads: [Load]) {
        self.deviceByteCounts = deviceByteCounts
        self.loads = loads
    }
}

/// What came of an ``OffloadTrial``.
public struct OffloadOutcome: Sendable, Codable {
    /// The engine's devices before the first load.
    public var devices: [EngineDevice]
    /// Those of them that a load takes when its options name none.
    public var graphics: [String]
    /// One for each load.
    public var loads: [Load]

    /// What came of a load. Bytes are by the names of devices.
    public struct Load: Sendable, Codable {
        /// What was planned.
        public var plan: ModelPlan?
        /// What the engine said before, of the file without its weights.
        public var estimate: MemoryEstimate?
        /// What it accounts for while the model is loaded.
        public var memory: ModelMemory?
        /// What the model said.
        public var tokens: [Int32] = []
        /// Why it could not.
        public var error: InferenceError?
        /// What each device has less of while the model is loaded, as it says itself.
        public var taken: [String: Int64] = [:]
        /// What the process that is the device has more of in RAM, after the model computed.
        public var grown: [String: Int64] = [:]
        /// What each device has less of once the model is unloaded.
        public var left: [String: Int64] = [:]

        /// Nothing yet.
        public init() {}
    }

    /// What is known before the first load.
    public init(devices: [EngineDevice], graphics: [String]) {
        self.devices = devices
        self.graphics = graphics
        loads = []
    }
}
