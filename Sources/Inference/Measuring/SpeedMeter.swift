import Dispatch

/// Something that measures one loaded model.
public protocol SpeedMeter: Sendable {
    /// What was loaded.
    var info: LoadedModelInfo { get }
    /// Measures; one question at a time.
    ///
    /// - Throws: `InferenceError`; `CancellationError`.
    func answer(_ question: SpeedQuestion) async throws -> SpeedAnswer
}

/// Measures a model in this process, on a thread of its own: for models that are trusted.
public final class InProcessMeter: SpeedMeter {
    /// What was loaded.
    public let info: LoadedModelInfo
    nonisolated(unsafe) private let model: MeasuredModel  // why sound: used on the serial queue only
    /// The computations block; the pool's threads are not for that.
    private let queue: DispatchQueue
    private let flag: CancellationFlag

    private init(_ model: MeasuredModel, queue: DispatchQueue, flag: CancellationFlag) {
        info = model.info
        self.model = model
        self.queue = queue
        self.flag = flag
    }

    /// Loads a model's weights.
    ///
    /// - Parameter contextLimit: contexts that are kept, so that some can be measured in turns.
    /// - Throws: `InferenceError`.
    public static func start(
        _ files: ModelFileSet, name: String, options: LoadOptions = .init(), contextLimit: Int = 2,
        progress: (@Sendable (Double) -> Void)? = nil
    ) async throws -> InProcessMeter {
        let queue = DispatchQueue(label: "roost.measure")
        let flag = CancellationFlag()
        return try await withCheckedThrowingContinuation { continuation in
            queue.async {
                continuation.resume(
                    with: Result {
                        let model = try MeasuredModel(
                            files, name: name, options: options, isOver: { flag.isSet }, progress: progress)
                        model.contextLimit = max(1, contextLimit)
                        return InProcessMeter(model, queue: queue, flag: flag)
                    })
            }
        }
    }

    /// Measures. Once one measurement was cancelled, none after it is made.
    ///
    /// - Throws: `InferenceError`; `CancellationError`.
    public func answer(_ question: SpeedQuestion) async throws -> SpeedAnswer {
        try await withTaskCancellationHandler {
            try Task.checkCancellation()
            return try await withCheckedThrowingContinuation { continuation in
                queue.async { [self] in continuation.resume(with: Result { try model.answer(question) }) }
            }
        } onCancel: {
            flag.set()
        }
    }
}
