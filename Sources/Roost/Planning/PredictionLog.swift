import Foundation
import Hardware
import Inference
import ModelStore

/// Predictions and what came of them, kept in the store.
struct PredictionLog: Sendable {
    static let kind = "prediction"
    /// Predictions that are kept for each model.
    private static let limit = 20
    /// Loads that are looked at to correct the next prediction.
    private static let correctionCount = 5
    /// The most that a prediction is multiplied by: what a small model took more of a fixed size says little of others.
    private static let mostCorrection = 1.25

    let store: ModelStore
    let tunings: TuningLookup

    /// Keeps a prediction; what cannot be kept is lost.
    func keep(_ prediction: PlanPrediction, of model: String) async {
        guard
            let observation = try? Observation(
                kind: Self.kind, machine: await tunings.fingerprint(), engine: Engine.build, model: model,
                time: prediction.time, encoding: prediction)
        else { return }
        try? await store.record(observation, keeping: Self.limit)
    }

    /// All predictions on this machine, the newest first.
    ///
    /// - Throws: `ModelStoreError`.
    func all() async throws -> [PlanPrediction] {
        try await store.observations(kind: Self.kind, machine: await tunings.fingerprint())
            .compactMap { try? $0.decoded(as: PlanPrediction.self) }
    }

    /// By how much loads of an architecture took more than the engine itself said here, 1 being right; `nil` when too
    /// little is known. What took less is no reason to promise less: a short conversation does not touch everything.
    func correction(for architecture: String?) async -> Double? {
        guard let architecture,
            let kept = try? await store.observations(
                kind: Self.kind, machine: await tunings.fingerprint(), engine: Engine.build)
        else { return nil }
        let ratios = kept.lazy.compactMap { try? $0.decoded(as: PlanPrediction.self) }
            .filter { $0.architecture == architecture }
            .compactMap(\.engineRatio).prefix(Self.correctionCount).sorted()
        guard ratios.count >= 2 else { return nil }
        return min(max(1, ratios[ratios.count / 2]), Self.mostCorrection)
    }
}
