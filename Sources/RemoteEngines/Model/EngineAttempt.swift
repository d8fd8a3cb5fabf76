import Inference

/// One engine that is asked for one request.
struct EngineAttempt: Sendable {
    let engine: RemoteEngine
    let transport: EngineTransport
    /// What the engine calls the model.
    let remoteName: String
    let body: RequestBody

    /// What an error means: for the next engine while no token has come, for the client after that.
    func error(for error: any Error, hasBegun: Bool) -> any Error {
        let reason: String
        switch error {
        case let failure as EngineFailure:
            if !hasBegun { return failure }
            reason = failure.reason
        case let violation as AnswerAssembly.Violation:
            // What the engine says of the request itself is nobody else's to mend.
            if case .fault(let fault) = violation, !hasBegun {
                let status = fault.status ?? 500
                return EngineFailure(
                    status: (400...599).contains(status) ? status : 500, fault: shown(fault), retryAfter: nil)
            }
            reason = words(for: violation)
            if case .tooLarge = violation { break }
            if !hasBegun { return EngineFailure.engine(reason: reason) }
        case let violation as EventStreamParser.Violation:
            reason =
                switch violation {
                case .lineTooLong(let limit): "a line of its answer is longer than \(limit) bytes"
                case .eventTooLong(let limit): "a piece of its answer is longer than \(limit) bytes"
                }
            if !hasBegun { return EngineFailure.engine(reason: reason) }
        case is InferenceError, is RemoteEngineError: return error
        default:
            let failure = EngineFailure(error)
            if !hasBegun { return failure }
            reason = failure.reason
        }
        return RemoteEngineError.interrupted(engine: engine.name, reason: reason)
    }

    private func words(for violation: AnswerAssembly.Violation) -> String {
        switch violation {
        case .fault(let fault): shown(fault).shownMessage
        case .malformed(let reason): reason
        case .tooLarge(let limit): "it is larger than \(limit) bytes"
        case .incomplete: "the connection was closed before the end"
        }
    }

    private func shown(_ fault: EngineFault) -> EngineFault {
        guard let key = engine.key else { return fault }
        var fault = fault
        fault.message = key.removed(from: fault.message)
        return fault
    }
}

extension RemoteModel {
    /// Connections that were kept for later requests and may all have been closed.
    private static let keptConnectionCount = 8

    /// A connection that was kept for the next request may be closed as that is sent; nothing was computed then. Each
    /// further attempt has another one, at last one of its own.
    private static func onLiveConnection<Answer: Sendable>(
        _ body: () async throws -> Answer
    ) async throws -> Answer {
        for _ in 0..<keptConnectionCount {
            do { return try await body() } catch EngineFailure.closedBeforeAnswer {}
        }
        return try await body()
    }

    /// Asks the engines that have the model, one after the other, until one does not fail.
    ///
    /// - Parameter body: throws `EngineFailure` for what another engine may do better, and
    ///   ``RemoteEngineError/unsupported(engine:what:advice:)`` for what this one has not and another one may have.
    /// - Throws: `RemoteEngineError`, `InferenceError`, `CancellationError`.
    func withEngine<Answer: Sendable>(
        _ body: (EngineAttempt) async throws -> Answer
    ) async throws -> Answer {
        var tried: Set<Int> = []
        var reasons: [RemoteEngineError.EngineReason] = []
        var missingCount = 0
        var lacking: RemoteEngineError?
        var suspects: [(index: Int, reason: String)] = []
        while let lease = router.begin(route, excluding: tried) {
            let engine = router.engines[lease.index]
            let attempt = EngineAttempt(
                engine: engine, transport: router.transports[lease.index], remoteName: lease.model.facts.name,
                body: RequestBody(engine: engine.name, kind: router.kind(lease.index)))
            var outcome = RoutingState.Outcome.abandoned
            defer { router.end(lease, outcome) }
            do {
                let answer = try await Self.onLiveConnection { try await body(attempt) }
                outcome = .answered
                // The request was not at fault.
                for suspect in suspects { router.blame(suspect.index, reason: suspect.reason) }
                return answer
            } catch let failure as EngineFailure {
                tried.insert(lease.index)
                reasons.append(.init(engine: engine.name, reason: failure.reason))
                switch failure {
                case .engine, .closedBeforeAnswer: outcome = .failed(reason: failure.reason)
                case .suspect(let reason):
                    outcome = .doubtful(reason: reason)
                    suspects.append((lease.index, reason))
                case .missing:
                    outcome = .abandoned
                    missingCount += 1
                case .busy(_, let wait): outcome = .busy(for: wait)
                case .request(let status, let fault):
                    outcome = .answered
                    throw RemoteEngineError.refused(
                        engine: engine.name, status: status, message: fault.shownMessage, code: fault.code)
                }
            } catch let error as RemoteEngineError {
                if case .unsupported = error {
                    tried.insert(lease.index)
                    lacking = lacking ?? error
                    continue
                }
                if case .interrupted(_, let reason) = error { outcome = .failed(reason: reason) }
                throw error
            }
        }
        try Task.checkCancellation()
        if let lacking, missingCount == reasons.count { throw lacking }
        if missingCount > 0, missingCount == reasons.count {
            throw RemoteEngineError.noModel(model: name, engines: reasons.map(\.engine))
        }
        throw RemoteEngineError.unavailable(model: name, reasons: reasons.isEmpty ? router.reasons(route) : reasons)
    }
}
