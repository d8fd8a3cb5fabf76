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
        let manager = try await ModelManager(configuration: configuration, pressure: NoPressure())
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

    @Test(
        "A cache that is kept in a coarser type for a context that was asked for is said, and that answers may differ")
    func quantized() async throws {
        var types: [Int64] = []
        for type in [KVCacheType.q8_0, .f16] {
            try await withManager(.available) { manager, _ in
                var request = PlanRequest(contextLength: 8192)
                (request.keyCacheType, request.valueCacheType) = (type, type)
                request.others.speculation = false
                types.append(try await manager.plan("tiny", request: request).plan.neededByteCount)
            }
        }
        try #require(types[0] < types[1])
        try await withManager(.bytes((types[0] + types[1]) / 2)) { manager, _ in
            var options = manager.configuration.load
            (options.contextLength, options.speculation) = (8192, false)
            try await manager.load("tiny", options: options)
            let status = try #require(try await manager.loadedModels().first)
            #expect(status.retreats.count == 1 && status.retreats.allSatisfy(\.changesQuality), "\(status.retreats)")
            #expect(status.retreats.first?.message.contains("q8_0") == true)
        }
    }

    @Test("What is measured while a model is in memory does not have it loaded again")
    func tunedMeanwhile() async throws {
        try await withManager(.available) { manager, record in
            var options = LoadOptions()
            options.contextLength = 256
            try await manager.load("tiny", options: options)
            let before = try #require(try await manager.loadedModels().first)
            let report = TuningReport(
                model: "tiny", startedAt: .now, loadBefore: nil, defaults: LoadOptions(),
                settings: TunedSettings(threadCount: before.info.threadCount + 1))
            try await manager.store.record(
                Observation(
                    kind: TuningLookup.kind, machine: await manager.tunings.fingerprint(), engine: Engine.build,
                    model: record.digest.description, encoding: report))
            try await manager.load("tiny", options: options)
            let after = try #require(try await manager.loadedModels().first)
            #expect(after.loadedAt == before.loadedAt && after.info.threadCount == before.info.threadCount)
        }
    }

    /// A prediction of the engine's with so many bytes added, and the peak that came of it.
    private func prediction(engine: Int64, added: Int64?, peak: Int64) -> PlanPrediction {
        let said = engine + (added ?? 0)
        return PlanPrediction(
            model: "tiny", architecture: "llama", time: .now, options: LoadOptions(),
            predicted: ModelMemory(weightsByteCount: 0, contextByteCount: 0, computeByteCount: 0),
            predictedByteCount: said, predictedMostByteCount: said, addedByteCount: added,
            actual: ModelMemory(weightsByteCount: 0, contextByteCount: 0, computeByteCount: 0), peakByteCount: peak,
            tokenCount: 100)
    }

    @Test("Loads that were predicted rightly with what earlier ones took more do not undo it")
    func corrected() async throws {
        try await withManager(.available) { manager, _ in
            let log = manager.planner.predictions
            // What was computed says nothing of the engine.
            for _ in 0..<5 { await log.keep(prediction(engine: 1000, added: nil, peak: 2000), of: "computed") }
            #expect(await log.correction(for: "llama") == nil)
            for _ in 0..<2 { await log.keep(prediction(engine: 1000, added: 0, peak: 1100), of: "engine") }
            #expect(await log.correction(for: "llama") == 1.1)
            for _ in 0..<5 { await log.keep(prediction(engine: 1000, added: 100, peak: 1100), of: "corrected") }
            #expect(await log.correction(for: "llama") == 1.1)
            #expect(await log.correction(for: "gemma3") == nil)
        }
    }

    @Test("A prediction of nothing, and a small model's fixed part, do not make others many times larger")
    func clamped() async throws {
        try await withManager(.available) { manager, _ in
            let log = manager.planner.predictions
            for engine in [0, 0, 10] as [Int64] {
                await log.keep(prediction(engine: engine, added: 0, peak: 1 << 40), of: "strange")
            }
            #expect(await log.correction(for: "llama") == 1.25)
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
