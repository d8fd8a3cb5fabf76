import Foundation
import Inference
import ModelFormats
import Workers

/// What a model will take in memory, told by its file's header: no engine reads a file that nobody has tried yet.
///
/// An upper bound of what llama.cpp asks for: all layers keep the whole context, and each buffer of the computation has
/// its largest size at once. Layers on a GPU are counted as if they were in RAM.
struct HeaderForecast: LoadPlanner {
    func plan(_ request: ModelRequest) async -> LoadPlan {
        let options = request.options ?? request.defaultOptions
        return LoadPlan(options: options, memory: await memory(of: request.files, options: options))
    }

    func memory(of files: ModelFileSet, options: LoadOptions) async -> ModelMemory? {
        try? await OffPool.run { try Self.read(files, options) }
    }

    private static func read(_ files: ModelFileSet, _ options: LoadOptions) throws -> ModelMemory? {
        guard let first = files.weights.first else { return nil }
        let facts = ModelShape(try GGUFReader.open(first, access: .copied).header.metadata)
        let others = [files.projector].compactMap { $0 } + files.adapters.map(\.file)
        let weights = try (files.weights + others).reduce(0) { try $0 + byteCount(of: $1) }
        guard let facts else {
            return ModelMemory(weightsByteCount: weights, contextByteCount: 0, computeByteCount: 0)
        }
        let cells = options.cacheTokenCount ?? options.contextTokenCount(trained: facts.trainedContextLength)
        var memory = ModelMemory(
            weightsByteCount: weights,
            contextByteCount: bytes(facts.cacheByteCount(cells: cells, options) + facts.stateByteCount(options)),
            computeByteCount: bytes(facts.computeByteCount(cells: cells, options)))
        if options.speculation, let draft = files.draft, let own = try read(ModelFileSet(draft), options) {
            // Each request has its own context of the draft model, as long as the model's.
            memory.weightsByteCount += own.weightsByteCount
            memory.contextByteCount += own.contextByteCount * Int64(options.parallelRequestCount)
            memory.computeByteCount += own.computeByteCount * Int64(options.parallelRequestCount)
        }
        return memory
    }

    private static func bytes(_ count: Double) -> Int64 { Int64(min(max(count.rounded(.up), 0), 9e17)) }

    private static func byteCount(of file: URL) throws -> Int64 {
        Int64(try file.resourceValues(forKeys: [.fileSizeKey]).fileSize ?? 0)
    }
}

extension LoadOptions {
    fileprivate func contextTokenCount(trained: Int) -> Int {
        contextLength ?? min(trained > 0 ? trained : Self.defaultContextLength, Self.defaultContextLength)
    }
}
