import Foundation
import Roost

/// Asks the server that runs for this home directory, by its Ollama-compatible API.
struct RemoteBackend: ChatBackend {
    let client: ServerClient

    func load(
        _ model: RunModel, settings: RunSettings, progress: @escaping @Sendable (Double) -> Void
    ) async throws {
        // A request without a prompt loads.
        let _: Line = try await client.json(.post, "/api/generate", body: Request(model, settings, input: nil))
    }

    func answer(
        _ input: RunInput, by model: RunModel, settings: RunSettings
    ) -> any RunEvents {
        let path =
            switch input {
            case .conversation: "/api/chat"
            case .text: "/api/generate"
            }
        let lines = client.lines(.post, path, body: Request(model, settings, input: input))
        return AsyncThrowingStream<RunEvent, any Error> { continuation in
            let task = Task {
                do {
                    try await Self.forward(lines, to: continuation)
                    continuation.finish()
                } catch {
                    continuation.finish(throwing: error)
                }
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }

    func memory(of model: RunModel) async -> RunMemory? {
        await process(of: model).map { RunMemory(modelByteCount: $0.size, peakProcessByteCount: nil) }
    }

    func retreats(of model: RunModel) async -> [LoadRetreat] {
        await process(of: model)?.retreats?.map(\.step) ?? []
    }

    private func process(of model: RunModel) async -> ServerProcesses.Model? {
        guard let record = model.record else { return nil }
        let processes: ServerProcesses? = try? await client.json(.get, "/api/ps")
        return processes?.models.first { $0.digest == record.digest.hexadecimal }
    }

    func close() async {}

    private static func forward(
        _ lines: AsyncThrowingStream<Data, any Error>,
        to continuation: AsyncThrowingStream<RunEvent, any Error>.Continuation
    ) async throws {
        let started = ContinuousClock.now
        var firstText: Duration?
        for try await data in lines {
            let line: Line
            do {
                line = try JSONDecoder().decode(Line.self, from: data)
            } catch {
                throw ServerClientError.unexpectedAnswer(path: "/api/generate", reason: "\(error)")
            }
            let piece = line.message?.content ?? line.response ?? ""
            if !piece.isEmpty {
                firstText = firstText ?? (ContinuousClock.now - started)
                continuation.yield(.text(piece))
            }
            if line.done {
                let total = ContinuousClock.now - started
                continuation.yield(.finished(line.result(timeToFirstToken: firstText, total: total)))
                return
            }
        }
    }

    /// A request to `/api/generate` or `/api/chat`.
    private struct Request: Encodable, Sendable {
        let model: String
        let input: RunInput?
        let keepAlive: KeepAlive?
        let options: [String: GenerationParameter.Value]

        init(_ model: RunModel, _ settings: RunSettings, input: RunInput?) {
            self.model = model.name.description
            self.input = input
            keepAlive = settings.keepAlive
            // All of them, for the server's defaults are Ollama's.
            options = GenerationParameter.all.reduce(into: [:]) { options, parameter in
                options[parameter.name] = parameter.value(settings)
            }
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(model, forKey: .model)
            try container.encode(options, forKey: .options)
            switch keepAlive {
            case nil: break
            case .after(let duration): try container.encode(duration / .seconds(1), forKey: .keepAlive)
            case .forever: try container.encode(-1, forKey: .keepAlive)
            case .never: try container.encode(0, forKey: .keepAlive)
            }
            switch input {
            case nil: break
            case .conversation(let messages):
                try container.encode(messages.map(RemoteMessage.init), forKey: .messages)
            case .text(let text):
                try container.encode(text, forKey: .prompt)
                try container.encode(true, forKey: .raw)
            }
        }

        private enum CodingKeys: String, CodingKey {
            case model, options, messages, prompt, raw
            case keepAlive = "keep_alive"
        }
    }

    /// A line of the answer; durations in nanoseconds.
    private struct Line: Decodable, Sendable {
        struct Message: Decodable, Sendable {
            let content: String
        }

        let response: String?
        let message: Message?
        let done: Bool
        let doneReason: String?
        let promptEvalCount: Int?
        let promptEvalDuration: Int64?
        let evalCount: Int?
        let evalDuration: Int64?

        func result(timeToFirstToken: Duration?, total: Duration) -> RunResult {
            RunResult(
                finishReason: doneReason == "length" ? .length : .stop, promptTokenCount: promptEvalCount ?? 0,
                promptDuration: .nanoseconds(promptEvalDuration ?? 0), completionTokenCount: evalCount ?? 0,
                completionDuration: .nanoseconds(evalDuration ?? 0), timeToFirstToken: timeToFirstToken,
                totalDuration: total)
        }

        private enum CodingKeys: String, CodingKey {
            case response, message, done
            case doneReason = "done_reason"
            case promptEvalCount = "prompt_eval_count"
            case promptEvalDuration = "prompt_eval_duration"
            case evalCount = "eval_count"
            case evalDuration = "eval_duration"
        }
    }
}
