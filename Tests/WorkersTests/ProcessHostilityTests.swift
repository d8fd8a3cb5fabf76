import EngineFixtures
import Foundation
import Inference
import ModelFixtures
import Testing
import Waiting

@testable import Workers

@Suite("A worker that was taken over", .serialized)
struct ProcessHostilityTests {
    @Test(
        "is ended when it lies while it loads",
        arguments: ["length", "kind", "json", "job", "exit", "devices", "sizes"])
    func loading(kind: String) async throws {
        let fixture = try ProcessFixture(["liar", kind])
        defer { fixture.remove() }
        let file = try TinyModelFile(.llama())
        let error = await #expect(throws: InferenceError.self) { _ = try await fixture.load(file) }
        guard case .workerCrashed(model: "tiny", let cause)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(cause.contains(kind == "exit" ? "exited with status 3" : "and was ended"))
    }

    @Test("is ended when it lies while it answers", arguments: ["text", "choice", "count", "flood", "nested"])
    func answering(kind: String) async throws {
        let fixture = try ProcessFixture(["liar", kind]) { $0.unloadLimit = .milliseconds(500) }
        defer { fixture.remove() }
        let file = try TinyModelFile(.llama())
        let model = try await fixture.load(file)
        let pid = try #require(model.activity.processIdentifier)
        var byteCount = 0
        let error = await #expect(throws: InferenceError.self) {
            for try await event in model.generate("Hi") {
                if case .delta(let delta) = event { byteCount += delta.text.utf8.count }
            }
        }
        let text = error.map { "\($0)" } ?? ""
        #expect(text.contains("and was ended"), "\(text)")
        #expect(byteCount <= AnswerRules.textLimit)
        #expect(try await eventually { ProcessFacts(pid: pid).isGone })
        await model.unload()
    }

    @Test("or is of another version is not used")
    func version() async throws {
        let fixture = try ProcessFixture(["liar", "version"])
        defer { fixture.remove() }
        let file = try TinyModelFile(.llama())
        let error = await #expect(throws: InferenceError.self) { _ = try await fixture.load(file) }
        #expect(error.map { "\($0)" }?.contains("another version") == true)
    }

    @Test("cannot make the reader of frames fail, whatever it sends")
    func anyBytes() throws {
        var generator = SeededGenerator(seed: 11)
        for _ in 0..<2000 {
            var bytes: [UInt8] = []
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                WorkerFrame(
                    WorkerFrame.Kind.allCases.randomElement(using: &generator) ?? .end,
                    request: .random(in: 0...9, using: &generator),
                    payload: (0..<Int.random(in: 0...40, using: &generator)).map { _ in
                        .random(in: 0...255, using: &generator)
                    }
                ).write(to: &bytes)
            }
            if Bool.random(using: &generator) {
                let index = Int.random(in: bytes.indices, using: &generator)
                bytes[index] = .random(in: 0...255, using: &generator)
            }
            var reader = WorkerFrameReader()
            do {
                var rest = bytes[...]
                while !rest.isEmpty {
                    let piece = rest.prefix(Int.random(in: 1...16, using: &generator))
                    rest = rest.dropFirst(piece.count)
                    piece.withUnsafeBytes { reader.append($0) }
                    while let frame = try reader.next() {
                        _ = try? GenerationDelta(workerPayload: frame.payload)
                        _ = try? GenerationRequest(workerPayload: frame.payload)
                        _ = try? EmbeddingResult(workerPayload: frame.payload, inputCount: 1)
                    }
                }
            } catch is WorkerProtocolError {}
        }
    }

    @Test("frames come out as they went in, however they are cut")
    func framesRoundTrip() throws {
        let frames = (0..<50).map { index in
            WorkerFrame(
                .delta, request: UInt64(index) << 40, payload: Array(repeating: UInt8(index), count: index * 37))
        }
        var bytes: [UInt8] = []
        for frame in frames { frame.write(to: &bytes) }
        for size in [1, 7, 64, 4096] {
            var reader = WorkerFrameReader()
            var found: [WorkerFrame] = []
            for start in stride(from: 0, to: bytes.count, by: size) {
                bytes[start..<min(start + size, bytes.count)].withUnsafeBytes { reader.append($0) }
                while let frame = try reader.next() { found.append(frame) }
            }
            #expect(found == frames)
        }
    }

    @Test("deltas and vectors come out as they went in")
    func valuesRoundTrip() throws {
        let candidate = TokenLogProbability.Candidate(token: 3, bytes: [0xff], logProbability: -.infinity)
        let deltas = [
            GenerationDelta(text: "Wörld 🙂"), GenerationDelta(choice: 7, text: "a", reasoning: "because"),
            GenerationDelta(
                choice: 1, text: "x", toolCalls: [.init(index: 0, id: "1", name: "f", arguments: "{")],
                logProbabilities: [.init(chosen: candidate, top: [candidate])]),
        ]
        for delta in deltas { #expect(try GenerationDelta(workerPayload: delta.workerPayload()) == delta) }
        let requests = [
            GenerationRequest.Prompt.tokens([-1, 0, 262_143, .max]), .tokens([]), .text("ä", addSpecial: true),
        ]
        .map { GenerationRequest($0, options: .greedy) }
        for request in requests { #expect(try GenerationRequest(workerPayload: request.workerPayload()) == request) }
        // Tokens behind a prompt that is text, half a token, and a length beyond the end.
        let text = try requests[2].workerPayload()
        for broken in [text + [0, 0, 0, 0], text + [0], [255, 0, 0, 0, 1], []] {
            #expect(throws: WorkerProtocolError.self) { try GenerationRequest(workerPayload: broken) }
        }
        let vectors = EmbeddingResult(vectors: [[[1, -2.5, .infinity]], [[0, 1], [3, 4]]], tokenCounts: [3, 2])
        #expect(try EmbeddingResult(workerPayload: vectors.workerPayload(), inputCount: 2) == vectors)
    }
}
