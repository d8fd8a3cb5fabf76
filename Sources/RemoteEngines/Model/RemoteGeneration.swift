import AsyncHTTPClient
import Inference
import NIOCore
import NIOHTTP1

/// One request on its way: tries engine after engine until a token has come, then passes on what comes.
struct RemoteGeneration: Sendable {
    let request: GenerationRequest
    let model: RemoteModel
    private let submitted = ContinuousClock.now
    private var router: EngineRouter { model.router }
    /// Bytes of an answer as they come, whatever is in them.
    private static let byteLimit = 1 << 30

    init(request: GenerationRequest, model: RemoteModel) {
        self.request = request
        self.model = model
    }

    /// Throws `InferenceError`, `RemoteEngineError`, `CancellationError`.
    mutating func run(into queue: EventQueue<GenerationEvent>) async throws {
        try await model.withEngine { attempt in
            try await answer(attempt, into: queue)
        }
    }

    /// Throws `EngineFailure` as long as no token has come, then `RemoteEngineError.interrupted`.
    private func answer(_ attempt: EngineAttempt, into queue: EventQueue<GenerationEvent>) async throws {
        let call = try attempt.body.call(request, model: attempt.remoteName)
        var assembly = AnswerAssembly(
            choiceCount: request.choiceCount, seed: request.options.seed, submitted: submitted)
        do {
            let address = attempt.engine.address
            let url =
                switch call.endpoint {
                case .chat: address.api("chat/completions")
                case .completions: address.api("completions")
                case .infill: address.root("infill")
                }
            let response = try await attempt.transport.open(.POST, url, body: call.body, accept: "text/event-stream")
            try await pass(response, through: &assembly, to: queue)
        } catch let error as CancellationError {
            throw error
        } catch {
            try Task.checkCancellation()
            throw attempt.error(for: error, hasBegun: assembly.hasBegun)
        }
    }

    private func pass(
        _ response: HTTPClientResponse, through assembly: inout AnswerAssembly, to queue: EventQueue<GenerationEvent>
    ) async throws {
        // Some ignore that a stream was asked for.
        let isWhole = response.headers.first(name: "content-type")?.lowercased().hasPrefix("application/json") ?? false
        var parser = EventStreamParser()
        var whole: [UInt8] = []
        var byteCount = 0
        var isMarked = false
        func take(_ events: [EventStreamParser.Event], _ assembly: inout AnswerAssembly) async throws {
            for event in events where !isMarked {
                if event.data == "[DONE]" {
                    isMarked = true
                } else if event.name == "error" {
                    throw AnswerAssembly.Violation.fault(EngineFault(body: Array(event.data.utf8)))
                } else {
                    for event in try assembly.take(event.data, now: .now) { try await send(event, to: queue) }
                }
            }
        }
        for try await buffer in response.body {
            byteCount += buffer.readableBytes
            guard byteCount <= (isWhole ? EngineTransport.answerLimit : Self.byteLimit) else {
                throw AnswerAssembly.Violation.tooLarge(limit: Self.byteLimit)
            }
            if isWhole {
                whole += buffer.readableBytesView
            } else {
                try await take(parser.events(in: buffer.readableBytesView), &assembly)
                if isMarked { break }
            }
        }
        try Task.checkCancellation()
        if isWhole {
            for event in try assembly.take(String(decoding: whole, as: UTF8.self), now: .now) {
                try await send(event, to: queue)
            }
        } else if !isMarked {
            do {
                try await take(parser.finish(), &assembly)
            } catch AnswerAssembly.Violation.malformed {
                // The beginning of a piece whose rest did not come.
                throw AnswerAssembly.Violation.incomplete
            }
        }
        for event in try assembly.finish(isMarked: isMarked || isWhole, now: .now) {
            if case .finished(let result) = event { model.count(result) }
            try await send(event, to: queue)
        }
    }

    private func send(_ event: GenerationEvent, to queue: EventQueue<GenerationEvent>) async throws {
        guard await queue.send(event) else { throw CancellationError() }
    }
}
