import Foundation
import HubSimulator
import ModelFixtures
import Testing
import Waiting

@testable import Roost

@Suite("Downloading a model")
struct DownloadTests {
    private func bytes(_ model: TinyModel) throws -> [UInt8] {
        let file = try TinyModelFile(model)
        return [UInt8](try Data(contentsOf: file.url))
    }

    private func repository(_ bytes: [UInt8], name: String = "tiny-Q8_0.gguf") -> SimulatedRepository {
        var repository = SimulatedRepository(
            "maker/tiny-GGUF", files: [SimulatedFile(name, bytes: bytes), SimulatedFile("LICENSE", "Be kind.")])
        repository.license = "apache-2.0"
        return repository
    }

    private var short: GenerationOptions {
        var options = GenerationOptions.greedy
        options.maxTokens = 4
        options.ignoreEndOfGeneration = true
        return options
    }

    @Test("A repository's model comes with its provenance, answers, and is not fetched twice")
    func fromHuggingFace() async throws {
        let weights = try bytes(.llama(chatTemplate: TinyModel.chatML))
        try await Hubs.run([repository(weights)]) { hubs in
            let plan = try await hubs.manager.downloadPlan("maker/tiny-GGUF:Q8_0")
            #expect(plan.fetchByteCount == Int64(weights.count) + 8)
            #expect(hubs.storageRequestCount == 0)

            let download = try await hubs.manager.download("maker/tiny-GGUF:Q8_0")
            var steps: [ModelDownloadProgress] = []
            for await step in download.progress { steps.append(step) }
            let record = try await download.value()
            #expect(record.digest == Digest.of(weights))
            #expect(record.provenance?.hub == "huggingface")
            #expect(record.provenance?.repository == "maker/tiny-GGUF")
            #expect(record.provenance?.revision == SimulatedRepository("a/b", files: []).commit)
            #expect(record.provenance?.license == "apache-2.0")
            #expect(record.files.first?.source?.hasPrefix(hubs.huggingFace.hub.address) == true)
            #expect(try await hubs.manager.store.licenseText(of: record.name) == "Be kind.")
            let counts = steps.map(\.completedByteCount)
            #expect(counts == counts.sorted())
            #expect(steps.last?.state == .completed)
            #expect(steps.last?.completedByteCount == Int64(weights.count) + 8)
            #expect(
                try await hubs.manager.generate("Hi", model: record.name.description, options: short).tokens.count == 4)

            for name in ["maker/tiny-GGUF:Q8_0", "maker/tiny-GGUF", "hf.co/maker/tiny-GGUF"] {
                #expect(try await hubs.manager.model(named: name).name == record.name)
            }
            await #expect(throws: ModelStoreError.self) { try await hubs.manager.model(named: "maker/tiny-GGUF:Q4_0") }
            let before = hubs.storageRequestCount
            #expect(before > 0)
            #expect(try await hubs.manager.download("maker/tiny-GGUF:Q8_0").value().name == record.name)
            #expect(hubs.storageRequestCount == before)
            #expect(try await hubs.manager.downloads().isEmpty)
        }
    }

    @Test("A name of Ollama's library comes from its registry, with its template")
    func fromOllama() async throws {
        let weights = try bytes(.llama())
        let layers = [
            SimulatedLayer("model", bytes: weights), SimulatedLayer("template", "{{ .Prompt }}"),
            SimulatedLayer("license", "Be kind."),
        ]
        try await Hubs.run(library: ["library/smallest:1b": layers]) { hubs in
            let record = try await hubs.manager.download("smallest:1b").value()
            #expect(record.name.description == "smallest:1b")
            #expect(record.digest == Digest.of(weights))
            #expect(record.files.map(\.role) == [.model, .template, .license])
        }
    }

    @Test("What another program has under its hash is linked, not fetched")
    func adopts() async throws {
        let weights = try bytes(.llama())
        var repository = repository(weights)
        repository.files.removeLast()
        try await Hubs.run([repository]) { hubs in
            let blob = try hubs.writeCache(weights, claiming: Digest.of(weights))
            let record = try await hubs.manager.download("maker/tiny-GGUF").value()
            #expect(hubs.storageRequestCount == 0)
            let path = try await hubs.manager.path(of: record.name.description).path
            #expect(try inode(path) == inode(blob.path))
            try FileManager.default.removeItem(at: blob)
            #expect(try await hubs.manager.verify(record.name.description).isIntact)
        }
    }

    @Test("Another program's file that is not what it claims is fetched instead")
    func doesNotAdoptDamage() async throws {
        let weights = try bytes(.llama())
        var repository = repository(weights)
        repository.files.removeLast()
        try await Hubs.run([repository]) { hubs in
            var damaged = weights
            damaged[weights.count - 5] ^= 1
            _ = try hubs.writeCache(damaged, claiming: Digest.of(weights))
            let record = try await hubs.manager.download("maker/tiny-GGUF").value()
            #expect(record.digest == Digest.of(weights))
            #expect(hubs.storageRequestCount > 0)
            #expect(try await hubs.manager.verify(record.name.description).isIntact)
        }
    }

    @Test("A discovered model is adopted by its name, and stays when the original goes")
    func adoptsByName() async throws {
        let weights = try bytes(.llama())
        try await Hubs.run { hubs in
            let folder = hubs.home.appending(path: "llama.cpp")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            let cache = hubs.home.appending(path: "cache/llama.cpp")
            try FileManager.default.createDirectory(at: cache, withIntermediateDirectories: true)
            let original = cache.appending(path: "maker_tiny.gguf")
            try Data(weights).write(to: original)
            let found = try await hubs.manager.discover().models
            let model = try #require(found.first { $0.store == .llamaCpp })
            let record = try await hubs.manager.adopt(model, as: "mine")
            #expect(try inode(try await hubs.manager.path(of: "mine").path) == inode(original.path))
            try FileManager.default.removeItem(at: original)
            #expect(try await hubs.manager.verify("mine").isIntact)
            #expect(record.digest == Digest.of(weights))
        }
    }

    @Test("A model whose repository changed is outdated; pulling again brings the new content under the old name")
    func updates() async throws {
        let (old, new) = (try bytes(.llama()), try bytes(.qwen2()))
        let home = FileManager.default.temporaryDirectory.appending(path: "roost-update-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: home) }
        try await Hubs.run([repository(old)], environment: ["ROOST_HOME": home.path]) { hubs in
            _ = try await hubs.manager.download("maker/tiny-GGUF:Q8_0").value()
            #expect(try await hubs.manager.checkForUpdate(of: "hf.co/maker/tiny-GGUF:Q8_0").update.isOutdated == false)
        }
        var changed = repository(new)
        changed.commit = String(changed.commit.reversed())
        try await Hubs.run([changed], environment: ["ROOST_HOME": home.path]) { hubs in
            let update = try await hubs.manager.checkForUpdate(of: "hf.co/maker/tiny-GGUF:Q8_0")
            #expect(update.update.isOutdated)
            let record = try await hubs.manager.download("maker/tiny-GGUF:Q8_0").value()
            #expect(record.name == update.record.name)
            #expect(record.digest == Digest.of(new))
            #expect(record.provenance?.revision == changed.commit)
            #expect(try await hubs.manager.downloadedModels().count == 1)
        }
    }

    @Test("Paused by another process it keeps what has landed, and goes on")
    func pauses() async throws {
        let large = try bytes(.llama())
        try await Hubs.run([repository(large)]) { hubs in
            var options = DownloadOptions()
            options.bandwidthLimit = 1
            let download = try await hubs.manager.download("maker/tiny-GGUF:Q8_0", options: options)
            for await step in download.progress where step.state == .downloading { break }
            let item = try #require(try await hubs.manager.downloads().first)
            #expect(item.isRunning)
            #expect(try await hubs.manager.send(.pause, toDownload: item.ticket.name) == .delivered)
            for await step in download.progress where step.state == .paused { break }
            try await hubs.manager.send(.limit(nil), toDownload: item.ticket.id)
            try await hubs.manager.send(.resume, toDownload: item.ticket.id)
            #expect(try await download.value().digest == Digest.of(large))
            #expect(try await hubs.manager.downloads().isEmpty)
        }
    }

    @Test("Cancelled by another process it leaves nothing behind")
    func cancels() async throws {
        let weights = try bytes(.llama())
        try await Hubs.run([repository(weights)]) { hubs in
            var options = DownloadOptions()
            options.bandwidthLimit = 1
            let download = try await hubs.manager.download("maker/tiny-GGUF:Q8_0", options: options)
            for await step in download.progress where step.state == .downloading { break }
            try await hubs.manager.send(.cancel, toDownload: "hf.co/maker/tiny-GGUF:Q8_0")
            await #expect(throws: DownloadError.cancelled) { try await download.value() }
            #expect(try await hubs.manager.downloads().isEmpty)
            let folders = try await hubs.manager.store.intake(byteCount: 0)
            let left = try FileManager.default.contentsOfDirectory(atPath: folders.partial.path)
            #expect(left.filter { $0.hasPrefix("sha256-") } == [])
        }
    }

    @Test("A file that is no model does not get into the store, and is put aside")
    func refusesWhatIsNoModel() async throws {
        try await Hubs.run([repository([UInt8]("GGUF but not really a model".utf8))]) { hubs in
            await #expect(throws: ModelStoreError.self) {
                try await hubs.manager.download("maker/tiny-GGUF:Q8_0").value()
            }
            let models = try await hubs.manager.downloadedModels()
            #expect(models.isEmpty)
        }
    }

    @Test("Wrong names, no network and settings that cannot be used are told in one sentence")
    func explains() async throws {
        try await Hubs.run { hubs in
            await #expect(throws: ModelHubError.self) { try await hubs.manager.download("tinylama").value() }
            do {
                _ = try await hubs.manager.downloadPlan("tinylama")
            } catch { #expect("\(error)".contains("tinyllama")) }
            await #expect(throws: RoostError.self) { try await hubs.manager.send(.pause, toDownload: "nothing") }
        }
        try await Hubs.run(environment: ["ROOST_OFFLINE": "1"]) { hubs in
            do {
                _ = try await hubs.manager.downloadPlan("tinyllama")
                Issue.record("no error")
            } catch { #expect("\(error)".contains("ROOST_OFFLINE")) }
        }
        for (name, value) in [
            ("ROOST_LIMIT_RATE", "fast"), ("ROOST_MAX_CONCURRENT_DOWNLOADS", "0"), ("ROOST_OFFLINE", "maybe"),
        ] {
            #expect(throws: RoostError.self) { try RoostConfiguration.fromEnvironment([name: value]) }
        }
    }

    @Test(
        "Rates are read as people write them",
        arguments: [
            ("500k", 500_000), ("10M", 10_000_000), ("1.5MB/s", 1_500_000), ("20MiB", 20 << 20), ("123", 123),
            ("2g", 2_000_000_000),
        ] as [(String, Int64)])
    func rates(text: String, expected: Int64) {
        #expect(ByteRate(text)?.bytesPerSecond == expected)
    }

    @Test("What is no rate is refused", arguments: ["", "M", "-5", "1e3", "5X", "5i", "1..2", "99999999G"])
    func noRates(text: String) {
        #expect(ByteRate(text) == nil)
    }

    private func inode(_ path: String) throws -> UInt64 {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        return try #require((attributes[.systemFileNumber] as? NSNumber)?.uint64Value)
    }

    @Test(
        "A download goes on for the others when one of those who wait leaves, and is paused by the last; then it goes on"
    )
    func sharedWaiting() async throws {
        let weights = try bytes(.llama(chatTemplate: TinyModel.chatML))
        try await Hubs.run([repository(weights)], environment: ["ROOST_LIMIT_RATE": "1"]) { hubs in
            let download = try await hubs.manager.download("maker/tiny-GGUF:Q8_0")
            let first = Task { try await download.value() }
            let second = Task { try await download.value() }
            try #require(try await eventually { await download.waitingCount == 2 })
            // More than the licence: of the weights the first bytes are here, and hardly any come until the limit goes.
            for await progress in download.progress
            where progress.state == .downloading && progress.completedByteCount > 8 { break }
            first.cancel()
            await #expect(throws: CancellationError.self) { try await first.value }
            #expect(download.currentProgress.state == .downloading)
            #expect(try await hubs.manager.download("maker/tiny-GGUF:Q8_0") === download)
            second.cancel()
            await #expect(throws: CancellationError.self) { try await second.value }
            #expect(download.currentProgress.state == .paused)
            #expect(try await hubs.manager.downloads().map(\.ticket.state) == [.paused])

            let next = try await hubs.manager.download("maker/tiny-GGUF:Q8_0")
            #expect(next !== download)
            try await hubs.manager.setBandwidthLimit(nil)
            #expect(try await next.value().digest == Digest.of(weights))
        }
    }
}
