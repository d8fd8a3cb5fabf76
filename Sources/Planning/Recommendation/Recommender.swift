import Inference
import Sizes

/// A model for a machine, with how it would run there.
public struct Recommendation: Sendable, Hashable {
    /// The model.
    public var candidate: RecommendationCandidate
    /// How good its answers are to be expected.
    public var tier: QualityTier
    /// Whether it fits, with the context that is needed.
    public var fits: Bool
    /// Whether it is fast enough to talk with, as far as that is known.
    public var isFast: Bool
    /// Bytes that it needs in all.
    public var neededByteCount: Int64
    /// Tokens in a second of one answer at most; `nil` when unknown.
    public var tokensPerSecond: Double?
    /// How it would be loaded; `nil` where only the size of its file is known.
    public var plan: ModelPlan?
    /// Why it stands where it stands, in a sentence.
    public var reason: String
}

/// Ranks models for a machine: those that fit and are fast enough first, of these the best answers.
public struct Recommender: Sendable {
    /// The machine.
    public let machine: PlannedMachine
    /// Reading pace: a model that writes more slowly is a last resort.
    static let usefulTokensPerSecond = 6.0

    /// A recommender for a machine.
    public init(machine: PlannedMachine) { self.machine = machine }

    /// Models in the order in which they are recommended; those that do not fit come last, the smallest of them first.
    ///
    /// - Parameters:
    ///   - purpose: what the model is for; `nil` is anything.
    ///   - minimumContextLength: tokens that it must be able to have; models trained for less are left out.
    /// - Throws: `PlanningError`.
    public func rank(
        _ candidates: [RecommendationCandidate], for purpose: ModelPurpose? = nil, minimumContextLength: Int? = nil
    ) async throws -> [Recommendation] {
        var ranked: [Recommendation] = []
        for candidate in candidates {
            if let purpose, !candidate.purposes.contains(purpose) { continue }
            let trained = candidate.trainedContextLength ?? candidate.geometry?.trainedContextLength
            if let minimumContextLength, let trained, trained < minimumContextLength { continue }
            ranked.append(try await judge(candidate, minimumContextLength))
        }
        return ranked.sorted(by: comesBefore)
    }

    private func comesBefore(_ left: Recommendation, _ right: Recommendation) -> Bool {
        if left.fits != right.fits { return left.fits }
        if !left.fits {
            return (left.neededByteCount, left.candidate.name) < (right.neededByteCount, right.candidate.name)
        }
        if left.isFast != right.isFast { return left.isFast }
        // Of those that are too slow the fastest is best.
        if !left.isFast, let first = left.tokensPerSecond, let second = right.tokensPerSecond, first != second {
            return first > second
        }
        if left.tier != right.tier { return left.tier > right.tier }
        let (first, second) = (left.candidate.effectiveParameterCount, right.candidate.effectiveParameterCount)
        if first != second { return first > second }
        if left.candidate.isDownloaded != right.candidate.isDownloaded { return left.candidate.isDownloaded }
        return left.candidate.name < right.candidate.name
    }

    private func judge(_ candidate: RecommendationCandidate, _ length: Int?) async throws -> Recommendation {
        guard let geometry = candidate.geometry else { return roughly(candidate, length) }
        let plan = try await SettingsChooser(machine: machine)
            .plan(geometry: geometry, request: PlanRequest(contextLength: length))
        let onGraphics = plan.memory.devices.contains { !$0.isHost && $0.weightsByteCount > 0 }
        let left = plan.memory.host.weightsByteCount - geometry.inputWeights.byteCount
        // Of experts that are left to the processor only those used are read.
        let share = (plan.options.expertLayersOnProcessor ?? 0) > 0 ? geometry.usedExpertShare : 1
        let read = onGraphics ? Int64(bytes: Double(max(0, left)) * share) : plan.speed.byteCountPerToken
        return recommendation(
            candidate, fits: plan.fits, needed: plan.memory.allByteCount, speed: plan.speed.decodeTokensPerSecond,
            hostByteCount: read, onGraphics: onGraphics, plan)
    }

    /// With nothing known but the file's size: the weights, a cache as models of that size have it, and buffers.
    private func roughly(_ candidate: RecommendationCandidate, _ length: Int?) -> Recommendation {
        let tokens = Double(length ?? min(candidate.trainedContextLength ?? 8192, 8192))
        let billions = max(0.1, candidate.expectedParameterCount / 1e9)
        // Llama 3.1 8B has 128 KiB for each token; others of its time grow more slowly than their weights.
        let cache = candidate.purposes == [.embedding] ? 0 : tokens * 131_072 * (billions / 8).squareRoot()
        let needed = candidate.fileByteCount.addingClamped(Int64(bytes: cache + 384 * 0x1p20))
        let graphics = machine.usedGraphics
        let fast = graphics.reduce(Int64(0)) { $0.addingClamped($1.memoryByteCount) }
        let onGraphics = !graphics.isEmpty && needed <= fast
        let share = candidate.usedParameterCount.map { min(1, $0 / max(candidate.expectedParameterCount, 1)) } ?? 1
        let read = Int64(bytes: Double(candidate.fileByteCount) * share)
        let bandwidth = onGraphics ? graphics.compactMap(\.bytesPerSecond).min() : hostBandwidth
        return recommendation(
            candidate, fits: needed <= machine.poolByteCount, needed: needed,
            speed: bandwidth.map { $0 / Double(max(read, 1)) }, hostByteCount: onGraphics ? 0 : read,
            onGraphics: onGraphics, nil)
    }

    private var hostBandwidth: Double? {
        machine.ceiling?.kernel(device: "CPU", type: "Q4_K")?.bytesPerSecond ?? machine.bytesPerSecond
    }

    private func recommendation(
        _ candidate: RecommendationCandidate, fits: Bool, needed: Int64, speed: Double?, hostByteCount: Int64,
        onGraphics: Bool, _ plan: ModelPlan?
    ) -> Recommendation {
        // Where nothing was measured: a GPU is fast, and so is a processor with few bytes to read for each token.
        let isFast = speed.map { $0 >= Self.usefulTokensPerSecond } ?? (hostByteCount <= 6 << 30)
        let tier = candidate.expectedTier
        var parts = ["\(tier.rawValue) answers"]
        if fits {
            parts.append("needs \(SizeText.text(needed))" + (onGraphics ? " on the GPU" : " of memory"))
            if let speed {
                parts.append(
                    "at most \(speed < 10 ? "\((speed * 10).rounded() / 10)" : "\(Int(speed.rounded()))") tokens a second"
                )
            }
            if !isFast { parts.append("too slow to talk with") }
            if let plan, plan.contextLength < (candidate.trainedContextLength ?? 0), plan.contextLength < 8192 {
                parts.append("context of \(plan.contextLength) tokens")
            }
        } else {
            parts.append(
                "needs \(SizeText.text(needed)), more than the \(SizeText.text(machine.poolByteCount)) that models may take"
            )
        }
        if candidate.isDownloaded { parts.append("already here") }
        let text = parts.joined(separator: ", ")
        return Recommendation(
            candidate: candidate, tier: tier, fits: fits, isFast: isFast, neededByteCount: needed,
            tokensPerSecond: speed,
            plan: plan, reason: text.prefix(1).uppercased() + text.dropFirst() + ".")
    }
}
