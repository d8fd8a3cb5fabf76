import Foundation
import Hardware
import ModelFormats
import Synchronization
import Testing
import Waiting

@testable import Inference

/// What the engine's kernels can do here. Other work on the machine makes figures smaller, so that nothing is asked of
/// them but how they stand to each other.
@Suite("Measuring kernels", .serialized)
struct KernelMeterTests {
    private func meter(_ types: [String], seconds: Double = 2) async -> KernelMeter {
        var meter = KernelMeter(machine: await Machine.current())
        meter.types = types
        meter.seconds = seconds
        return meter
    }

    /// Measures once there is room for it: other tests take memory too.
    private func measure(
        _ meter: KernelMeter, progress: (@Sendable (KernelMeter.Progress) -> Void)? = nil
    ) async throws -> MachineMeasurement {
        var result: MachineMeasurement?
        _ = try await eventually {
            do {
                result = try await meter.measure(progress: progress)
                return true
            } catch InferenceError.outOfMemory {
                return false
            }
        }
        return try #require(result, "there was no room")
    }

    @Test("tells for each type how fast weights are read and multiplied, with more of them than caches hold")
    func measured() async throws {
        let meter = await meter(["f16", "q4_K", "no_such_type"])
        let seen = Mutex<[KernelMeter.Progress]>([])
        let result = try await measure(meter) { progress in seen.withLock { $0.append(progress) } }
        #expect(result.threadCount == meter.threadCount && result.engine == Engine.build)
        let cpu = result.kernels.filter { $0.device == "CPU" }
        #expect(cpu.map(\.type) == ["F16", "Q4_K"])
        for kernel in cpu {
            #expect(kernel.workingSetByteCount >= 4 * (meter.cacheByteCount ?? 1))
            for probes in [kernel.bytesPerSecond, kernel.flopsPerSecond] {
                #expect(probes.count >= 3 && probes.best >= probes.median && probes.median > 0)
            }
        }
        let fractions = seen.withLock { $0 }.map(\.fraction)
        #expect(fractions == fractions.sorted() && fractions.first == 0 && (fractions.last ?? 1) < 1)
        let back = try JSONDecoder().decode(MachineMeasurement.self, from: JSONEncoder().encode(result))
        #expect(back == result)
    }

    @Test("agrees with itself: weights are used faster with 512 columns than with one, and not read faster than memory")
    func consistent() async throws {
        // Both types are made in a moment.
        var meter = await meter(["f16", "q8_0"], seconds: 1)
        // Several threads are as fast as the one of them that other work holds up, and each probe may meet some.
        meter.threadCount = 1
        var (memory, read, computed) = (0.0, [String: Double](), [String: Double]())
        func isConsistent(_ type: String, bytesPerWeight: Double) -> Bool {
            guard let bytes = read[type], let operations = computed[type] else { return false }
            return operations > bytes / bytesPerWeight * 2
        }
        // Best of some rounds: the machine may have other work at any time, which slows one or the other.
        for _ in 0..<60 {
            let result = try await measure(meter)
            memory = max(memory, result.memoryBytesPerSecond?.best ?? 0)
            for kernel in result.kernels where kernel.device == "CPU" {
                read[kernel.type] = max(read[kernel.type] ?? 0, kernel.bytesPerSecond.best)
                computed[kernel.type] = max(computed[kernel.type] ?? 0, kernel.flopsPerSecond.best)
            }
            if isConsistent("F16", bytesPerWeight: 2), isConsistent("Q8_0", bytesPerWeight: 1.0625),
                (read["F16"] ?? 0) < 1.5 * memory
            {
                return
            }
        }
        Issue.record("memory \(memory) B/s, read \(read) B/s, computed \(computed) operations/s")
    }

    @Test("refuses when there is no room for more than caches hold")
    func noRoom() async throws {
        var meter = await meter(["q4_K"])
        meter.cacheByteCount = 1 << 50
        await #expect(throws: InferenceError.self) { try await meter.measure() }
    }

