import Foundation
import Testing

@testable import ModelStore

@Suite struct StoreVersionTests {
    @Test func `a version is the same until something is written, by whichever store`() async throws {
        let fixture = try StoreFixture()
        let store = try await fixture.open()
        let other = try await fixture.open()
        let before = try await settled(store)
        _ = try await other.models()
        #expect(store.version == before)
        _ = try await other.importFile(at: fixture.model(), as: "one")
        #expect(store.version != before)
        let imported = try await settled(store)
        #expect(imported != before)
        _ = try await other.copy("one", to: "two")
        #expect(try await settled(store) != imported)
    }

    @Test func `there is no version of what was just written`() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "version-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        #expect(StoreVersion(database: file.path, now: .now) == nil)
        try Data("a".utf8).write(to: file)
        let written = try #require(try FileSystem.status(of: file.path)).modifiedAt
        let time = { (nanoseconds: Int64) in Date(timeIntervalSince1970: Double(written + nanoseconds) / 1e9) }
        #expect(StoreVersion(database: file.path, now: time(50_000_000)) == nil)
        #expect(StoreVersion(database: file.path, now: time(-5_000_000_000)) == nil)
        #expect(StoreVersion(database: file.path, now: time(200_000_000)) != nil)
    }

    /// The version once the files have been at rest.
    private func settled(_ store: ModelStore) async throws -> StoreVersion {
        while true {
            if let version = store.version { return version }
            try await Task.sleep(for: .milliseconds(10))
        }
    }
}
