import EngineFixtures
import Foundation
import Hardware
import Inference
import ModelFixtures
import Synchronization
import Testing
import Waiting

@testable import Workers

/// Loads into this process and counts how often.
private final class CountingLauncher: ModelLauncher {
    private let names = Mutex<[String]>([])
    var loaded: [String] { names.withLock { $0 } }

    func load(
        _ files: ModelFileSet, name: String, options: LoadOptions, identity: String,
        progress: (@Sendable (Double) -> Void)?
    ) async throws -> any RunningModel {
        names.withLock { $0.append(name) }
        return try await InProcessLauncher().load(
            files, name: name, options: options, identity: identity, progress: progress)
    }
}

/// The same memory for every model.
private struct FixedPlanner: LoadPlanner {
    let byteCount: Int64

    func plan(_ request: ModelRequest, room: LoadRoom) async -> LoadPlan {
        LoadPlan(
            options: request.options ?? request.defaultOptions,
            memory: ModelMemory(weightsByteCount: byteCount, contextByteCount: 0, computeByteCount: 0))
    }
}

/// Memory that grows with the context; when it is short the context is halved, down to 128 tokens.
private struct HalvingPlanner: LoadPlanner {
    let bytesPerToken: Int64

    func plan(_ request: ModelRequest, room: LoadRoom) async -> LoadPlan {
        plan(request.options ?? request.defaultOptions)
    }

    private func plan(_ options: LoadOptions) -> LoadPlan {
        LoadPlan(
            options: options,
            memory: ModelMemory(
                weightsByteCount: 0, contextByteCount: Int64(options.contextLength ?? 0) * bytesPerToken,
                computeByteCount: 0))
    }

    func retreat(
        from plan: LoadPlan, of request: ModelRequest, after error: InferenceError, room: LoadRoom
    ) async -> LoadPlan? {
        guard let length = plan.options.contextLength, length > 128 else { return nil }
        var options = plan.options
        options.contextLength = length / 2
        var next = self.plan(options)
        next.retreats = plan.retreats + [LoadRetreat(message: "context \(length / 2)", changesQuality: false)]
        return next
    }
}

/// Refuses models with more than 256 tokens as the engine does, and loads the others.
private struct RefusingLauncher: ModelLauncher {
    let error: InferenceError

    func load(
        _ files: ModelFileSet, name: String, options: LoadOptions, identity: String,
        progress: (@Sendable (Double) -> Void)?
    ) async throws -> any RunningModel {
        guard (options.contextLength ?? 0) <= 256 else { throw error }
        return try await InProcessLauncher().load(
            files, name: name, options: options, identity: identity, progress: progress)
    }
}

/// Memory pressure when a test says so.
private struct ToldPressure: MemoryPressure {
    let stream: AsyncStream<Void>
    let tell: AsyncStream<Void>.Continuation

    init() { (stream, tell) = AsyncStream.makeStream() }

    func signals() -> AsyncStream<Void> { stream }
}

@Suite("Room for models")
struct ResidencyRoomTests {
    private let file: TinyModelFile
    private let options: LoadOptions

    init() throws {
        file = try TinyModelFile(.llama())
        var options = LoadOptions()
        options.threadCount = 1
        self.options = options
    }

    private func request(_ key: String, keepAlive: KeepAlive = .forever) -> ModelRequest {
        ModelRequest(
            key: key, name: key, files: ModelFileSet(file.url), defaultOptions: options, keepAlive: keepAlive)
    }

    /// Bytes that one of the models takes.
    private func size() async throws -> Int64 {
        let model = try await LoadedModel.load(ModelFileSet(file.url), options: options)
        await model.unload()
        return model.memory.totalByteCount
    }

    /// Room for `count` models and a half.
    private func residency(
        count: Double, launcher: any ModelLauncher = InProcessLauncher(), pressure: (any MemoryPressure)? = nil
    ) async throws -> ModelResidency {
        let size = try await size()
        return ModelResidency(
            launcher: launcher, budget: MemoryBudget(.bytes(Int64(Double(size) * (count + 0.5)))),
            planner: FixedPlanner(byteCount: size), pressure: pressure)
    }

    private func keys(_ residency: ModelResidency) async -> [String] { await residency.residents().map(\.key) }

