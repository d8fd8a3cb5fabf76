public import Foundation
import GRDB

/// Something that was measured or predicted on a machine. The store knows nothing of its meaning.
///
/// Kind, machine, engine and model together are its key; there may be several with one key, of different times.
public struct Observation: Sendable, Hashable {
    /// What was observed, such as `ceiling`, `tuning`, `prediction`.
    public var kind: String
    /// The machine's fingerprint.
    public var machine: String
    /// The engine's build.
    public var engine: String
    /// The model's digest; `nil` for what has to do with none.
    public var model: String?
    /// When; kept to the millisecond.
    public var time: Date
    /// JSON.
    public var value: Data

    /// An observation.
    public init(
        kind: String, machine: String, engine: String, model: String? = nil, time: Date = .now, value: Data
    ) {
        self.kind = kind
        self.machine = machine
        self.engine = engine
        self.model = model
        self.time = time
        self.value = value
    }

    /// An observation of `value`, as JSON with sorted keys and times of ISO 8601.
    ///
    /// - Throws: `EncodingError`.
    public init(
        kind: String, machine: String, engine: String, model: String? = nil, time: Date = .now,
        encoding value: some Encodable
    ) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        self.init(
            kind: kind, machine: machine, engine: engine, model: model, time: time, value: try encoder.encode(value))
    }

    /// What ``init(kind:machine:engine:model:time:encoding:)`` was given.
    ///
    /// - Throws: `DecodingError` when it was something else.
    public func decoded<Value: Decodable>(as type: Value.Type) throws -> Value {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        return try decoder.decode(type, from: value)
    }
}

/// A row of `observation`.
struct ObservationRow: Codable, Sendable, FetchableRecord, PersistableRecord {
    static let databaseTableName = "observation"

    var id: Int64?
    var kind: String
    var machine: String
    var engine: String
    var model: String?
    var time: Date
    var value: Data

    init(_ observation: Observation) {
        kind = observation.kind
        machine = observation.machine
        engine = observation.engine
        model = observation.model
        time = observation.time
        value = observation.value
    }

    var observation: Observation {
        Observation(kind: kind, machine: machine, engine: engine, model: model, time: time, value: value)
    }
}
