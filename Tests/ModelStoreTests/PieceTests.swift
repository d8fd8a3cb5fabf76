import Foundation
import Security
import Testing

@testable import ModelStore

@Suite("Damage")
struct PieceTests {
    let fixture: StoreFixture

    init() throws { fixture = try StoreFixture() }

    private func overwrite(_ path: String, at offset: UInt64) throws {
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        defer { try? file.close() }
        try file.seek(toOffset: offset)
        try file.write(contentsOf: Data([0xAA, 0xBB]))
    }

    @Test("is placed to the piece, also when it is in several places")
    func places() async throws {
        let store = try await fixture.open()
        let file = try fixture.paddedModel(paddingByteCount: 8 << 20)
        let record = try await store.importFile(at: file, as: "a", linking: .copy)
        let path = try #require(record.files.first?.path)
        let mib = Int64(1 << 20)
        for offset in [1, 3 << 20, (4 << 20) + 5, 7 << 20] as [UInt64] { try overwrite(path, at: offset) }
        let result = try await store.verify("a")
        #expect(result.files.first?.damagedRanges == [0..<mib, 3 * mib..<5 * mib, 7 * mib..<8 * mib])

        // A file that ends early lacks its last pieces.
        try FileManager.default.removeItem(atPath: path)
        let content = try Data(contentsOf: file)
        try content.prefix(Int(6 * mib)).write(to: URL(fileURLWithPath: path))
        #expect(try await store.verify("a").files.first?.damagedRanges == [6 * mib..<record.byteCount])

        // The right content again.
        try content.write(to: URL(fileURLWithPath: path))
        #expect(try await store.verify("a").isIntact)
        #expect(try await store.location(of: "a").path == path)
    }

    @Test("of one file of a model is told for that file, and refused without hashing it again")
    func oneOfMany() async throws {
        let store = try await fixture.open()
        let record = try await store.register(try fixture.splitModel(isVerified: false), replacing: false)
        let shard = record.files[1]
        try overwrite(shard.path, at: UInt64(shard.byteCount - 4))
        let result = try await store.verify("split")
        #expect(result.files.map(\.outcome).filter { $0 == .intact }.count == 5)
        #expect(result.files[1].damagedRanges == [0..<shard.byteCount])
        await #expect(throws: ModelStoreError.damaged("split", path: shard.path)) {
            try await store.locations(of: "split")
        }
        #expect(
            try await store.model(named: "split").files.map(\.isDamaged) == [false, true, false, false, false, false])
    }

    @Test("is placed by checksums that the download brought")
    func broughtChecksums() async throws {
        let store = try await fixture.open()
        let bytes = [UInt8](try Data(contentsOf: try fixture.paddedModel(paddingByteCount: 4 << 20)))
        let size = 2 << 20
        let values = stride(from: 0, to: bytes.count, by: size).map { start in
            bytes[start..<min(start + size, bytes.count)].withUnsafeBytes { XXHash64.of($0) }
        }
        var file = try fixture.arrived(bytes, role: .model)
        file.pieces = PieceChecksums(pieceByteCount: size, values: values)
        let model = IncomingModel(name: "a", files: [file], provenance: StoreFixture.provenance)
        let record = try await store.register(model, replacing: false)
        #expect(try await store.verify("a").isIntact)
        try overwrite(try #require(record.files.first?.path), at: 3 << 20)
        #expect(try await store.verify("a").files.first?.damagedRanges == [Int64(size)..<Int64(2 * size)])
    }

    @Test("is not placed by checksums that do not fit the content", arguments: [0, 1, 5])
    func unfitChecksums(count: Int) async throws {
        let store = try await fixture.open()
        var model = try fixture.singleModel()
        model.files[0].pieces = PieceChecksums(pieceByteCount: 1 << 18, values: Array(repeating: 1, count: count))
        let record = try await store.register(model, replacing: false)
        #expect(try await store.verify("single").isIntact, "SHA-256 decides")
        try overwrite(try #require(record.files.first?.path), at: 0)
        #expect(try await store.verify("single").files.first?.damagedRanges == [0..<record.byteCount])
    }

    @Test("pieces grow with the content, from 1 MiB to 16 MiB")
    func pieceSize() {
        let mib = Int64(1 << 20)
        #expect(ContentReading.pieceByteCount(for: 0) == 1 << 20)
        #expect(ContentReading.pieceByteCount(for: 1024 * mib) == 1 << 20)
        #expect(ContentReading.pieceByteCount(for: 4000 * mib) == 4 << 20)
        #expect(ContentReading.pieceByteCount(for: 1 << 50) == 16 << 20)
    }
}
