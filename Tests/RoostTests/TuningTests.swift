import Foundation
import ModelFixtures
import Roost
import Testing

@Suite("Tuning through the façade", .serialized)
struct TuningTests {
    private func withManager(_ body: (ModelManager) async throws -> Void) async throws {
        let home = FileManager.default.temporaryDirectory.appending(path: "roost-home-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: home) }
        let manager = try await ModelManager(configuration: RoostConfiguration(homeDirectory: home))
        let file = try TinyModelFile(.llama())
        _ = try await manager.importModel(at: file.url, as: "tiny")
        try await body(manager)
        await manager.shutdown()
    }

    /// As the tuner would have found it.
    private func keep(
        _ settings: TunedSettings, in manager: ModelManager, machine: String? = nil, engine: String = Engine.build
    ) async throws {
        let report = TuningReport(
            model: "tiny", startedAt: .now, loadBefore: nil, defaults: LoadOptions(), settings: settings)
        let fingerprint = await Machine.current().fingerprint
        try await manager.store.record(
            Observation(
                kind: "tuning", machine: machine ?? fingerprint, engine: engine,
                model: try await manager.model(named: "tiny").digest.description, encoding: report))
    }

    private func threadCount(_ manager: ModelManager, _ options: LoadOptions? = nil) async throws -> Int {
        let count = try await manager.load("tiny", options: options).info.threadCount
        try await manager.unload("tiny", force: true)
        return count
    }

    @Test("measures each setting, keeps the samples and what was found, and forgets it when told so")
    func tuned() async throws {
        try await withManager { manager in
            #expect(try await manager.tuning(of: "tiny") == nil)
            let report = try await manager.tune("tiny", seconds: 120)
            #expect(report.model == "tiny:latest" && report.defaults == LoadOptions())
            let settings = Set(report.stages.map(\.setting))
            #expect(settings.isSuperset(of: [.threads, .batchThreads, .microBatch, .flashAttention]))
            for stage in report.stages {
                #expect(stage.candidates.count >= 1 && stage.tokenCount > 0)
                #expect(stage.candidates.flatMap(\.samples).allSatisfy { $0 > 0 })
                #expect(stage.defaultSamples.count >= stage.challengerSamples.count)
                if stage.verdict.outcome == .faster {
                    let ratio = try #require(stage.verdict.ratio)
                    #expect(ratio.estimate > 1.03 && ratio.low > 1 && stage.challengerSamples.count >= 5)
                } else {
                    #expect(stage.winner == nil)
                }
            }
            #expect(report.stages.contains { !$0.defaultSamples.isEmpty || !($0.candidates[0].samples.isEmpty) })
            #expect((report.confirmation == nil) == report.settings.isDefault)
            let kept = try #require(try await manager.tuning(of: "tiny"))
            #expect(kept.stages == report.stages && kept.settings == report.settings)
            #expect(try await manager.forgetTuning(of: "tiny") == 1)
            #expect(try await manager.tuning(of: "tiny") == nil)
        }
    }

    @Test("is used by the next loading where nothing was chosen")
    func applied() async throws {
        try await withManager { manager in
            let usual = try await threadCount(manager)
            try await keep(TunedSettings(threadCount: usual + 1), in: manager)
            #expect(try await threadCount(manager) == usual + 1)
            var options = LoadOptions()
            options.contextLength = 128
            #expect(try await threadCount(manager, options) == usual + 1)
            options.threadCount = usual
            #expect(try await threadCount(manager, options) == usual)
            #expect(try await manager.forgetTuning(of: nil) == 1)
            #expect(try await threadCount(manager) == usual)
        }
    }

    @Test("is not used on another machine, nor with another engine")
    func elsewhere() async throws {
        try await withManager { manager in
            let usual = try await threadCount(manager)
            try await keep(TunedSettings(threadCount: usual + 1), in: manager, machine: "linux-other-0")
            try await keep(TunedSettings(threadCount: usual + 2), in: manager, engine: "another")
            #expect(try await threadCount(manager) == usual)
            #expect(try await manager.tuning(of: "tiny") == nil)
        }
    }

    @Test("refuses a time that makes no sense, and a model that is not there")
    func refused() async throws {
        try await withManager { manager in
            await #expect(throws: RoostError.self) { try await manager.tune("tiny", seconds: 0) }
            await #expect(throws: ModelStoreError.self) { try await manager.tune("missing", seconds: 5) }
        }
    }

    @Test("keeps a machine's limits for the machine they were measured on")
    func ceiling() async throws {
        try await withManager { manager in
            var machine = await Machine.current()
            #expect(try await manager.store.measurement(of: machine) == nil)
            var meter = KernelMeter(machine: machine)
            meter.types = ["q4_K"]
            meter.seconds = 1
            // Other tests may leave no room for four times a large cache.
            meter.cacheByteCount = 1 << 20
            let measurement = try await meter.measure()
            try await manager.store.record(measurement, of: machine)
            let kept = try #require(try await manager.store.measurement(of: machine))
            #expect(kept.kernels == measurement.kernels && kept.engine == Engine.build)
            let ceiling = MachineCeiling(kept)
            #expect(ceiling.kernels.map(\.type) == kept.kernels.map(\.type))
            #expect(ceiling.kernels.map(\.bytesPerSecond) == kept.kernels.map(\.bytesPerSecond.best))
            // A worse one later, while the machine was busy, lowers nothing.
            var worse = measurement
            worse.measuredAt += 60
            worse.wasBusy = true
            try #require(!worse.kernels.isEmpty)
            worse.kernels[0].bytesPerSecond.best /= 10
            worse.kernels[0].flopsPerSecond.best *= 2
            try await manager.store.record(worse, of: machine)
            let both = try #require(try await manager.store.measurement(of: machine))
            try #require(both.kernels.count == kept.kernels.count)
            #expect(both.kernels[0].bytesPerSecond == measurement.kernels[0].bytesPerSecond)
            #expect(both.kernels[0].flopsPerSecond == worse.kernels[0].flopsPerSecond)
            machine.processor.name = "Another"
            #expect(try await manager.store.measurement(of: machine) == nil)
        }
    }
}
