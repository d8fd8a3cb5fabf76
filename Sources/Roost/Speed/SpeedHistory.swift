import Foundation
import Hardware
import Inference
import ModelStore

/// The speeds at which models answered on this machine, kept in the store, and whether they fall.
actor SpeedHistory {
    static let kind = "speed"
    /// Speeds that are kept for each model.
    private static let limit = 40
    /// Tokens that an answer must have, so that its speed means something.
    private static let leastTokenCount = 32
    /// Tokens of prompt and answer up to which speeds are compared: each token takes longer after many.
    private static let mostTokenCount = 2048
    /// The least time between two that are kept for one model.
    private static let interval = Duration.seconds(30)

    private let store: ModelStore
    private let tunings: TuningLookup
    private let broadcast: EventBroadcast
    private var lastKept: [String: ContinuousClock.Instant] = [:]
    private var slow: [String: HealthWarning] = [:]

    init(store: ModelStore, tunings: TuningLookup, broadcast: EventBroadcast) {
        self.store = store
        self.tunings = tunings
        self.broadcast = broadcast
    }

    /// Keeps the speed of an answer that had the machine for itself, and tells when the model has become slow.
    ///
    /// - Parameter isAlone: whether the model computed nothing else meanwhile.
    func take(_ speed: AnswerSpeed, of record: ModelRecord, isAlone: Bool) async {
        guard isAlone, speed.completionTokenCount >= Self.leastTokenCount, speed.acceptedDraftTokenCount == 0,
            speed.promptTokenCount + speed.completionTokenCount <= Self.mostTokenCount
        else { return }
        let model = record.identity.description
        let now = ContinuousClock.now
        if let last = lastKept[model], now - last < Self.interval { return }
        lastKept[model] = now
        let machine = await tunings.fingerprint()
        // A speed that is not kept is a pity and nothing more.
        guard
            let observation = try? Observation(
                kind: Self.kind, machine: machine, engine: Engine.build, model: model,
                encoding: speed),
            (try? await store.record(observation, keeping: Self.limit)) != nil,
            let trend = try? await trend(of: model, on: machine)
        else { return }
        if trend.hasFallen, slow[model] == nil {
            let warning = Self.warning(trend, record.name.display)
            slow[model] = warning
            broadcast.tell(.health(.began(warning)))
        } else if !trend.hasFallen, let warning = slow.removeValue(forKey: model) {
            broadcast.tell(.health(.ended(warning)))
        }
    }

    /// A warning for each model of the store that answers slower than it used to.
    func warnings() async throws -> [HealthWarning] {
        let machine = await tunings.fingerprint()
        var warnings: [HealthWarning] = []
        for record in try await store.models() {
            guard let trend = try await trend(of: record.identity.description, on: machine), trend.hasFallen else {
                continue
            }
            warnings.append(Self.warning(trend, record.name.display))
        }
        return warnings
    }

    private func trend(of model: String, on machine: String) async throws -> SpeedTrend? {
        let kept = try await store.observations(
            kind: Self.kind, machine: machine, engine: Engine.build, model: model, limit: Self.limit)
        return SpeedTrend(
            kept.reversed().compactMap { try? $0.decoded(as: AnswerSpeed.self).tokensPerSecond })
    }

    private static func warning(_ trend: SpeedTrend, _ name: String) -> HealthWarning {
        func text(_ speed: Double) -> String { "\((speed * 10).rounded() / 10)" }
        return HealthWarning(
            kind: .speed, severity: .notice, subject: name,
            message: "\(name) answers with \(text(trend.recent)) tokens/s, it used to be \(text(trend.earlier)).",
            remedy: "See what else computes, whether the machine is hot (“roost hardware”) and what memory is left.")
    }
}
