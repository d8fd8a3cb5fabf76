import Foundation
import Hardware
import Inference
import ModelStore
import Planning
import Synchronization

/// Finds what was measured of a model on this machine with this engine.
final class TuningLookup: Sendable {
    /// The kind of such observations.
    static let kind = "tuning"

    private let store: ModelStore
    private let known = Mutex<(fingerprint: String, time: ContinuousClock.Instant)?>(nil)

    init(store: ModelStore) { self.store = store }

    /// This machine's name, which is looked up again after a minute: a quota can change while the process lives.
    func fingerprint() async -> String {
        if let known = known.withLock({ $0 }), ContinuousClock.now - known.time < .seconds(60) {
            return known.fingerprint
        }
        let fingerprint = await Machine.current().fingerprint
        known.withLock { $0 = (fingerprint, .now) }
        return fingerprint
    }

    /// The newest report; `nil` when there is none for this machine and engine.
    ///
    /// - Throws: `ModelStoreError`.
    func report(of record: ModelRecord) async throws -> TuningReport? {
        let digest = record.digest.description
        // Looking at the machine takes longer than finding that there is nothing.
        guard
            try await !store.observations(kind: Self.kind, engine: Engine.build, model: digest, limit: 1).isEmpty
        else { return nil }
        return try await store.observations(
            kind: Self.kind, machine: fingerprint(), engine: Engine.build, model: digest, limit: 1
        ).first.flatMap { try? $0.decoded(as: TuningReport.self) }
    }

    /// What to load the model with where nothing was chosen. Never in the way of loading: what cannot be found out
    /// changes nothing.
    func settings(for record: ModelRecord) async -> TunedSettings {
        (try? await report(of: record))?.settings ?? TunedSettings()
    }

    /// The same for a model of the store by its name.
    func settings(forName name: String) async -> TunedSettings {
        guard let record = try? await store.model(named: ModelName(parsing: name)) else { return TunedSettings() }
        return await settings(for: record)
    }
}
