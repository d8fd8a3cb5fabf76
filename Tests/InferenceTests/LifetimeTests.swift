import EngineFixtures
import Hardware
import Inference
import ModelFixtures
import Testing
import Waiting

@Suite("Cancelling and unloading")
struct LifetimeTests {
    /// Goes on until something ends it, however late that comes.
    private let endless = {
        var options = GenerationOptions.fixed(nil)
        options.shiftsContext = true
        return options
    }()

    @Test("Leaving the stream frees the engine for the next request")
    func leave() async throws {
        let model = try await TinyModelFile(.llama()).load(contextLength: 100_000)
        for _ in 0..<3 {
            var seen = 0
            for try await event in model.generate("Hello", options: endless) {
                if case .delta = event { seen += 1 }
                if seen == 3 { break }
            }
            #expect(seen == 3)
        }
        #expect(try await model.generate("Hello", options: .fixed(4)).outcome().result.tokens.count == 4)
        try #require(try await eventually { model.activity.activeRequestCount == 0 })
        #expect(model.activity.queuedRequestCount == 0)
        await model.unload()
    }

    @Test("A cancelled task ends its request, a waiting one too")
    func cancel() async throws {
        let model = try await TinyModelFile(.llama()).load(contextLength: 100_000) { $0.parallelRequestCount = 1 }
        let running = Task { try await model.generate("Hello", options: endless).outcome() }
        try #require(try await eventually { model.activity.activeRequestCount == 1 })
        let waiting = Task { try await model.generate("Hello", options: endless).outcome() }
        try #require(try await eventually { model.activity.queuedRequestCount == 1 })
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
        try #require(try await eventually { model.activity.queuedRequestCount == 0 })
        #expect(model.activity.activeRequestCount == 1)
        running.cancel()
        await #expect(throws: CancellationError.self) { try await running.value }
        try #require(try await eventually { model.activity.activeRequestCount == 0 })
        await model.unload()
    }

    @Test("A request counts from its beginning to its end, while its prompt is computed too")
    func counted() async throws {
        let model = try await TinyModelFile(.llama()).load(contextLength: 100_000)
        let prompt = String(repeating: "Hello ", count: 500)
        func requestCount(_ activity: ModelActivity) -> Int {
            activity.activeRequestCount + activity.queuedRequestCount
        }
        var seenCount = 0
        // One that comes and goes between two looks shows nothing.
        for number in 0..<20 where seenCount < 2 {
            let generatedCount = model.activity.generatedTokenCount
            let running = Task {
                for try await event in model.generate("\(number) \(prompt)", options: endless) {
                    if case .delta = event { break }
                }
            }
            var activity = model.activity
            while requestCount(activity) == 0, activity.generatedTokenCount == generatedCount {
                await Task.yield()
                activity = model.activity
            }
            if activity.generatedTokenCount == generatedCount { seenCount += 1 }
            while activity.generatedTokenCount == generatedCount {
                try #require(requestCount(activity) == 1)
                activity = model.activity
            }
            try await running.value
            try #require(try await eventually { requestCount(model.activity) == 0 })
        }
        #expect(seenCount == 2)
        await model.unload()
    }

    @Test("Unloading ends running and waiting streams with an error that says so")
    func unload() async throws {
        let model = try await TinyModelFile(.llama()).load(contextLength: 100_000) { $0.parallelRequestCount = 1 }
        let running = Task { try await model.generate("Hello", options: endless).outcome() }
        try #require(try await eventually { model.activity.activeRequestCount == 1 })
        let waiting = Task { try await model.generate("Hello", options: endless).outcome() }
        try #require(try await eventually { model.activity.queuedRequestCount == 1 })
        await model.unload()
        await #expect(throws: InferenceError.unloaded) { try await running.value }
        await #expect(throws: InferenceError.unloaded) { try await waiting.value }
        await #expect(throws: InferenceError.unloaded) { try await model.generate("Hello").outcome() }
        await #expect(throws: InferenceError.unloaded) { try await model.tokenize("Hello") }
        await model.unload()
    }

    /// In a process of its own, so that no other test's memory is counted.
    @Test("Loading and unloading again and again leaves no memory behind")
    func memory() async {
        await #expect(processExitsWith: .success) {
            let file = try TinyModelFile(.llama())
            func cycle(_ count: Int) async throws {
                for _ in 0..<count {
                    let model = try await file.load(contextLength: 65536)
                    _ = try await model.generate("Hello", options: .fixed(2)).outcome()
                    await model.unload()
                }
            }
            try await cycle(5)
            let before = ProcessMemory.current().residentByteCount
            try await cycle(20)
            let growth = ProcessMemory.current().residentByteCount - before
            // The cache of one load alone is 32 MiB; twenty that stayed would be 640.
            #expect(growth < 64 << 20)
        }
    }

    @Test("A load that is cancelled throws and leaves nothing running")
    func cancelledLoad() async throws {
        let file = try TinyModelFile(.llama())
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            return try await file.load()
        }
        task.cancel()
        await #expect(throws: CancellationError.self) { _ = try await task.value }
    }

    @Test("Progress of loading rises to 1")
    func progress() async throws {
        let file = try TinyModelFile(.llama())
        let (stream, continuation) = AsyncStream.makeStream(of: Double.self)
        let model = try await LoadedModel.load(at: file.url) { continuation.yield($0) }
        continuation.finish()
        var seen: [Double] = []
        for await fraction in stream { seen.append(fraction) }
        #expect(seen.last == 1)
        #expect(seen == seen.sorted())
        await model.unload()
    }
}
