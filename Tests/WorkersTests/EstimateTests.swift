import Foundation
import Inference
import ModelFixtures
import ModelFormats
import Testing

@testable import Workers

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

@Suite("An estimate of memory by a worker", .serialized)
struct EstimateTests {
    private static func header(_ model: TinyModel) throws -> ModelHeaderFile {
        let (bytes, fileByteCount) = try model.header()
        return ModelHeaderFile(bytes: bytes, fileByteCount: fileByteCount)
    }

    private static var options: [LoadOptions] {
        [256, 512, 1024].map { ProcessFixture.options($0) }
    }

    @Test("of a header alone gives what the loaded model says of itself", arguments: SizedModel.Architecture.allCases)
    func equalsLoadedModel(architecture: SizedModel.Architecture) async throws {
        let fixture = try ProcessFixture()
        defer { fixture.remove() }
        var size = SizedModel(architecture)
        (size.layerCount, size.vocabularyCount) = (3, 2048)
        let file = try TinyModelFile(size.model)
        var options = ProcessFixture.options(1024)
        options.memoryMap = false
        let estimator = fixture.estimator
        let estimate = try #require(
            try await estimator.estimates(of: [Self.header(size.model)], options: [options]).first)
        let loaded = try await fixture.launcher.start(ModelFileSet(file.url), name: "tiny", options: options)
        let memory = loaded.memory
        await loaded.unload()
        guard loaded.info.isGenerative else {
            #expect(estimate.host.weightsByteCount >= memory.weightsByteCount)
            return
        }
        // The engine counts what it allocated, with the padding between tensors.
        #expect(abs(estimate.host.weightsByteCount - memory.weightsByteCount) < 4096)
        #expect(estimate.host.contextByteCount == memory.contextByteCount)
        #expect(estimate.host.computeByteCount == memory.computeByteCount)
        #expect(estimate.mappedByteCount == 0)
        #expect(estimate.repackedByteCount > 0 && estimate.repackedByteCount < estimate.host.weightsByteCount)
    }

    @Test("keeps the order of many options, and counts what each changes")
    func manyOptions() async throws {
        let fixture = try ProcessFixture()
        defer { fixture.remove() }
        var size = SizedModel(.llama)
        (size.layerCount, size.vocabularyCount) = (2, 1024)
        var all = Self.options
        all.append(all[0])
        all[3].memoryMap = false
        let header = try Self.header(size.model)
        let estimates = try await fixture.estimator.estimates(of: [header], options: all)
        #expect(estimates.count == 4)
        // Keys and values of 8 heads of 64 values, in two layers, of two bytes each.
        let perToken: Int64 = 2 * 2 * 8 * 64 * 2
        #expect(estimates.prefix(3).map(\.host.contextByteCount) == [256, 512, 1024].map { $0 * perToken })
        #expect(estimates[3].host.contextByteCount == estimates[0].host.contextByteCount)
        #expect(estimates[0].mappedByteCount > 0 && estimates[3].mappedByteCount == 0)
        #expect(estimates[0].mappedByteCount + estimates[0].loadingByteCount >= estimates[3].host.weightsByteCount)
        // A mapped file has the weights that were repacked too.
        #expect(estimates[3].processByteCount < estimates[0].processByteCount)
        #expect(try await fixture.estimator.estimates(of: [header], options: []).isEmpty)
    }

    @Test("of a split model is that of the whole one")
    func split() async throws {
        let fixture = try ProcessFixture()
        defer { fixture.remove() }
        var size = SizedModel(.qwen3)
        (size.layerCount, size.vocabularyCount) = (2, 1024)
        let estimator = fixture.estimator
        let whole = try await estimator.estimates(of: [Self.header(size.model)], options: Self.options)
        let parts = try await estimator.estimates(of: try size.model.parts(3).map(Self.header), options: Self.options)
        #expect(parts.map(\.devices) == whole.map(\.devices))
        #expect(parts.map(\.repackedByteCount) == whole.map(\.repackedByteCount))
    }

    @Test("counts the draft model for each request")
    func draft() async throws {
        let fixture = try ProcessFixture()
        defer { fixture.remove() }
        var (large, small) = (SizedModel(.llama), SizedModel(.llama))
        (large.layerCount, large.vocabularyCount) = (4, 1024)
        (small.layerCount, small.vocabularyCount) = (1, 1024)
        let estimator = fixture.estimator
        var options = ProcessFixture.options(512)
        options.parallelRequestCount = 3
        let (target, draft) = (try Self.header(large.model), try Self.header(small.model))
        let alone = try await estimator.estimates(of: ModelHeaderSet(weights: [target]), options: [options])[0]
        let both = try await estimator.estimates(
            of: ModelHeaderSet(weights: [target], draft: draft), options: [options])[0]
        let context = both.host.contextByteCount - alone.host.contextByteCount
        #expect(context == 3 * alone.host.contextByteCount / 4)
        #expect(both.host.weightsByteCount > alone.host.weightsByteCount)
        options.speculation = false
        let unused = try await estimator.estimates(
            of: ModelHeaderSet(weights: [target], draft: draft), options: [options])[0]
        #expect(unused.host.weightsByteCount == alone.host.weightsByteCount)
    }

    @Test("counts the projector", arguments: TinyModel.Projector.allCases)
    func projector(kind: TinyModel.Projector) async throws {
        let fixture = try ProcessFixture()
        defer { fixture.remove() }
        let projector = try Self.header(.visionProjector(kind))
        let headers = ModelHeaderSet(weights: [try Self.header(.llama())], projector: projector)
        let estimator = fixture.estimator
        let alone = try await estimator.estimates(of: headers.weights, options: Self.options)
        let both = try await estimator.estimates(of: headers, options: Self.options)
        let weights = projector.fileByteCount - Int64(projector.bytes.count)
        for (alone, both) in zip(alone, both) {
            #expect(alone.projectorByteCount == 0)
            // Its small tensors are padded in the file.
            #expect(both.projectorByteCount > weights / 2 && both.projectorByteCount < 3 * weights)
            // Processes of their own are not equal to the last page.
            let grown = both.processByteCount - both.overheadByteCount
            #expect(grown > alone.processByteCount - alone.overheadByteCount)
        }
    }

    @Test("of a 70B model with a vocabulary of 128,000 tokens takes less than 100 MB, however long the contexts")
    func largeModel() async throws {
        let fixture = try ProcessFixture()
        defer { fixture.remove() }
        var size = SizedModel(.qwen3)
        (size.layerCount, size.width, size.feedForward) = (80, 8192, 28672)
        (size.headCount, size.keyHeadCount, size.headLength) = (64, 8, 128)
        (size.vocabularyCount, size.edgeType) = (128_256, .q6K)
        let header = try Self.header(size.model)
        #expect(header.fileByteCount > 35 << 30)
        let all = [8192, 131_072, 1 << 20].map { ProcessFixture.options($0) }
        let clock = ContinuousClock.now
        let (estimates, peak) = try await fixture.estimator.measuredEstimates(
            of: ModelHeaderSet(weights: [header]), options: all)
        print("70B: \(header.bytes.count) bytes of header, \(ContinuousClock.now - clock), peak \(peak ?? 0)")
        let perToken: Int64 = 80 * 2 * 8 * 128 * 2
        #expect(estimates.map(\.host.contextByteCount) == all.map { Int64($0.contextLength ?? 0) * perToken })
        #if os(Linux)
            #expect(try #require(peak) < 100_000_000)
        #endif
    }

    @Test("of what is no header is one clear error", arguments: 0..<8)
    func malformed(kind: Int) async throws {
        let fixture = try ProcessFixture()
        defer { fixture.remove() }
        var size = SizedModel(.llama)
        (size.layerCount, size.vocabularyCount) = (1, 1024)
        var header = try Self.header(size.model)
        switch kind {
        case 0: header.bytes = Data()
        case 1: header.bytes = Data("not a model at all".utf8)
        case 2: header.bytes = header.bytes.prefix(header.bytes.count / 2)
        case 3: header.fileByteCount = Int64(header.bytes.count)
        case 4: header.bytes.replaceSubrange(8..<16, with: [UInt8](repeating: 0xff, count: 8))
        case 5: header.bytes.replaceSubrange(16..<24, with: [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0])
        case 6:
            var model = size.model
            model["llama.attention.head_count"] = .uint32(0)
            model["llama.embedding_length"] = .uint32(7)
            header = try Self.header(model)
        default: header.fileByteCount = -1
        }
        var estimator = fixture.estimator
        estimator.name = "odd"
        let odd = estimator
        let error = await #expect(throws: InferenceError.self) {
            try await odd.estimates(of: [header], options: Self.options)
        }
        guard case .estimateFailed(model: "odd", let reason)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(!reason.isEmpty && !reason.contains("/proc/"), "\(reason)")
    }

    @Test(
        "by a process that was taken over is refused",
        arguments: ["length", "kind", "json", "job", "exit", "silence"])
    func hostile(kind: String) async throws {
        let fixture = try ProcessFixture(["liar", kind])
        defer { fixture.remove() }
        var estimator = fixture.estimator
        if kind == "silence" { estimator.timeLimit = .milliseconds(500) }
        let header = try Self.header(.llama())
        let limited = estimator
        let error = await #expect(throws: InferenceError.self) {
            _ = try await limited.estimates(of: [header], options: Self.options)
        }
        guard case .estimateFailed(_, let reason)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        if kind == "silence" { #expect(reason.contains("did not answer within 1 second")) }
    }

    @Test(
        "that says what cannot be is refused",
        arguments: ["true", "negative", "huge", "zero", "overhead", "devices", "name", "count"])
    func untrue(kind: String) async throws {
        let fixture = try ProcessFixture(["liar", "estimate-\(kind)"])
        defer { fixture.remove() }
        let header = try Self.header(.llama())
        do {
            let estimates = try await fixture.estimator.estimates(of: [header], options: Self.options)
            #expect(kind == "true" && estimates.count == 3)
        } catch InferenceError.estimateFailed(_, let reason) {
            #expect(kind != "true" && reason == "its process gave no sensible answer", "\(reason)")
        }
    }

    #if os(Linux)
        @Test("hands over files that nobody can fill, nor make longer or shorter")
        func sealed() throws {
            let files = try HeaderFiles(ModelHeaderSet(weights: [Self.header(.llama())]), name: "tiny")
            let descriptor = try #require(files.descriptors.all.first)
            let byteCount = lseek(descriptor, 0, SEEK_END)
            #expect(pwrite(descriptor, "x", 1, byteCount - 1) == -1 && errno == EPERM)
            #expect(ftruncate(descriptor, byteCount + 1) == -1 && errno == EPERM)
            #expect(ftruncate(descriptor, byteCount - 1) == -1 && errno == EPERM)
            let again = open("/proc/self/fd/\(descriptor)", O_RDWR)
            defer { close(again) }
            #expect(pwrite(again, "x", 1, 0) == -1 && errno == EPERM)
            var magic: [UInt8] = [0, 0, 0, 0]
            #expect(pread(descriptor, &magic, 4, 0) == 4 && magic == Array("GGUF".utf8))
        }
    #endif

    @Test("by a program that is no worker is refused")
    func noWorker() async throws {
        let fixture = try ProcessFixture(["nothing"])
        defer { fixture.remove() }
        let header = try Self.header(.llama())
        let error = await #expect(throws: InferenceError.self) {
            _ = try await fixture.estimator.estimates(of: [header], options: Self.options)
        }
        #expect(error.map { "\($0)" }?.contains("exited with status 64") == true)
    }

    @Test("by a process that takes too much memory is refused")
    func memoryLimit() async throws {
        let fixture = try ProcessFixture(["liar", "silence"])
        defer { fixture.remove() }
        var estimator = fixture.estimator
        estimator.memoryByteLimit = 1 << 20
        let header = try Self.header(.llama())
        let limited = estimator
        let error = await #expect(throws: InferenceError.self) {
            _ = try await limited.estimates(of: [header], options: Self.options)
        }
        #if os(Linux)
            #expect(error.map { "\($0)" }?.contains("more than 1 MiB") == true)
        #endif
    }

    @Test("is given up when nobody waits for it")
    func cancelled() async throws {
        let fixture = try ProcessFixture(["liar", "silence"])
        defer { fixture.remove() }
        let header = try Self.header(.llama())
        let task = Task { try await fixture.estimator.estimates(of: [header], options: Self.options) }
        try await Task.sleep(for: .milliseconds(50))
        task.cancel()
        await #expect(throws: CancellationError.self) { _ = try await task.value }
    }

    #if os(Linux)
        @Test("does not happen where its process cannot be locked, unless that was allowed")
        func locked() async throws {
            let header = try Self.header(.llama())
            let strict = try ProcessFixture(["old-kernel", "test"])
            defer { strict.remove() }
            let error = await #expect(throws: InferenceError.self) {
                try await strict.estimator.estimates(of: [header], options: Self.options)
            }
            guard case .sandboxUnavailable? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            let lax = try ProcessFixture(["old-kernel", "test"]) { $0.allowsUnsandboxed = true }
            defer { lax.remove() }
            #expect(try await lax.estimator.estimates(of: [header], options: Self.options).count == 3)
        }
    #endif
}
