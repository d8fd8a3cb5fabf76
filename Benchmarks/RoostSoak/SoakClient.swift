import AsyncHTTPClient
import Foundation
import ModelFixtures
import NIOCore
import NIOHTTP1
import Roost

/// One client: asks again and again, and does with the answer what real clients do.
struct SoakClient {
    let number: Int
    let manager: ModelManager
    /// The server of the same models, for the clients that come over HTTP.
    let base: String
    let models: [String]
    let record: SoakRecord

    private enum Behaviour: CaseIterable {
        case read, cancel, leave, refuse, disconnect, read2, read3, overHTTP
    }

    /// Goes on until its task is cancelled.
    func run(seed: UInt64) async {
        var random = SeededGenerator(seed: seed)
        while !Task.isCancelled {
            let behaviour = Behaviour.allCases.randomElement(using: &random) ?? .read
            let model = models.randomElement(using: &random) ?? models[0]
            let tokenCount = Int.random(in: 4...64, using: &random)
            let prompt =
                "Client \(number) " + String(repeating: "asks and ", count: Int.random(in: 1...60, using: &random))
            record.begin(number, "\(behaviour) of \(model)")
            do {
                switch behaviour {
                case .read, .read2, .read3: try await read(model, prompt, tokenCount, upTo: .max)
                case .leave: try await read(model, prompt, 256, upTo: Int.random(in: 0...8, using: &random))
                case .cancel:
                    try await cancel(model, prompt, after: .milliseconds(Int.random(in: 0...400, using: &random)))
                case .refuse: try await beRefused(model, Int.random(in: 0..<4, using: &random))
                case .disconnect:
                    try await overHTTP(model, prompt, 256, pieces: Int.random(in: 0...8, using: &random))
                case .overHTTP: try await overHTTP(model, prompt, tokenCount, pieces: .max)
                }
            } catch is CancellationError {
                record.update { $0.cancelled += 1 }
            } catch {
                if !Task.isCancelled { record.unexpected("\(behaviour): \(error)") }
            }
            record.end(number)
        }
    }

    private func request(_ prompt: String, _ tokenCount: Int) -> GenerationRequest {
        var options = GenerationOptions()
        options.maxTokens = tokenCount
        options.ignoreEndOfGeneration = true
        var request = GenerationRequest(.text(prompt, addSpecial: true), options: options)
        request.tenant = "tenant \(number % 3)"
        return request
    }

    private func read(_ model: String, _ prompt: String, _ tokenCount: Int, upTo limit: Int) async throws {
        try await manager.withModel(model) { loaded in
            var pieces = 0
            for try await event in loaded.generate(request(prompt, tokenCount)) {
                switch event {
                case .delta:
                    pieces += 1
                    if pieces > limit {
                        record.update { $0.left += 1 }
                        return
                    }
                case .finished(let result):
                    if result.completionTokenCount != tokenCount {
                        record.unexpected("\(result.completionTokenCount) tokens instead of \(tokenCount)")
                    }
                    record.update {
                        $0.finished += 1
                        $0.tokens += result.completionTokenCount
                    }
                case .queued, .promptProgress: break
                }
            }
        }
    }

    private func cancel(_ model: String, _ prompt: String, after delay: Duration) async throws {
        let task = Task { try await read(model, prompt, 512, upTo: .max) }
        try? await Task.sleep(for: delay)
        task.cancel()
        try await task.value
    }

    /// What must be refused with a reason.
    private func beRefused(_ model: String, _ kind: Int) async throws {
        var request = request("Hello", 8)
        switch kind {
        case 0: request.prompt = .tokens([Int32](repeating: 100, count: 100_000))
        case 1: request.options.topP = 7
        case 2: request.options.format = .grammar("root ::= (")
        default: request.prompt = .tokens([-1])
        }
        let refused = request
        do {
            try await manager.withModel(model) { loaded in
                for try await _ in loaded.generate(refused) {}
            }
            record.unexpected("bad request \(kind) was served")
        } catch is InferenceError {
            record.update { $0.refused += 1 }
        }
    }

    private func overHTTP(_ model: String, _ prompt: String, _ tokenCount: Int, pieces limit: Int) async throws {
        struct Body: Encodable {
            let model: String
            let prompt: String
            let raw = true
            let options: [String: Int]
        }
        var message = HTTPClientRequest(url: base + "/api/generate")
        message.method = .POST
        message.body = .bytes(
            try JSONEncoder().encode(Body(model: model, prompt: prompt, options: ["num_predict": tokenCount])))
        let response = try await HTTPClient.shared.execute(message, timeout: .seconds(600))
        guard response.status == .ok else {
            let body = try await response.body.collect(upTo: 1 << 16)
            throw SoakError(description: "status \(response.status.code): \(String(buffer: body))")
        }
        var pieces = 0
        for try await _ in response.body {
            pieces += 1
            if pieces > limit {
                record.update { $0.left += 1 }
                return
            }
        }
        record.update { $0.finished += 1 }
    }
}
