import Foundation
import Security
import Testing

@Suite("The hash of content")
struct ContentHashTests {
    /// FIPS 180-2, appendix B, and the empty message.
    static let vectors: [(message: [UInt8], digest: String)] = [
        ([], "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        (Array("abc".utf8), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            Array("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq".utf8),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
        (
            [UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
        ),
    ]

    @Test("is SHA-256", arguments: vectors.indices)
    func vector(index: Int) {
        #expect(Digest.of(Self.vectors[index].message).hexadecimal == Self.vectors[index].digest)
    }

    @Test("does not depend on how the content is cut", arguments: [1, 3, 63, 64, 65, 4096])
    func pieces(size: Int) {
        let content = (0..<10_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        var hash = ContentHash()
        for start in stride(from: 0, to: content.count, by: size) {
            hash.update(Array(content[start..<min(start + size, content.count)]))
        }
        #expect(hash.finish() == Digest.of(content))
    }

    @Test("of a file is that of its bytes, with progress to the end", arguments: [0, 1, 4095, 4096, 4097, 100_000])
    func file(size: Int) throws {
        let content = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("hash-\(UUID().uuidString)")
        try Data(content).write(to: url)
        defer { try? FileManager.default.removeItem(at: url) }
        let file = try FileHandle(forReadingFrom: url)
        defer { try? file.close() }
        var seen: [Int64] = []
        let digest = try Digest.ofFile(descriptor: file.fileDescriptor, bufferByteCount: 4096) { seen.append($0) }
        #expect(digest == Digest.of(content))
        #expect(seen.last ?? 0 == Int64(size))
        #expect(seen == seen.sorted())
    }

    @Test("of a file ends where its progress throws")
    func cancelled() throws {
        struct Stop: Error {}
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("hash-\(UUID().uuidString)")
        try Data(repeating: 1, count: 100_000).write(to: url)
        defer { try? FileManager.default.removeItem(at: url) }
        let file = try FileHandle(forReadingFrom: url)
        defer { try? file.close() }
        #expect(throws: Stop.self) {
            try Digest.ofFile(descriptor: file.fileDescriptor, bufferByteCount: 4096) {
                if $0 > 10_000 { throw Stop() }
            }
        }
    }

    @Test("of what cannot be read is an error that says so")
    func unreadable() throws {
        let folder = try FileHandle(forReadingFrom: FileManager.default.temporaryDirectory)
        defer { try? folder.close() }
        let error = #expect(throws: FileHashError.self) { try Digest.ofFile(descriptor: folder.fileDescriptor) }
        #expect(error?.description.contains("directory") == true)
    }
}
