import Inference

/// What a worker's words must be to be believed. The worker ran a model file that anybody may have made: whatever it
/// says is looked at before it is used, and one wrong word ends it.
enum AnswerRules {
    /// No count is larger; sums of a few of them cannot overflow.
    static let countLimit: Int64 = 1 << 48
    /// No size of a device's memory is larger; sums of all of them cannot overflow.
    static let sizeLimit: Int64 = 1 << 52
    /// Most bytes of text, all deltas of a request together.
    static let textLimit = 256 << 20

    static func check(_ event: GenerationEvent, choiceCount: Int) throws {
        switch event {
        case .queued(let place): try require(count(place), "a place in the queue")
        case .promptProgress(let processed, let total, let cached):
            try require([processed, total, cached].allSatisfy(count), "prompt progress")
        case .delta(let delta): try check(delta, choiceCount: choiceCount)
        case .finished(let result): try check(result, choiceCount: choiceCount)
        }
    }

    static func check(_ delta: GenerationDelta, choiceCount: Int) throws {
        try require((0..<choiceCount).contains(delta.choice), "the choice \(delta.choice)")
        try require(delta.toolCalls.allSatisfy { (0..<4096).contains($0.index) }, "a tool call's number")
    }

    static func check(_ result: GenerationResult, choiceCount: Int) throws {
        try require((0..<choiceCount).contains(result.choice), "the choice \(result.choice)")
        let counts = [
            result.promptTokenCount, result.cachedPromptTokenCount, result.completionTokenCount,
            result.draftedTokenCount, result.acceptedDraftTokenCount, result.reasoningTokenCount,
        ]
        try require(counts.allSatisfy(count), "a count of tokens")
        try require(result.cachedPromptTokenCount <= result.promptTokenCount, "more cached tokens than tokens")
        let durations = [result.queueDuration, result.promptDuration, result.completionDuration, result.totalDuration]
        try require((durations + [result.timeToFirstToken ?? .zero]).allSatisfy(duration), "a duration")
    }

    static func check(_ activity: ModelActivity) throws {
        let counts = [
            activity.activeRequestCount, activity.queuedRequestCount, activity.usedCellCount, activity.cellCount,
        ]
        try require(counts.allSatisfy(count), "its activity")
        let sums = [
            activity.prefixByteCount, activity.generatedTokenCount, activity.promptTokenCount,
            activity.cachedPromptTokenCount,
        ]
        try require(sums.allSatisfy { (0...countLimit).contains($0) }, "its activity")
    }

    static func check(_ loaded: WorkerLoaded) throws {
        let (info, memory) = (loaded.info, loaded.memory)
        let counts = [
            info.contextLength, info.trainedContextLength, info.vocabularyCount, info.embeddingLength, info.layerCount,
            info.threadCount,
        ]
        try require(counts.allSatisfy(count), "what it says of the model")
        let sizes = [
            info.parameterCount, info.byteCount, memory.weightsByteCount, memory.contextByteCount,
            memory.computeByteCount,
        ]
        try require(sizes.allSatisfy { (0...countLimit).contains($0) }, "what it says of the model")
        try require(areTrue(memory.devices), "what it says of devices")
    }

    /// Whether devices could give that.
    static func areTrue(_ devices: [DeviceMemory]) -> Bool {
        devices.count <= 64
            && devices.allSatisfy { device in
                device.device.utf8.count <= 256
                    && [device.weightsByteCount, device.contextByteCount, device.computeByteCount].allSatisfy {
                        (0...sizeLimit).contains($0)
                    }
            }
    }

    private static func count(_ value: Int) -> Bool { value >= 0 && value <= countLimit }
    private static func duration(_ value: Duration) -> Bool { value >= .zero && value < .seconds(1 << 32) }

    private static func require(_ holds: Bool, _ what: String) throws {
        if !holds { throw WorkerProtocolError("\(what) that cannot be") }
    }
}
