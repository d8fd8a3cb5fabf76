import Foundation
import Logging
import ModelFixtures
import Roost
import RoostServer
import ServiceLifecycle

/// The whole run: a home of its own with three models, a server, clients, and what is looked at while they go on.
struct Soak {
    let settings: SoakSettings

    init(_ settings: SoakSettings) { self.settings = settings }

    /// What was wrong, one sentence each.
    func run() async throws -> [String] {
        let home = FileManager.default.temporaryDirectory.appending(path: "roost-soak-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: home) }
        var configuration = RoostConfiguration(homeDirectory: home)
        configuration.load.contextLength = 1024
        configuration.load.cacheTokenCount = 4096
        configuration.load.parallelRequestCount = 8
        // Full within minutes: what grows after that is a leak.
        configuration.load.prefixByteLimit = 64 << 20
        configuration.maximumLoadedModels = 2
        configuration.keepAlive = .forever
        configuration.listenPort = 0
        configuration.workerExecutable = settings.worker
        // As “roost serve” does.
        if settings.worker != nil { FreedMemory.returnToSystem() }
        let manager = try await ModelManager(configuration: configuration)
        let models = try await importModels(into: manager)

        let (addresses, found) = AsyncStream<String>.makeStream()
        let logger = Logger(label: "roost-soak") { _ in SwiftLogNoOpLogHandler() }
        let service = RoostService(manager: manager, configuration: .init(configuration), logger: logger) { server in
            found.yield("http://\(server.host):\(server.port)")
            found.finish()
        }
        let group = ServiceGroup(services: [service], logger: logger)
        let serving = Task { try await group.run() }
        guard let base = await addresses.first(where: { _ in true }) else {
            try await serving.value
            throw SoakError(description: "The server did not begin to listen.")
        }
        var problems = try await storm(manager, base, models)
        problems += try await quiet(manager)
        problems += try await shares(manager, models[0])
        await group.triggerGracefulShutdown()
        try await serving.value
        await manager.shutdown()
        return problems
    }

    private func importModels(into manager: ModelManager) async throws -> [String] {
        _ = try await manager.importModel(at: settings.model, as: "real")
        for (name, model) in [("tiny-a", TinyModel.llama(seed: 1)), ("tiny-b", TinyModel.gemma3(seed: 2))] {
            let file = try TinyModelFile(model)
            _ = try await manager.importModel(at: file.url, as: name)
        }
        return ["real", "tiny-a", "tiny-b"]
    }

    /// The clients, for the whole time; memory is looked at every ten seconds.
    private func storm(_ manager: ModelManager, _ base: String, _ models: [String]) async throws -> [String] {
        let record = SoakRecord()
        let start = ContinuousClock.now
        let end = start + .seconds(settings.minutes * 60)
        let clients = (0..<settings.clientCount).map { number in
            let client = SoakClient(number: number, manager: manager, base: base, models: models, record: record)
            return Task { await client.run(seed: settings.seed &* 1000 &+ UInt64(number)) }
        }
        var memory: [SoakMemory] = []
        var problems: [String] = []
        while ContinuousClock.now < end {
            try await Task.sleep(for: min(.seconds(10), end - ContinuousClock.now))
            let sample = try await SoakMemory.now(manager, since: start)
            memory.append(sample)
            show(sample, record.now)
            problems += record.overdue(.seconds(240))
            if sample.modelCount > 2 { problems.append("\(sample.modelCount) models were in memory where two may be") }
        }
        for client in clients { client.cancel() }
        for client in clients { await client.value }
        let counts = record.now
        problems += counts.unexpected.map { "\($0.value) times: \($0.key)" }
        if counts.finished == 0 { problems.append("no request was finished") }
        return Array(Set(problems)).sorted() + leak(in: memory)
    }

    private func show(_ sample: SoakMemory, _ counts: SoakRecord.Counts) {
        print(
            String(
                format: "%5.0f s  own %4.0f MB  workers %4.0f MB  %d models  cells %5d  prefixes %4.0f MB  active %2d  "
                    + "waiting %2d  finished %d  cancelled %d  left %d  refused %d  unexpected %d", sample.seconds,
                Double(sample.ownByteCount) / 1e6, Double(sample.workerByteCount) / 1e6, sample.modelCount,
                sample.usedCellCount, Double(sample.prefixByteCount) / 1e6, sample.activeRequestCount,
                sample.queuedRequestCount, counts.finished, counts.cancelled, counts.left, counts.refused,
                counts.unexpected.values.reduce(0, +)))
        // Each line when it is there, also into a file.
        fflush(nil)
    }

    /// Memory that goes on growing: the last quarter's peak above the second quarter's by more than a tenth and 64 MB.
    private func leak(in memory: [SoakMemory]) -> [String] {
        let quarter = memory.count / 4
        guard quarter >= 3 else { return [] }
        let peak = { (samples: ArraySlice<SoakMemory>, value: (SoakMemory) -> Int64) in samples.map(value).max() ?? 0 }
        return [("this process", { $0.ownByteCount }), ("the workers", { $0.workerByteCount })]
            .compactMap { (name: String, value: (SoakMemory) -> Int64) in
                let (before, after) = (
                    peak(memory[quarter..<2 * quarter], value), peak(memory[(3 * quarter)...], value)
                )
                print(
                    String(
                        format: "Memory of %@: %.0f MB at most in the second quarter, %.0f MB in the last", name,
                        Double(before) / 1e6, Double(after) / 1e6))
                return after > before + max(before / 10, 64_000_000) ? "the memory of \(name) grew" : nil
            }
    }

    /// When all clients have gone nothing may be left of them.
    private func quiet(_ manager: ModelManager) async throws -> [String] {
        let deadline = ContinuousClock.now + .seconds(30)
        var sample = try await SoakMemory.now(manager, since: .now)
        while sample.activeRequestCount + sample.queuedRequestCount > 0, ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(100))
            sample = try await SoakMemory.now(manager, since: .now)
        }
        guard sample.activeRequestCount + sample.queuedRequestCount > 0 else { return [] }
        return [
            "\(sample.activeRequestCount) requests run and \(sample.queuedRequestCount) wait although nobody listens"
        ]
    }

    /// Three tenants of weights 1, 1 and 2 who always want more: their tokens must be in proportion.
    private func shares(_ manager: ModelManager, _ model: String) async throws -> [String] {
        let weights = ["a": 1.0, "b": 1.0, "c": 2.0]
        let record = SoakRecord()
        let clients = weights.flatMap { tenant, weight in
            (0..<12).map { _ in
                Task {
                    while !Task.isCancelled {
                        var options = GenerationOptions()
                        options.maxTokens = 24
                        options.ignoreEndOfGeneration = true
                        var request = GenerationRequest(.text("Tell me more", addSpecial: true), options: options)
                        request.tenant = tenant
                        request.tenantWeight = weight
                        let asked = request
                        try await manager.withModel(model) { loaded in
                            for try await case .finished(let result) in loaded.generate(asked) {
                                record.update { $0.tokensByTenant[tenant, default: 0] += result.completionTokenCount }
                            }
                        }
                    }
                }
            }
        }
        // What was there before the tenants were all at work does not count.
        try await Task.sleep(for: .seconds(10))
        let before = record.now.tokensByTenant
        try await Task.sleep(for: .seconds(max(20, min(120, settings.minutes * 6))))
        let after = record.now.tokensByTenant
        for client in clients { client.cancel() }
        for client in clients { _ = await client.result }
        let tokens = weights.mapValues { _ in 0.0 }.merging(
            after.map { ($0.key, Double($0.value - before[$0.key, default: 0])) }
        ) { $1 }
        let total = tokens.values.reduce(0, +)
        return weights.sorted { $0.key < $1.key }.compactMap { tenant, weight in
            let share = (tokens[tenant] ?? 0) / max(total, 1)
            let due = weight / weights.values.reduce(0, +)
            print(String(format: "Tenant %@: weight %.0f, share %.3f, due %.3f", tenant, weight, share, due))
            return abs(share - due) > due / 10 ? "tenant \(tenant) had \(share) of the tokens and \(due) was due" : nil
        }
    }
}
