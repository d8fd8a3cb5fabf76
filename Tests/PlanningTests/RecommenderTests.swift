import Foundation
import Planning
import Testing

@Suite struct RecommenderTests {
    private func candidates() throws -> [RecommendationCandidate] {
        try [
            ("llama-8b", 8.03e9), ("llama-70b", 70.6e9), ("gemma3-1b", 1e9), ("qwen3moe-30b", 30.5e9),
            ("gemma3-27b", 27.4e9),
        ].map { name, count in
            let geometry = try Shapes.geometry(name)
            return RecommendationCandidate(
                name: name, purposes: [.chat], fileByteCount: geometry.weightByteCount, parameterCount: count,
                usedParameterCount: name == "qwen3moe-30b" ? 3.3e9 : nil, quantization: "Q4_K_M", geometry: geometry)
        } + [
            RecommendationCandidate(
                name: "bge", purposes: [.embedding], fileByteCount: 670 << 20, parameterCount: 0.34e9)
        ]
    }

    private func names(_ text: String, for purpose: ModelPurpose? = .chat, _ length: Int? = nil) async throws
        -> [String]
    {
        try await Recommender(machine: PlannedMachine(parsing: text))
            .rank(candidates(), for: purpose, minimumContextLength: length).map(\.candidate.name)
    }

    @Test func theBestThatFitsComesFirst() async throws {
        #expect(try await names("h100, 512GB ram").first == "llama-70b")
        #expect(try await names("rtx 4090, 64GB ram").first == "gemma3-27b")
        #expect(try await names("8GB ram 50GB/s, 4 cores").first == "llama-8b")
        #expect(try await names("3GB ram 50GB/s, 4 cores").first == "gemma3-1b")
    }

    @Test func aLargeModelThatWouldBeSlowComesAfterFasterOnes() async throws {
        let ranked = try await names("128GB ram 60GB/s, 16 cores")
        let dense = try #require(ranked.firstIndex(of: "llama-70b"))
        let mixture = try #require(ranked.firstIndex(of: "qwen3moe-30b"))
        #expect(mixture < dense)
    }

    @Test func purposesAndContextsFilter() async throws {
        #expect(try await names("rtx 4090, 64GB ram", for: .embedding) == ["bge"])
        #expect(!(try await names("rtx 4090, 64GB ram", for: nil, 65536)).contains("qwen3moe-30b"))
    }

    @Test func everyModelHasAReasonAndThoseThatDoNotFitComeLast() async throws {
        for text in describedMachines {
            let ranked = try await Recommender(machine: PlannedMachine(parsing: text)).rank(candidates())
            #expect(ranked.count == 6)
            let fits = ranked.map(\.fits)
            #expect(fits == fits.sorted { $0 && !$1 })
            #expect(ranked.allSatisfy { $0.reason.hasSuffix(".") })
        }
    }

    @Test func tiersFollowSizeQuantizationAndAge() {
        #expect(QualityTier.expected(parameterCount: 1.1e9, quantization: "Q4_K_M") == .minimal)
        #expect(QualityTier.expected(parameterCount: 8e9, quantization: "Q4_K_M") == .standard)
        #expect(QualityTier.expected(parameterCount: 70e9, quantization: "Q4_K_M") == .advanced)
        #expect(QualityTier.expected(parameterCount: 27e9, quantization: "IQ2_XS") == .standard)
        #expect(QualityTier.expected(parameterCount: 27e9, quantization: "Q4_K_M", generation: 2) == .standard)
        #expect(QualityTier.minimal < .standard && QualityTier.standard < .advanced)
    }
}
