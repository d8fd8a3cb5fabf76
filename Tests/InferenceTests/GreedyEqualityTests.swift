import EngineFixtures
import Foundation
import Inference
import Testing

/// The same prompts through llama.cpp's own server, built from the same source, and through Roost.
@Suite(
    "Greedy output against llama-server", .serialized,
    .enabled(if: TestEnvironment.model != nil && TestEnvironment.tools != nil))
struct GreedyEqualityTests {
    static let prompts = [
        "The capital of France is",
        "def fibonacci(n):\n    \"\"\"Return the n-th Fibonacci number.\"\"\"\n",
        "Once upon a time, in a village by the sea, there lived an old fisherman who",
        "Die drei wichtigsten Gründe für den Klimawandel sind: 1.",
        "1, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89,",
    ]
    private static let count = 128

    @Test("128 tokens for each of 5 prompts are the same, one by one")
    func equal() async throws {
        let file = try #require(TestEnvironment.model)
        let server = try await PeerServer(model: file, ["-c", "2048"])

        var options = LoadOptions()
        // One thread each: tests run side by side, and threads that wait for each other would crawl.
        options.threadCount = 1
        options.contextLength = 2048
        // Proposed tokens are computed in batches, whose last bits differ; how many are proposed depends on how fast the
        // machine is just then. `TokenEqualityTests` follow that.
        options.speculation = false
        let model = try await LoadedModel.load(at: file, options: options)
        for prompt in Self.prompts {
            let theirs = try await server.complete(prompt, count: Self.count)
            let ours = try await model.generate(prompt, options: .fixed(Self.count)).outcome().result
            try #require(theirs.tokens.count == Self.count)
            #expect(ours.tokens == theirs.tokens, "\(prompt)")
            #expect(ours.text == theirs.content)
        }
        await model.unload()
    }
}
