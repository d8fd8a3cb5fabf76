import Foundation
import GRDB

extension ModelStore {
    /// Most observations that the store keeps, of all keys together.
    static let observationLimit = 10_000

    /// Keeps an observation. Older ones with the same kind, machine, engine and model go when there are more than
    /// `count`, and the oldest of all when there are more than 10,000.
    ///
    /// - Parameter count: at least 1. Default 20.
    /// - Throws: ``ModelStoreError/database(path:reason:)``.
    public func record(_ observation: Observation, keeping count: Int = 20) async throws {
        let limit = Self.observationLimit
        try await vault.database.write { db in
            try ObservationRow(observation).insert(db)
            try db.keepNewest(max(1, count), of: Self.key(of: observation))
            try db.keepNewest(limit, of: ObservationRow.all())
        }
    }

    /// Observations, newest first. What is `nil` may be anything.
    ///
    /// - Parameter limit: most that are wanted; `nil` is all.
    /// - Throws: ``ModelStoreError/database(path:reason:)``.
    public func observations(
        kind: String, machine: String? = nil, engine: String? = nil, model: String? = nil, limit: Int? = nil
    ) async throws -> [Observation] {
        try await vault.database.read { db in
            var request = Self.request(kind: kind, machine: machine, engine: engine, model: model)
                .order(Column("time").desc, Column("id").desc)
            if let limit { request = request.limit(max(0, limit)) }
            return try request.fetchAll(db).map(\.observation)
        }
    }

    /// Forgets observations. What is `nil` may be anything.
    ///
    /// - Returns: how many there were.
    /// - Throws: ``ModelStoreError/database(path:reason:)``.
    @discardableResult
    public func removeObservations(
        kind: String, machine: String? = nil, engine: String? = nil, model: String? = nil
    ) async throws -> Int {
        try await vault.database.write { db in
            try Self.request(kind: kind, machine: machine, engine: engine, model: model).deleteAll(db)
        }
    }

    private static func request(
        kind: String, machine: String?, engine: String?, model: String?
    ) -> QueryInterfaceRequest<ObservationRow> {
        var request = ObservationRow.filter(Column("kind") == kind)
        if let machine { request = request.filter(Column("machine") == machine) }
        if let engine { request = request.filter(Column("engine") == engine) }
        if let model { request = request.filter(Column("model") == model) }
        return request
    }

    /// Those with the same key; without a model, those without one.
    private static func key(of observation: Observation) -> QueryInterfaceRequest<ObservationRow> {
        ObservationRow.filter(Column("kind") == observation.kind && Column("machine") == observation.machine)
            .filter(Column("engine") == observation.engine && Column("model") == observation.model)
    }
}

extension Database {
    /// Deletes all but the newest of the requested observations.
    fileprivate func keepNewest(_ count: Int, of request: QueryInterfaceRequest<ObservationRow>) throws {
        let surplus = try request.fetchCount(self) - count
        guard surplus > 0 else { return }
        let oldest = request.order(Column("time"), Column("id")).limit(surplus).select(Column("id"), as: Int64.self)
        _ = try ObservationRow.filter(keys: try oldest.fetchAll(self)).deleteAll(self)
    }
}
