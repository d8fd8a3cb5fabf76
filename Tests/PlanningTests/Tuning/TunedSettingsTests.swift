import Hardware
import Inference
import Planning
import Testing

@Suite("Tuned settings")
struct TunedSettingsTests {
    private var tuned: TunedSettings {
        var tuned = TunedSettings()
        tuned.threadCount = 3
        tuned.batchThreadCount = 6
        tuned.microBatchSize = 1024
        tuned.flashAttention = .off
        return tuned
    }

    @Test("take the place of what was left open")
    func applied() {
        let options = tuned.applied(to: LoadOptions())
        #expect(options.threadCount == 3 && options.batchThreadCount == 6)
        #expect(options.microBatchSize == 1024 && options.flashAttention == .off)
        #expect(TunedSettings().applied(to: options) == options)
        #expect(TunedSettings().isDefault && !tuned.isDefault)
    }

    @Test("leave what was chosen")
    func explicit() {
        var options = LoadOptions()
        options.threadCount = 1
        options.microBatchSize = 256
        options.flashAttention = .on
        #expect(tuned.applied(to: options) == options)
        options = LoadOptions()
        options.batchThreadCount = 2
        #expect(tuned.applied(to: options).batchThreadCount == 2)
        #expect(tuned.applied(to: options).threadCount == 3)
    }

    @Test("make no options that cannot be loaded")
    func valid() throws {
        var options = LoadOptions()
        options.batchSize = 512
        options.valueCacheType = .q8_0
        let applied = tuned.applied(to: options)
        #expect(applied.microBatchSize == 512 && applied.flashAttention == .auto)
    }

    @Test(
        "are looked for among sensible numbers of threads",
        arguments: [
            // usable threads, usable cores, fast ones, default, candidates
            (2, 2, nil, 2, [2, 1]),
            (2, 2, nil, 1, [1, 2]),
            (16, 8, nil, 8, [8, 16, 7, 6, 4, 9]),
            (20, 14, 6, 6, [6, 14, 20, 5, 4, 3]),
            (1, 1, nil, 1, [1]),
            (4, 4, nil, 3, [3, 4, 2, 1]),
        ] as [(Int, Int, Int?, Int, [Int])])
    func threads(usable: Int, cores: Int, fast: Int?, count: Int, expected: [Int]) {
        var processor = MachineDetector().detect().processor
        processor.usableThreads = Array(0..<usable)
        processor.usableCoreCount = cores
        processor.usablePerformanceCoreCount = fast
        #expect(TuningCandidates.threadCounts(processor, default: count) == expected)
    }

    @Test("are not looked for above a quota", arguments: [(1.0, 1, [1]), (1.5, 1, [1, 2]), (3.9, 3, [3, 4, 2, 1])])
    func quota(quota: Double, count: Int, expected: [Int]) {
        var processor = MachineDetector().detect().processor
        processor.usableThreads = Array(0..<8)
        processor.usableCoreCount = 8
        processor.usablePerformanceCoreCount = nil
        #expect(TuningCandidates.threadCounts(processor, default: count, quota: quota) == expected)
    }

    @Test("are looked for among sizes that the options allow")
    func sizes() {
        var options = LoadOptions()
        #expect(TuningCandidates.microBatchSizes(options) == [512, 256, 1024, 2048])
        options.batchSize = 600
        #expect(TuningCandidates.microBatchSizes(options) == [512, 256])
        #expect(TuningCandidates.flashAttention(options) == [.auto, .off])
        options.valueCacheType = .q8_0
        #expect(TuningCandidates.flashAttention(options) == [.auto])
        options.valueCacheType = .f16
        options.flashAttention = .on
        #expect(TuningCandidates.flashAttention(options) == [.on])
    }
}
