import Foundation
import ModelFixtures
import Testing

@testable import Inference

@Suite("Drafts of a model")
struct DrafterModelTests {
    private static let prompt: [Int32] = [1, 300, 310, 320, 330, 340, 350]

    @Test("A draft model that is the model itself is right every time, and its output is the model's")
    func perfect() throws {
        let loop = try VerificationLoop(VerificationLoop.load(.llama()), contextLength: 512)
        let draft = try DraftModel(VerificationLoop.load(.llama()), path: "draft", for: loop.model)
        let drafter = try draft.makeDrafter(contextLength: 512, threadCount: 1, leastProbability: 0)
        let plain = try loop.run(Self.prompt, count: 100, sample: loop.likeliest)
        drafter.begin(Self.prompt)
        let drafted = try loop.run(
            Self.prompt, count: 100, sample: loop.likeliest,
            propose: { _ in
                let proposal = drafter.propose(6)
                #expect(drafter.strengths.count == proposal.count)
                return proposal
            }, accept: { chosen, _, _, _ in drafter.accept(chosen) })
        #expect(drafted.tokens == plain.tokens)
        #expect(drafted.acceptedCount == drafted.draftedCount)
        #expect(drafted.batchCount < 20)
    }

    @Test("Proposals after wrong ones are those of a drafter that never went wrong", arguments: 0..<6)
    func rollback(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let draft = try DraftModel(
            VerificationLoop.load(.llama(seed: 99)), path: "draft", for: VerificationLoop.load(.llama()))
        func makeDrafter() throws -> ModelDrafter {
            try draft.makeDrafter(contextLength: 256, threadCount: 1, leastProbability: 0)
        }
        let drafter = try makeDrafter()
        var tokens = Self.prompt
        drafter.begin(tokens)
        var proposedCount = 0
        for _ in 0..<12 {
            let proposal = drafter.propose(Int.random(in: 0...6, using: &random))
            let fresh = try makeDrafter()
            fresh.begin(tokens)
            #expect(proposal == fresh.propose(proposal.count))
            proposedCount += proposal.count
            // Some of it was right, then something else came.
            let kept = Array(proposal.prefix(Int.random(in: 0...6, using: &random)))
            let next = kept + [Int32.random(in: 270..<400, using: &random)]
            drafter.accept(next)
            tokens += next
        }
        // Another conversation with the same beginning.
        let branch = Array(tokens.prefix(9)) + [333]
        drafter.begin(branch)
        let fresh = try makeDrafter()
        fresh.begin(branch)
        #expect(drafter.propose(5) == fresh.propose(5))
        #expect(proposedCount > 0)
    }

    @Test("A long prompt is read in slices, and nothing is proposed past the context's end")
    func bounds() throws {
        let model = try VerificationLoop.load(.llama(contextLength: 4096))
        let drafter = try DraftModel(model, path: "draft", for: model).makeDrafter(contextLength: 2048, threadCount: 1)
        drafter.begin((0..<1300).map { 270 + $0 % 100 })
        #expect(drafter.propose(4).isEmpty)
        #expect(drafter.isBehind)
        #expect(drafter.propose(4).isEmpty)
        _ = drafter.propose(4)
        #expect(!drafter.isBehind)
        drafter.begin((0..<drafter.contextLength).map { 270 + Int32($0 % 100) })
        #expect(drafter.propose(4).isEmpty)
        #expect(!drafter.isBehind)
        drafter.begin([])
        #expect(drafter.propose(4).isEmpty)
    }

    @Test(
        "A model with another vocabulary, without a cache to go back in, or that does not generate is refused with a reason"
    )
    func incompatible() throws {
        let target = try VerificationLoop.load(.llama())
        for (model, reason) in [
            (TinyModel.qwen2(), "same vocabulary"), (.mamba(), "recurrent"), (.bert(), "same vocabulary"),
            (.gemma3(), "same vocabulary"),
        ] {
            let draft = try VerificationLoop.load(model)
            let error = #expect(throws: InferenceError.self) { try DraftModel(draft, path: "small.gguf", for: target) }
            let message = error.map(\.description) ?? ""
            #expect(message.contains("draft model is small.gguf"))
            #expect(message.contains(reason), "\(message)")
        }
        let encoder = try VerificationLoop.load(.bert())
        let error = #expect(throws: InferenceError.self) {
            try DraftModel(encoder, path: "small.gguf", for: encoder).makeDrafter(contextLength: 128, threadCount: 1)
        }
        #expect(error?.description == "draft model is small.gguf, but must be a model that generates text.")
    }
}