    @Test("takes at most half of the CPU's free memory, and leaves out a GPU without room")
    func workingSet() async throws {
        var meter = await meter([])
        meter.cacheByteCount = 200 << 20
        func size(_ kind: EngineDevice.Kind, free: Int64) throws -> Int64? {
            try meter.workingSet(
                on: EngineDevice(
                    name: "it", title: "it", kind: kind, backend: "it", freeByteCount: free << 20,
                    totalByteCount: free << 20))
        }
        #expect(try size(.cpu, free: 1600) == 800 << 20)
        #expect(throws: InferenceError.self) { try size(.cpu, free: 1599) }
        #expect(try size(.gpu, free: 512) == 128 << 20)
        #expect(try size(.gpu, free: 511) == nil)
        #expect(try size(.gpu, free: 16_000) == 1 << 30)
    }

    @Test("ends when it is cancelled")
    func cancelled() async throws {
        var meter = await meter(["f32", "f16", "bf16", "q8_0"], seconds: 600)
        // Other tests may leave no room for four times a large cache.
        meter.cacheByteCount = nil
        let (began, continuation) = AsyncStream.makeStream(of: Void.self)
        let task = Task { [meter] in
            defer { continuation.finish() }
            return try await meter.measure { _ in continuation.yield() }
        }
        for await _ in began { break }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test("gives a limit that a real model stays below, and not far below", .enabled(if: TestEnvironment.model != nil))
    func realModel() async throws {
        let url = try #require(TestEnvironment.model)
        let tensors = try GGUFReader.open(url).header.tensors
        let bytes = Dictionary(grouping: tensors, by: { $0.type.name.uppercased() })
            .mapValues { $0.reduce(0.0) { $0 + Double($1.byteCount) } }
        let large = bytes.filter { $0.value > Double(1 << 20) }
        let types = large.keys.map { $0.hasPrefix("Q") ? "q" + $0.dropFirst() : $0.lowercased() }
        var meter = await meter(types, seconds: 1)
        // Several threads wait for each other many times in a token and once in a probe: other work would slow one more.
        meter.threadCount = 1
        var options = LoadOptions()
        options.threadCount = meter.threadCount
        options.contextLength = 512
        options.speculation = false
        options.gpuLayerCount = 0
        let model = try await LoadedModel.load(at: url, options: options)
        var (speed, rates) = (0.0, [String: Double]())
        // Best of some rounds: the machine may have other work at any time, which slows one or the other.
        for _ in 0..<60 {
            for kernel in try await measure(meter).kernels where kernel.device == "CPU" {
                rates[kernel.type] = max(rates[kernel.type] ?? 0, kernel.bytesPerSecond.best)
            }
            for _ in 0..<3 { speed = max(speed, try await decodeSpeed(model)) }
            let limit = try self.limit(large, rates)
            if speed <= limit * 1.1, speed >= limit / 5 { break }
        }
        await model.unload()
        let limit = try self.limit(large, rates)
        #expect(speed <= limit * 1.1, "\(speed) tokens/s with a limit of \(limit)")
        #expect(speed >= limit / 5, "\(speed) tokens/s with a limit of \(limit)")
    }

    /// Tokens in a second when nothing takes time but reading each weight once.
    private func limit(_ bytes: [String: Double], _ rates: [String: Double]) throws -> Double {
        1 / (try bytes.reduce(0.0) { $0 + $1.value / (try #require(rates[$1.key])) })
    }

    private func decodeSpeed(_ model: LoadedModel) async throws -> Double {
        var options = GenerationOptions.greedy
        options.maxTokens = 33
        options.ignoreEndOfGeneration = true
        for try await event in model.generate(tokens: [2], options: options) {
            if case .finished(let result) = event { return 32 / (result.completionDuration / .seconds(1)) }
        }
        throw InferenceError.unloaded
    }
}
