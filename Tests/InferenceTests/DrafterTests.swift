import ModelFixtures
import Testing

@testable import Inference

@Suite("Proposing what came before")
struct DrafterTests {
    private func drafter(_ prompt: [Int32], answer: [Int32] = [], minimumLength: Int = 3) -> NgramDrafter {
        let drafter = NgramDrafter(minimumLength: minimumLength)
        drafter.begin(prompt)
        drafter.accept(answer)
        return drafter
    }

    @Test("What followed the same tokens is proposed, with its strength")
    func lookup() {
        let drafter = drafter([1, 2, 3, 4, 5, 6, 7, 8, 9], answer: [50, 3, 4, 5])
        #expect(drafter.propose(3) == [6, 7, 8])
        #expect(drafter.strengths == [.match3, .match4, .match4])
        #expect(drafter.propose(0).isEmpty)
        #expect(drafter.strengths.isEmpty)
    }

    @Test("Nothing is proposed without a match, after too short a one, or before there is anything")
    func none() {
        #expect(drafter([]).propose(5).isEmpty)
        #expect(drafter([1, 2]).propose(5).isEmpty)
        #expect(drafter([1, 2, 3, 4, 5], answer: [6, 7, 8]).propose(5).isEmpty)
        #expect(drafter([1, 2, 3, 4, 5], answer: [9, 2, 3]).propose(5).isEmpty)
        #expect(drafter([1, 2, 3, 4, 5], answer: [9, 2, 3], minimumLength: 2).propose(2) == [4, 5])
        #expect(NgramDrafter().propose(4).isEmpty)
    }

    @Test("A longer match wins over a later one, and of equal ones the latest")
    func preference() {
        let long: [Int32] = [10, 11, 12, 13, 100]
        let short: [Int32] = [20, 11, 12, 13, 200]
        #expect(drafter(long + short, answer: [10, 11, 12, 13]).propose(1) == [100])
        #expect(drafter(short + long, answer: [10, 11, 12, 13]).propose(1) == [100])
        #expect(drafter([11, 12, 13, 1, 11, 12, 13, 2], answer: [11, 12, 13]).propose(1) == [2])
    }

    @Test("A long match is found behind hundreds of later short ones")
    func longBehindShort() {
        let passage: [Int32] = (0..<12).map { 1000 + $0 } + [1, 2, 3, 77]
        let noise = (0..<300).flatMap { number -> [Int32] in [5000 + Int32(number), 1, 2, 3, 88] }
        let drafter = drafter(passage + noise, answer: Array(passage.dropLast()))
        #expect(drafter.propose(1) == [77])
    }

    @Test("Text that repeats itself is proposed on past its end")
    func period() {
        let drafter = drafter([7, 1, 2, 3, 1, 2, 3, 1, 2, 3])
        #expect(drafter.propose(7) == [1, 2, 3, 1, 2, 3, 1])
    }

    @Test("A copy that was changed in one place is taken up again after one token")
    func resumes() {
        let original = (0..<60).map { Int32($0 + 100) }
        // A replaced word, an inserted one, a left out one.
        for edit in [
            Array(original[..<20]) + [9, 121], Array(original[..<20]) + [9, 120], Array(original[..<20]) + [122],
        ] {
            let drafter = drafter(original + [1, 2, 3])
            for token in edit {
                _ = drafter.propose(8)
                drafter.accept([token])
            }
            let last = edit[edit.count - 1]
            #expect(drafter.propose(3) == [last + 1, last + 2, last + 3], "\(edit.suffix(3))")
            #expect(drafter.strengths.first == .near1)
        }
    }

    /// Against a search without an index.
    @Test("Every proposal continues a real match, and none is missed", arguments: 0..<8)
    func matches(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let tokens = (0..<600).map { _ in Int32.random(in: 0..<Int32(4 + seed * 3), using: &random) }
        let drafter = NgramDrafter()
        drafter.begin(Array(tokens[..<50]))
        for count in 50..<tokens.count {
            let known = tokens[..<count]
            let exists = (3..<count).contains { place in tokens[place - 3..<place] == known.suffix(3) }
            let proposal = drafter.propose(4)
            #expect(proposal.count == drafter.strengths.count)
            if exists { #expect(!proposal.isEmpty, "at \(count)") }
            if let first = proposal.first {
                // Some place has the proposed token behind tokens that agree.
                #expect((1..<count).contains { tokens[$0] == first && tokens[$0 - 1] == tokens[count - 1] })
            }
            drafter.accept([tokens[count]])
        }
    }

    @Test("Old tokens are forgotten when there are too many, and the latest still match")
    func bounded() {
        let drafter = NgramDrafter(tokenLimit: 1000)
        drafter.begin((0..<5000).map { Int32($0) })
        #expect(drafter.propose(1).isEmpty)
        drafter.accept([4700, 4701, 4702])
        #expect(drafter.propose(2) == [4703, 4704])
        drafter.accept([100, 101, 102])
        #expect(drafter.propose(1).isEmpty)
        for token in 10_000..<30_000 {
            drafter.accept([Int32(token)])
            _ = drafter.propose(2)
        }
        #expect(drafter.byteCount < 64_000)
        drafter.accept([29_900, 29_901, 29_902])
        #expect(drafter.propose(2) == [29_903, 29_904])
    }

    @Test("A new sequence knows nothing of the one before")
    func fresh() {
        let drafter = drafter([1, 2, 3, 4, 5], answer: [1, 2, 3])
        #expect(drafter.propose(1) == [4])
        drafter.begin([9, 1, 2, 3])
        #expect(drafter.propose(1).isEmpty)
    }

    @Test("The index grows with the answer and finds all of it")
    func growth() {
        let drafter = NgramDrafter()
        drafter.begin([1])
        drafter.accept((0..<20_000).map { Int32($0 % 5000 * 3) })
        drafter.accept([3, 6, 9])
        #expect(drafter.propose(3) == [12, 15, 18])
        // About two dozen bytes a token.
        #expect(drafter.byteCount < 20_000 * 48)
    }
}
