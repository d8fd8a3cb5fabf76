import Foundation
import ModelFixtures
import Testing

@testable import Roost

/// How models are loaded where nobody has said, through the façade.
@Suite("Planned loads")
struct LoadPlannerTests {
    /// A manager whose models may take so many bytes.
    private func withManager(
        _ limit: MemoryLimit, _ body: (ModelManager, ModelRecord) async throws -> Void
    ) async throws {
        let home = FileManager.default.temporaryDirectory.appending(path: "roost-planned-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: home) }
        let file = try TinyModelFile(.llama(contextLength: 8192))
        var configuration = RoostConfiguration(homeDirectory: home)
        configuration.load.threadCount = 1
        configuration.memoryLimit = limit
        let manager = try await ModelManager(configuration: configuration)
        let record = try await manager.importModel(at: file.url, as: "tiny")
        try await body(manager, record)
        await manager.shutdown()
    }

    /// Bytes that plans say the model needs with a context.
    private func needed(_ contextLength: Int) async throws -> Int64 {
        var needed: Int64 = 0
        try await withManager(.available) { manager, _ in
            let plan = try await manager.plan("tiny", request: PlanRequest(contextLength: contextLength)).plan
            #expect(plan.fits)
            needed = plan.neededByteCount
        }
        return needed
    }

    @Test("With plenty of memory nothing is given up, and what was planned is what is loaded")
    func plenty() async throws {
        try await withManager(.available) { manager, _ in
            let plan = try await manager.plan("tiny").plan
            try await manager.load("tiny")
            let status = try #require(try await manager.loadedModels().first)
            #expect(status.retreats.isEmpty)
            #expect(status.info.contextLength == plan.contextLength)
            let planned = plan.memory.devices.reduce(Int64(0)) { $0 + $1.contextByteCount }
            #expect(status.memory.contextByteCount == planned)
        }
    }

    @Test("With little memory the context is shorter, which is said to who asks and to who listens")
    func little() async throws {
        let (short, long) = (try await needed(2048), try await needed(8192))
        try #require(short < long)
        try await withManager(.bytes((short + long) / 2)) { manager, _ in
            var events = manager.events().makeAsyncIterator()
            try await manager.load("tiny")
            let status = try #require(try await manager.loadedModels().first)
            #expect((512..<8192).contains(status.info.contextLength), "\(status.info.contextLength)")
            let step = try #require(status.retreats.first)
            #expect(step.message.contains("8192") && !step.changesQuality, "\(step)")
            while let event = await events.next() {
                // This machine's own health may be told too.
                guard case .loadRetreat(let model, let told) = event else { continue }
                #expect(model == "tiny:latest" && told == step)
                break
            }
        }
    }

    @Test("A context that a person asked for is not shortened: without room for it the load is refused with advice")
    func asked() async throws {
        let (short, long) = (try await needed(2048), try await needed(8192))
        try await withManager(.bytes((short + long) / 2)) { manager, _ in
            var options = manager.configuration.load
            options.contextLength = 8192
            options.keyCacheType = .f32
            options.valueCacheType = .f32
            let error = try await #require(throws: InferenceError.self) {
                try await manager.load("tiny", options: options)
            }
            guard case .doesNotFit(let model, let advice) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(model == "tiny:latest" && advice.count > 1)
            #expect(try await manager.loadedModels().isEmpty)
        }
    }

    @Test("Memory of models that can go counts as available: they go, and nothing is given up")
    func others() async throws {
        let needed = try await needed(8192)
        try await withManager(.bytes(needed + 100_000)) { manager, _ in
            let other = try TinyModelFile(.llama(contextLength: 8192, seed: 9))
            _ = try await manager.importModel(at: other.url, as: "other")
            try await manager.load("other")
            try await manager.load("tiny")
            let loaded = try await manager.loadedModels()
            #expect(loaded.map(\.record.name.display) == ["tiny"])
            #expect(loaded.first?.retreats.isEmpty == true)
            // One that is pinned does not go.
            try await manager.load("tiny", pinning: true)
            await #expect(throws: InferenceError.self) { try await manager.load("other") }
            #expect(try await manager.loadedModels().map(\.record.name.display) == ["tiny"])
        }
    }

    @Test("What can never fit is refused at once")
    func never() async throws {
        try await withManager(.bytes(1 << 20)) { manager, _ in
            let error = try await #require(throws: InferenceError.self) { try await manager.load("tiny") }
            #expect("\(error)".contains("does not fit on this machine"), "\(error)")
            let plan = try await manager.plan("tiny").plan
            #expect(!plan.fits && !plan.advice.isEmpty)
        }
    }

    @Test(
        "Numbers of parameters are read as names give them",
        arguments: [
            ("1.1B", 1.1e9, nil), ("270M", 270e6, nil), ("35B-A3B", 35e9, 3e9), ("8x7B", 56e9, nil),
            ("26b-a4b", 26e9, 4e9),
        ] as [(String, Double, Double?)])
    func parameters(text: String, all: Double, used: Double?) throws {
        let counts = try #require(ParameterText(text))
        #expect(abs(counts.all - all) < 1 && counts.used == used)
    }

    @Test(
        "What is no number of parameters is not taken for one",
        arguments: ["", "B", "big", "-3B", "7", "0B", "7Bx", "xB"])
    func noParameters(text: String) { #expect(ParameterText(text) == nil) }
}