    @Test("A hundred requests for a cold model load it once")
    func coalesced() async throws {
        let launcher = CountingLauncher()
        let residency = try await residency(count: 1, launcher: launcher)
        let results = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<100 {
                group.addTask {
                    try await residency.withModel(request("a")) { try await $0.tokenize("Hello").count }
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(results.count == 100)
        #expect(launcher.loaded == ["a"])
        await residency.close()
    }

    @Test("As many stay as fit; for another one the least valuable goes that nobody uses")
    func evicts() async throws {
        let residency = try await residency(count: 2)
        try await residency.load(request("a"))
        try await residency.load(request("b"))
        #expect(await keys(residency) == ["a", "b"])
        try await residency.withModel(request("a")) { _ in
            try await residency.load(request("c"))
            #expect(await keys(residency) == ["a", "c"])
        }
        await residency.close()
    }

    @Test("A model in use is waited for, not ended, and what it computes comes to its end")
    func waits() async throws {
        let launcher = CountingLauncher()
        let residency = try await residency(count: 1, launcher: launcher)
        let (waiting, result) = try await residency.withModel(request("a")) { model in
            let waiting = Task { try await residency.load(request("b")) }
            // It is there, and waits for this one.
            try #require(try await eventually { await residency.waitingCount == 1 })
            let result = try await model.generate("Hello", options: .fixed(8)).outcome().result
            #expect(launcher.loaded == ["a"])
            return (waiting, result)
        }
        #expect(result.completionTokenCount == 8)
        _ = try await waiting.value
        #expect(await keys(residency) == ["b"])
        #expect(launcher.loaded == ["a", "b"])
        await residency.close()
    }

    @Test("A model that two others wait for in turn does not starve: it comes back after them")
    func turns() async throws {
        let residency = try await residency(count: 1)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<30 {
                group.addTask {
                    try await residency.withModel(request(["a", "b", "c"][index % 3])) {
                        _ = try await $0.generate("Hello", options: .fixed(2)).outcome()
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(await residency.residents().allSatisfy { $0.leaseCount == 0 })
        #expect(await residency.residents().count == 1)
        await residency.close()
    }

    @Test("A pinned model stays whatever is asked for, and the refusal has the numbers")
    func pinned() async throws {
        let size = try await size()
        let residency = try await residency(count: 1)
        try await residency.load(request("a", keepAlive: .never), pinning: true)
        let error = try await #require(throws: InferenceError.self) { try await residency.load(request("b")) }
        guard case .noRoom("b", size, let available, nil, let holders) = error else {
            Issue.record("another error: \(error)")
            return
        }
        #expect(available < size)
        #expect(holders == [.init(model: "a", byteCount: size)])
        #expect("\(error)".contains("pinned: a"))
        #expect(await residency.residents().first?.isPinned == true)
        // The refusal left nothing behind that later requests would wait for.
        _ = try await residency.withModel(request("a")) { try await $0.tokenize("x") }
        #expect(await residency.unpin("a"))
        try await residency.load(request("b"))
        #expect(await keys(residency) == ["b"])
        #expect(await !residency.unpin("a"))
        await residency.close()
    }

    @Test("A pinned model outlives its keep-alive; unpinned it goes by it")
    func unpins() async throws {
        let residency = ModelResidency()
        try await residency.load(request("a", keepAlive: .never), pinning: true)
        let pinned = try #require(await residency.residents().first)
        #expect(pinned.isPinned)
        #expect(pinned.expiresAt == nil)
        #expect(await residency.unpin("a"))
        try #require(try await eventually { await residency.residents().isEmpty })
        // Told to go, a pinned one goes.
        try await residency.load(request("b"), pinning: true)
        #expect(await residency.unload("b"))
        try await residency.load(request("b"))
        #expect(await residency.residents().first?.isPinned == false)
        await residency.close()
    }

    @Test("What is larger than the limit is refused before anything goes for it")
    func tooLarge() async throws {
        let size = try await size()
        let residency = ModelResidency(
            budget: MemoryBudget(.bytes(size * 2)), planner: FixedPlanner(byteCount: size * 3))
        await #expect(
            throws: InferenceError.noRoom(
                model: "a", neededByteCount: size * 3, availableByteCount: size * 2, modelLimit: nil, holders: [])
        ) { try await residency.load(request("a")) }
        await residency.close()
    }

    private func request(contextLength: Int) -> ModelRequest {
        var request = request("a")
        request.defaultOptions.contextLength = contextLength
        return request
    }

    @Test("What does not fit is loaded as the planner says instead, and what was given up is told")
    func retreats() async throws {
        let told = Mutex<[String]>([])
        let residency = ModelResidency(
            budget: MemoryBudget(.bytes(300_000)), planner: HalvingPlanner(bytesPerToken: 1000)
        ) { name, step in told.withLock { $0.append("\(name): \(step.message)") } }
        let model = try await residency.load(request(contextLength: 1024))
        #expect(model.info.contextLength == 256)
        let resident = try #require(await residency.residents().first)
        #expect(resident.options.contextLength == 256)
        #expect(resident.retreats.map(\.message) == ["context 512", "context 256"])
        #expect(told.withLock { $0 } == ["a: context 512", "a: context 256"])
        // A request that asks for what was asked for first takes it as it is.
        try await residency.load(request(contextLength: 1024))
        #expect(await residency.residents().count == 1)
        #expect(told.withLock { $0.count } == 2)
        await residency.close()
    }

    @Test("When nothing is left to give up the refusal stands")
    func noRetreatLeft() async throws {
        let residency = ModelResidency(
            budget: MemoryBudget(.bytes(50_000)), planner: HalvingPlanner(bytesPerToken: 1000))
        await #expect(
            throws: InferenceError.noRoom(
                model: "a", neededByteCount: 128_000, availableByteCount: 50_000, modelLimit: nil, holders: [])
        ) { try await residency.load(request(contextLength: 1024)) }
        #expect(await residency.residents().isEmpty)
        await residency.close()
    }

    @Test(
        "The engine's own word that memory is short counts as well, a broken file does not",
        arguments: [
            (InferenceError.outOfMemory(neededByteCount: 2, availableByteCount: 1, what: "it"), true),
            (
                .loadFailed(path: "f", reason: "ggml_vulkan: Device memory allocation failed: ErrorOutOfDeviceMemory"),
                true
            ),
            (.loadFailed(path: "f", reason: "llama_init_from_model: failed to allocate buffer for kv cache"), true),
            (.loadFailed(path: "f", reason: "wrong number of tensors"), false),
            (.notGGUF(path: "f", found: "PK"), false),
        ])
    func engineRefuses(error: InferenceError, isShortage: Bool) async throws {
        let residency = ModelResidency(
            launcher: RefusingLauncher(error: error), planner: HalvingPlanner(bytesPerToken: 1))
        if isShortage {
            try await residency.load(request(contextLength: 1024))
            #expect(await residency.residents().first?.retreats.count == 2)
        } else {
            await #expect(throws: error) { try await residency.load(request(contextLength: 1024)) }
        }
        await residency.close()
    }

    @Test("Who stops waiting for room leaves nothing behind")
    func cancelled() async throws {
        let residency = try await residency(count: 1)
        try await residency.withModel(request("a")) { _ in
            let waiting = Task { try await residency.load(request("b")) }
            try #require(try await eventually { await residency.waitingCount == 1 })
            waiting.cancel()
            await #expect(throws: CancellationError.self) { try await waiting.value }
            try #require(try await eventually { await residency.waitingCount == 0 })
        }
        // “a” was told to make room before; it is loaded anew.
        try await residency.load(request("a"))
        #expect(await keys(residency) == ["a"])
        await residency.close()
    }

    @Test("When the machine runs out of memory the idle models go one by one, the pinned and the used ones stay")
    func pressure() async throws {
        let pressure = ToldPressure()
        let short = MemoryBudget { UsableMemory(availableByteCount: 1 << 30, totalByteCount: 16 << 30) }
        let residency = ModelResidency(budget: short, pressure: pressure)
        for key in ["pinned", "old", "new", "used"] {
            try await residency.load(request(key), pinning: key == "pinned" ? true : nil)
        }
        try await residency.withModel(request("used")) { _ in
            pressure.tell.yield()
            try #require(try await eventually { await keys(residency) == ["new", "pinned", "used"] })
            pressure.tell.yield()
            try #require(try await eventually { await keys(residency) == ["pinned", "used"] })
            pressure.tell.yield()
            pressure.tell.yield()
        }
        try #require(try await eventually { await keys(residency).contains("pinned") })
        await residency.close()
        pressure.tell.finish()
    }

    @Test(
        "Memory is short when little is left beside weights that are mapped, or nobody knows",
        arguments: [(1, 0, true), (4, 0, false), (12, 0, false), (12, 10, true), (12, 6, false)])
    func shortness(availableGiB: Int64, mappedGiB: Int64, isShort: Bool) {
        let budget = MemoryBudget { UsableMemory(availableByteCount: availableGiB << 30, totalByteCount: 16 << 30) }
        let model = MemoryBudget.Holding(
            memory: ModelMemory(weightsByteCount: mappedGiB << 30, contextByteCount: 1 << 30, computeByteCount: 0),
            isLoaded: true, isMapped: true)
        #expect(budget.isShort(beside: [model]) == isShort)
        #expect(MemoryBudget(machine: { nil }).isShort(beside: []))
    }

    @Test("A closed residency refuses those who wait for room")
    func closes() async throws {
        let residency = try await residency(count: 1)
        try await residency.withModel(request("a")) { _ in
            let waiting = Task { try await residency.load(request("b")) }
            try #require(try await eventually { await residency.waitingCount == 1 })
            let closing = Task { await residency.close() }
            await #expect(throws: (any Error).self) { try await waiting.value }
            await closing.value
        }
        #expect(await residency.residents().isEmpty)
    }
}
