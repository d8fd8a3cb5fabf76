public import Inference

/// A model in a locked process of its own, whose speed is measured. The process ends with this, or when its
/// measurements are cancelled.
public final class WorkerMeasurer: SpeedMeter {
    /// What was loaded.
    public let info: LoadedModelInfo
    private let link: WorkerLink
    /// Its process, while there is one.
    var processIdentifier: Int32? { link.processIdentifier }

    /// Longest run that is believed, in seconds.
    private static let secondsLimit = 1e6

    private init(_ info: LoadedModelInfo, link: WorkerLink) {
        self.info = info
        self.link = link
    }

    deinit { link.kill() }

    /// Loads a model's weights, so that it can be measured.
    ///
    /// - Throws: `InferenceError`, `.notAGenerator` for a model that does not generate, `.sandboxUnavailable` where a
    ///   worker cannot be locked; `CancellationError`.
    public static func start(
        _ program: WorkerProgram, files: ModelFileSet, name: String, options: LoadOptions = .init(),
        progress: (@Sendable (Double) -> Void)? = nil
    ) async throws -> WorkerMeasurer {
        try options.validate()
        var program = program
        // Nothing is kept of what random tokens give.
        program.prefixes = nil
        var files = files
        (files.projector, files.draft, files.adapters) = (nil, nil, [])
        var setup = WorkerLink.Setup(
            program: program, name: name, files: try WorkerFiles(files), options: options, identity: "")
        setup.isMeasured = true
        let link = WorkerLink(setup, progress: progress)
        let loaded = try await link.load()
        link.onEnd { _ in }
        return WorkerMeasurer(loaded.info, link: link)
    }

    /// Measures. Questions are answered one after the other.
    ///
    /// - Throws: `InferenceError`, `.outOfMemory` when a context does not fit, `.workerCrashed` when the process died;
    ///   `CancellationError`: the process ends then.
    public func answer(_ question: SpeedQuestion) async throws -> SpeedAnswer {
        let payload = try WorkerJSON.encode(question)
        let (link, pending) = (link, link.pending)
        let bytes: [UInt8]
        do {
            bytes = try await withTaskCancellationHandler {
                try Task.checkCancellation()
                return try await withCheckedThrowingContinuation { continuation in
                    guard let request = pending.add(continuation) else { return }
                    guard link.send(.measure, request, payload) else {
                        return pending.fail(request, InferenceError.unloaded)
                    }
                }
            } onCancel: {
                link.kill()
            }
        } catch InferenceError.unloaded where Task.isCancelled {
            throw CancellationError()
        }
        do {
            let answer = try WorkerJSON.decode(SpeedAnswer.self, from: bytes)
            try Self.check(answer, question)
            return answer
        } catch let error as WorkerProtocolError {
            link.distrust(error.description)
            throw InferenceError.workerFailed(reason: "it answered what cannot be: \(error.description)")
        }
    }

    /// Ends the process.
    public func end() { link.unload() }

    private static func check(_ answer: SpeedAnswer, _ question: SpeedQuestion) throws {
        let counts = [
            (answer.promptSeconds, question.promptTokenCount), (answer.generationSeconds, question.generatedTokenCount),
        ]
        for (seconds, tokenCount) in counts {
            guard seconds.count == (tokenCount > 0 ? question.repetitionCount : 0),
                seconds.allSatisfy({ $0 > 0 && $0 < secondsLimit })
            else { throw WorkerProtocolError("durations that cannot be") }
        }
    }
}
