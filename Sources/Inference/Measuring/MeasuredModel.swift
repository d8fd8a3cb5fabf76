import CLlama
import Foundation

/// A model whose speed is measured: its weights are loaded once, contexts and threads change from question to question.
/// All calls come from one thread.
public final class MeasuredModel {
    /// What was loaded.
    public let info: LoadedModelInfo
    private let model: ModelHandle
    private let files: ModelFileSet
    private var prepared: [PreparedContext] = []
    private var generator = SplitMix(state: 1)
    private let isOver: @Sendable () -> Bool

    /// Contexts that are kept, so that some can be measured in turns. Default 2.
    public var contextLimit = 2

    /// A context, and what it holds.
    private struct PreparedContext {
        /// Without threads, which change in place.
        let options: LoadOptions
        let context: EngineContext
        var threads: [Int]
        /// Tokens that it holds, all of one sequence.
        var depth = 0
    }

    /// Loads the weights.
    ///
    /// - Parameter isOver: asked while it computes; when true, the measurement is given up with `CancellationError`.
    /// - Throws: `InferenceError`.
    public convenience init(
        _ descriptors: ModelDescriptors, name: String, options: LoadOptions, isOver: @escaping @Sendable () -> Bool,
        progress: (@Sendable (Double) -> Void)? = nil
    ) throws {
        try self.init(
            descriptors.files, source: .descriptors(descriptors.weights), name: name, options: options, isOver: isOver,
            progress: progress)
    }

    /// As above, from files that may be opened.
    public init(
        _ files: ModelFileSet, source: ModelSource = .paths, name: String, options: LoadOptions,
        isOver: @escaping @Sendable () -> Bool = { false }, progress: (@Sendable (Double) -> Void)? = nil
    ) throws {
        let loader = ModelLoader(
            files: files, source: source, options: options, vocabularyOnly: false, progress: progress,
            isCancelled: CancellationFlag())
        model = try loader.load()
        self.files = files
        self.isOver = isOver
        info = LoadedModelInfo(model, name: name, path: loader.path, options: options, context: nil)
        // Whether it keeps tokens shows in a context only.
        var small = options
        small.contextLength = min(256, info.contextLength)
        guard model.generates(hasCache: true),
            try EngineContext(model: model, files: files, options: small).hasCache
        else { throw InferenceError.notAGenerator(architecture: info.architecture) }
    }

    /// Measures. What a new context or new threads do first does not count.
    ///
    /// - Throws: `InferenceError`; `CancellationError`.
    public func answer(_ question: SpeedQuestion) throws -> SpeedAnswer {
        try question.validate(
            contextLength: question.options.resolvedContextLength(trained: model.trainedContextLength))
        let (index, isNew) = try prepare(question.options)
        for other in prepared.indices where other != index { prepared[other].context.pauseThreads() }
        let hasNewThreads = setThreads(question.options, index)
        var answer = SpeedAnswer(promptSeconds: [], generationSeconds: [])
        try fill(index, to: question.depth)
        // Pages of a new context are touched and its graphs made; new threads only have to start.
        if isNew || hasNewThreads {
            let promptTokenCount = min(isNew ? question.promptTokenCount : 16, question.promptTokenCount)
            if promptTokenCount > 0 { _ = try run(index, promptTokenCount, isPrompt: true) }
            let tokenCount = min(4, question.generatedTokenCount)
            if tokenCount > 0 { _ = try run(index, tokenCount, isPrompt: false) }
        }
        for _ in 0..<question.repetitionCount {
            if question.promptTokenCount > 0 {
                answer.promptSeconds.append(try run(index, question.promptTokenCount, isPrompt: true))
            }
            if question.generatedTokenCount > 0 {
                answer.generationSeconds.append(try run(index, question.generatedTokenCount, isPrompt: false))
            }
        }
        return answer
    }

    /// The place of a context made by these options; those used longest ago go.
    private func prepare(_ options: LoadOptions) throws -> (index: Int, isNew: Bool) {
        var plain = options
        (plain.threadCount, plain.batchThreadCount) = (nil, nil)
        if let index = prepared.firstIndex(where: { $0.options == plain }) {
            prepared.append(prepared.remove(at: index))
            return (prepared.count - 1, false)
        } else {
            if prepared.count >= contextLimit { prepared.removeFirst() }
            let context = try EngineContext(model: model, files: files, options: plain)
            prepared.append(PreparedContext(options: plain, context: context, threads: []))
            return (prepared.count - 1, true)
        }
    }

    /// Whether it computes with other threads than before.
    private func setThreads(_ options: LoadOptions, _ index: Int) -> Bool {
        let count = options.threadCount ?? HostFacts.computeThreadCount
        let threads = [count, options.batchThreadCount ?? count]
        guard prepared[index].threads != threads else { return false }
        prepared[index].context.setThreads(threads[0], batch: threads[1])
        prepared[index].threads = threads
        return true
    }

    /// Makes the context hold `depth` tokens.
    private func fill(_ index: Int, to depth: Int) throws {
        let context = prepared[index].context
        if prepared[index].depth > depth, depth == 0 || !context.remove(0, from: depth) {
            context.removeAll()
            prepared[index].depth = 0
        }
        prepared[index].depth = min(prepared[index].depth, depth)
        while prepared[index].depth < depth {
            let count = min(context.batchSize, depth - prepared[index].depth)
            try compute(context, randomTokens(count), position: prepared[index].depth)
            prepared[index].depth += count
        }
    }

    /// Seconds that tokens take behind what the context holds; afterwards it holds the same.
    private func run(_ index: Int, _ count: Int, isPrompt: Bool) throws -> Double {
        let (context, depth) = (prepared[index].context, prepared[index].depth)
        let tokens = randomTokens(count)
        let start = ContinuousClock.now
        let size = isPrompt ? context.batchSize : 1
        for first in stride(from: 0, to: count, by: size) {
            try compute(context, tokens[first..<min(first + size, count)], position: depth + first)
        }
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        if depth == 0 || !context.remove(0, from: depth) {
            // A state that cannot go back is made anew.
            context.removeAll()
            prepared[index].depth = 0
            try fill(index, to: depth)
        }
        return max(seconds, 1e-9)
    }

    private func compute(_ context: EngineContext, _ tokens: ArraySlice<Int32>, position: Int) throws {
        let batch = try EngineBatch(capacity: tokens.count)
        _ = batch.add(tokens, position: position, sequence: 0, outputCount: 1)
        switch try context.decode(batch, isOver: isOver) {
        case .done: return
        case .aborted: throw CancellationError()
        case .noRoom:
            throw InferenceError.promptTooLong(
                promptTokenCount: position + tokens.count, contextLength: context.contextLength,
                trainedContextLength: model.trainedContextLength)
        }
    }

    private func randomTokens(_ count: Int) -> ArraySlice<Int32> {
        (0..<count).map { _ in Int32.random(in: 0..<Int32(clamping: model.vocabularyCount), using: &generator) }[...]
    }
}
