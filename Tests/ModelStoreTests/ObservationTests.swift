import Foundation
import GRDB
import ModelFixtures
import Security
import Testing

@testable import ModelStore

@Suite("Observations")
struct ObservationTests {
    let fixture: StoreFixture

    init() throws { fixture = try StoreFixture() }

    private struct Speed: Codable, Equatable {
        var tokensPerSecond: Double
        var measuredAt: Date
    }

    private func observation(
        _ value: String, kind: String = "speed", machine: String = "m", engine: String = "e", model: String? = nil,
        second: Double = 0
    ) -> Observation {
        Observation(
            kind: kind, machine: machine, engine: engine, model: model,
            time: Date(timeIntervalSince1970: 1_700_000_000 + second), value: Data("\"\(value)\"".utf8))
    }

    private func values(_ observations: [Observation]) throws -> [String] {
        try observations.map { try $0.decoded(as: String.self) }
    }

    @Test("come back as they were, newest first, by any part of their key")
    func roundTrip() async throws {
        let store = try await fixture.open()
        let speed = Speed(tokensPerSecond: 12.25, measuredAt: Date(timeIntervalSince1970: 1_700_000_000))
        let first = try Observation(
            kind: "speed", machine: "m", engine: "e", model: "sha256:1", time: speed.measuredAt, encoding: speed)
        try await store.record(first)
        try await store.record(observation("b", second: 2))
        try await store.record(observation("a", second: 1))
        try await store.record(observation("c", machine: "other", second: 3))
        try await store.record(observation("d", kind: "ceiling", second: 4))
        #expect(try await store.observations(kind: "speed", model: "sha256:1") == [first])
        #expect(try first.decoded(as: Speed.self) == speed)
        let all = try await store.observations(kind: "speed")
        #expect(try values(all.dropLast()) == ["c", "b", "a"] && all.last == first)
        #expect(try values(try await store.observations(kind: "speed", machine: "m", limit: 2)) == ["b", "a"])
        #expect(try values(try await store.observations(kind: "ceiling", engine: "e")) == ["d"])
        #expect(try await store.observations(kind: "speed", engine: "newer").isEmpty)
        #expect(try await fixture.open().observations(kind: "speed") == all)
    }

    @Test("of one time come back in the order in which they were recorded")
    func sameTime() async throws {
        let store = try await fixture.open()
        for value in ["1", "2", "3"] { try await store.record(observation(value)) }
        #expect(try values(try await store.observations(kind: "speed")) == ["3", "2", "1"])
    }

    @Test("are kept up to a number for each key, the newest by their time")
    func pruning() async throws {
        let store = try await fixture.open()
        try await store.record(observation("of a model", model: "x", second: -1))
        try await store.record(observation("elsewhere", machine: "other", second: -1))
        for second in [5, 1, 3, 2, 4] {
            try await store.record(observation("\(second)", second: Double(second)), keeping: 3)
        }
        let kept = try values(try await store.observations(kind: "speed"))
        #expect(kept == ["5", "4", "3", "elsewhere", "of a model"])
        try await store.record(observation("6", second: 6), keeping: 0)
        #expect(try values(try await store.observations(kind: "speed", machine: "m")) == ["6", "of a model"])
    }

    @Test("never become more than the store's limit")
    func limit() async throws {
        let store = try await fixture.open()
        let limit = ModelStore.observationLimit
        let old = (0..<limit).map { observation("\($0)", model: "model \($0)", second: Double($0)) }
        try await store.vault.database.write { db in
            for observation in old { try ObservationRow(observation).insert(db) }
        }
        try await store.record(observation("new", second: 1e6))
        let all = try await store.observations(kind: "speed")
        #expect(all.count == limit)
        #expect(try values([try #require(all.first), try #require(all.last)]) == ["new", "1"])
    }

    @Test("are forgotten by any part of their key")
    func removal() async throws {
        let store = try await fixture.open()
        for model in ["x", "y"] {
            for kind in ["tuning", "speed"] { try await store.record(observation("v", kind: kind, model: model)) }
        }
        #expect(try await store.removeObservations(kind: "tuning", model: "x") == 1)
        #expect(try await store.removeObservations(kind: "tuning", model: "x") == 0)
        #expect(try await store.observations(kind: "tuning").map(\.model) == ["y"])
        #expect(try await store.removeObservations(kind: "speed") == 2)
    }

    @Test("are recorded by processes at the same time, none lost")
    func processes() async throws {
        let root = fixture.root.path
        let store = try await fixture.open()
        async let other = #expect(processExitsWith: .success) { [root = root as String] in
            let store = try await ModelStore(root: URL(fileURLWithPath: root))
            for index in 0..<40 {
                let value = Data("\(index)".utf8)
                try await store.record(
                    Observation(kind: "speed", machine: "m", engine: "child", value: value), keeping: 100)
            }
        }
        for index in 0..<40 {
            let value = Data("\(index)".utf8)
            try await store.record(
                Observation(kind: "speed", machine: "m", engine: "parent", value: value), keeping: 100)
        }
        _ = await other
        for engine in ["parent", "child"] {
            let numbers = try await store.observations(kind: "speed", engine: engine).map {
                try $0.decoded(as: Int.self)
            }
            #expect(numbers == (0..<40).reversed(), "\(engine)")
        }
        #expect(try await store.check().isConsistent)
    }

    @Test("can be recorded in a store of the version before, which keeps its models")
    func migration() async throws {
        // What version 2 left: the same without the table and its mark.
        let record = try await fixture.open().importFile(at: try fixture.model(), as: "tiny")
        let path = fixture.root.appendingPathComponent("roost.db").path
        let queue = try DatabaseQueue(path: path)
        let marks = try await queue.write { db in
            try db.execute(sql: "DROP TABLE observation")
            try db.execute(sql: "DELETE FROM grdb_migrations WHERE identifier = '3: observations'")
            return try String.fetchAll(db, sql: "SELECT identifier FROM grdb_migrations ORDER BY identifier")
        }
        try queue.close()
        #expect(marks == ["1: contents and names", "2: files, folders and provenance"])
        let store = try await fixture.open()
        #expect(try await store.models() == [record])
        try await store.record(observation("here", model: record.digest.description))
        #expect(try values(try await store.observations(kind: "speed")) == ["here"])
    }

    @Test("stay when the model that they are about is removed")
    func modelRemoved() async throws {
        let store = try await fixture.open()
        let record = try await store.importFile(at: try fixture.model(), as: "tiny")
        try await store.record(observation("kept", model: record.digest.description))
        _ = try await store.remove("tiny")
        #expect(try await store.observations(kind: "speed", model: record.digest.description).count == 1)
    }
}
