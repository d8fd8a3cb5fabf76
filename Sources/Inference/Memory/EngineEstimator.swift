import CLlama
import Foundation

/// Asks the engine of this process what models would take, by headers that it reads itself: for a process that may be
/// lost when a header is not what it says.
public enum EngineEstimator {
    /// What the model takes for each of `options`.
    ///
    /// - Parameters:
    ///   - files: as long as the model's, and with their headers; the weights may be holes.
    ///   - options: a model is read once for all that differ in their contexts only.
    ///   - name: what messages call the model.
    ///   - processByteCount: bytes in RAM of a process that has started and will load the model.
    /// - Throws: `InferenceError.estimateFailed`, `.invalidOption`.
    public static func estimates(
        of files: ModelDescriptors, options: [LoadOptions], name: String, processByteCount: Int64
    ) throws -> [MemoryEstimate] {
        try estimates(of: files.files, options: options, name: name, processByteCount: processByteCount)
    }

    /// The same for files by their paths.
    ///
    /// - Throws: `InferenceError.estimateFailed`, `.unknownDevice`, `.invalidOption`.
    public static func estimates(
        of files: ModelFileSet, options: [LoadOptions], name: String, processByteCount: Int64 = 0
    ) throws -> [MemoryEstimate] {
        for options in options { try options.validate() }
        var estimates = [MemoryEstimate?](repeating: nil, count: options.count)
        for (_, places) in Dictionary(grouping: options.indices, by: { options[$0].weightsOnly }) {
            guard let first = places.first else { continue }
            let model = try ModelLayout(paths: files.paths, options: options[first], name: name)
            let draft = try files.draft.flatMap { file in
                try places.contains { options[$0].speculation }
                    ? ModelLayout(paths: [file.path], options: options[first], name: name) : nil
            }
            var projectors: [FlashAttention: ProjectorMemory] = [:]
            for place in places {
                let plan = ContextPlan(
                    model: model, draft: options[place].speculation ? draft : nil, processByteCount: processByteCount)
                estimates[place] = try plan.estimate(options[place])
                if let file = files.projector {
                    let kind = options[place].flashAttention
                    let projector = projectors[kind] ?? ProjectorMemory(file: file, options: options[place])
                    projectors[kind] = projector
                    estimates[place]?.add(projector)
                }
            }
        }
        return estimates.compactMap { $0 }
    }
}

extension LoadOptions {
    /// What decides how the weights are loaded, the rest as by default.
    fileprivate var weightsOnly: LoadOptions {
        let plain = LoadOptions()
        var options = self
        options.contextLength = plain.contextLength
        options.batchSize = plain.batchSize
        options.microBatchSize = plain.microBatchSize
        options.threadCount = plain.threadCount
        options.batchThreadCount = plain.batchThreadCount
        options.flashAttention = plain.flashAttention
        options.keyCacheType = plain.keyCacheType
        options.valueCacheType = plain.valueCacheType
        options.parallelRequestCount = plain.parallelRequestCount
        options.cacheTokenCount = plain.cacheTokenCount
        options.prefixByteLimit = plain.prefixByteLimit
        options.speculation = plain.speculation
        return options
    }
}
