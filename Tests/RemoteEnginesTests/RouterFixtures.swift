import Foundation
import Inference
import Testing

@testable import RemoteEngines

/// Numbers that are the same in every run (SplitMix64).
struct SeededNumbers: RandomNumberGenerator, Sendable {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

extension RemoteEngine {
    /// An engine at an address of this machine, which may be busy.
    static func at(_ address: String, name: String, _ change: (inout RemoteEngine) throws -> Void = { _ in }) throws
        -> RemoteEngine
    {
        var engine = RemoteEngine(name: name, address: try EngineAddress(parsing: address))
        engine.connectTimeout = .seconds(60)
        engine.healthTimeout = .seconds(60)
        try change(&engine)
        return engine
    }
}

/// Runs `body` with a router over engines, and closes it after that.
func withRouter<Result: Sendable>(
    _ engines: [RemoteEngine], _ change: (inout EngineRouter.Options) -> Void = { _ in },
    onChange: (@Sendable (EngineChange) -> Void)? = nil,
    _ body: (EngineRouter) async throws -> Result
) async throws -> Result {
    var options = EngineRouter.Options()
    options.random = SeededNumbers(7)
    change(&options)
    let router = EngineRouter(engines, options: options, onChange: onChange)
    do {
        let result = try await body(router)
        await router.close()
        return result
    } catch {
        await router.close()
        throw error
    }
}

/// What a stream comes to.
struct Outcome: Sendable {
    var text = ""
    var reasoning = ""
    var toolCalls: [ToolCallDelta] = []
    var results: [GenerationResult] = []
    var progress: [Int] = []
    var logProbabilities: [TokenLogProbability] = []
    var error: (any Error)?

    init(_ stream: GenerationStream) async {
        do {
            for try await event in stream {
                switch event {
                case .queued: break
                case .promptProgress(let processed, _, _): progress.append(processed)
                case .delta(let delta):
                    text += delta.text
                    reasoning += delta.reasoning
                    toolCalls += delta.toolCalls
                    logProbabilities += delta.logProbabilities
                case .finished(let result): results.append(result)
                }
            }
        } catch {
            self.error = error
        }
    }
}
