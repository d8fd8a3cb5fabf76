import EngineFixtures
import Foundation
import Inference
import ModelFixtures
import Testing
import Waiting
import Workers

@Suite("Models in memory")
struct ModelResidencyTests {
    private func request(
        _ file: TinyModelFile, key: String = "a", contextLength: Int? = nil, keepAlive: KeepAlive = .forever
    ) -> ModelRequest {
        var options = LoadOptions()
        options.threadCount = 1
        options.contextLength = contextLength
        return ModelRequest(
            key: key, name: key, files: ModelFileSet(file.url), options: contextLength == nil ? nil : options,
            defaultOptions: options, keepAlive: keepAlive)
    }

    @Test("A model that many ask for at once is loaded once")
    func coalesced() async throws {
        let residency = ModelResidency()
        let file = try TinyModelFile(.llama())
        let models = try await withThrowingTaskGroup(of: (any RunningModel).self) { group in
            for _ in 0..<16 { group.addTask { try await residency.load(request(file)) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(Set(models.map(ObjectIdentifier.init)).count == 1)
        #expect(await residency.residents().map(\.key) == ["a"])
        await residency.close()
    }

    @Test("A model goes when its keep-alive is over, and not while it is used")
    func keepAlive() async throws {
        let residency = ModelResidency()
        let file = try TinyModelFile(.llama())
        let short = request(file, keepAlive: .after(.milliseconds(20)))
        try await residency.withModel(short) { _ in
            try await Task.sleep(for: .milliseconds(100))
            let residents = await residency.residents()
            #expect(residents.count == 1)
            #expect(residents.first?.expiresAt == nil)
            #expect(residents.first?.leaseCount == 1)
        }
        try #require(try await eventually { await residency.residents().isEmpty })

        try await residency.load(request(file, keepAlive: .after(.seconds(600))))
        let expiry = try #require(await residency.residents().first?.expiresAt)
        #expect(expiry.timeIntervalSinceNow > 500)
        try await residency.load(request(file, keepAlive: .never))
        try #require(try await eventually { await residency.residents().isEmpty })
        await residency.close()
    }

    @Test("Other options load the model again, but only when its requests have ended")
    func reload() async throws {
        let residency = ModelResidency()
        let file = try TinyModelFile(.llama())
        let first = try await residency.load(request(file))
        #expect(try await residency.load(request(file)) === first)
        let second = try await residency.withModel(request(file)) { model in
            let reload = Task { try await residency.load(request(file, contextLength: 64)) }
            // The old one serves until this returns.
            _ = try await model.generate("Hello", options: .fixed(4)).outcome()
            return reload
        }.value
        #expect(second !== first)
        #expect(second.info.contextLength == 64)
        // A request that does not care takes it as it is.
        #expect(try await residency.load(request(file)) === second)
        await residency.close()
    }

    @Test("Only so many models stay; the longest unused goes first")
    func limit() async throws {
        let residency = ModelResidency(maximumModelCount: 2)
        let file = try TinyModelFile(.llama())
        try await residency.load(request(file, key: "a"))
        try await residency.load(request(file, key: "b"))
        try await residency.load(request(file, key: "a"))
        try await residency.load(request(file, key: "c"))
        #expect(await residency.residents().map(\.key) == ["a", "c"])
        await residency.close()
    }

    @Test("Unloading waits for running requests, forcing it ends them")
    func unload() async throws {
        let residency = ModelResidency()
        let file = try TinyModelFile(.llama())
        let unloading = try await residency.withModel(request(file)) { model in
            let unloading = Task { await residency.unload("a") }
            _ = try await model.generate("Hello", options: .fixed(8)).outcome()
            return unloading
        }
        #expect(await unloading.value)
        #expect(await residency.residents().isEmpty)
        #expect(await !residency.unload("a"))

        await #expect(throws: InferenceError.unloaded) {
            try await residency.withModel(request(file)) { model in
                let unloading = Task { await residency.unload("a", force: true) }
                defer { unloading.cancel() }
                _ = try await model.generate(.endless("Hello")).outcome()
            }
        }
        await residency.close()
        await #expect(throws: InferenceError.unloaded) { try await residency.load(request(file)) }
    }

    @Test("A file that cannot be loaded fails every request for it and leaves nothing behind")
    func failure() async throws {
        let residency = ModelResidency()
        let missing = ModelRequest(key: "x", name: "x", files: ModelFileSet(URL(fileURLWithPath: "/nowhere/x.gguf")))
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    await #expect(throws: InferenceError.fileMissing(path: "/nowhere/x.gguf")) {
                        try await residency.load(missing)
                    }
                }
            }
        }
        #expect(await residency.residents().isEmpty)
        await residency.close()
    }

    @Test("Requests that come and go at random leave the count of leases at zero")
    func churn() async throws {
        let residency = ModelResidency(maximumModelCount: 2)
        let file = try TinyModelFile(.llama())
        await withTaskGroup(of: Void.self) { group in
            for index in 0..<40 {
                group.addTask {
                    let work = Task {
                        let keepAlive: KeepAlive = index % 3 == 0 ? .never : .after(.milliseconds(index))
                        let asked = request(
                            file, key: ["a", "b", "c"][index % 3], contextLength: index % 5 == 0 ? 64 : nil,
                            keepAlive: keepAlive)
                        try await residency.withModel(asked) {
                            _ = try await $0.generate("Hello", options: .fixed(4)).outcome()
                        }
                    }
                    if index % 4 == 0 { work.cancel() }
                    _ = await work.result
                }
            }
        }
        #expect(await residency.residents().allSatisfy { $0.leaseCount == 0 })
        await residency.close()
        #expect(await residency.residents().isEmpty)
    }
}
