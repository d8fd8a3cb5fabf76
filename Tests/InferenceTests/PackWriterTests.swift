import Foundation
import Testing

@testable import Inference

@Suite("Writing packs")
struct PackWriterTests {
    private let secret = PackSecret()

    @Test("What is too large is refused, and what fits afterwards is written")
    func limit() throws {
        let file = try PackFile()
        var writer = try PackWriter(descriptor: file.descriptor, key: PackFile.key, secret: secret, byteLimit: 1000)
        #expect(throws: PackError.self) { try writer.add(PackFile.entry(1), state: [UInt8](repeating: 1, count: 900)) }
        try writer.add(PackFile.entry(2), state: [UInt8](repeating: 2, count: 500))
        #expect(throws: PackError.self) { try writer.add(PackFile.entry(3), state: [UInt8](repeating: 3, count: 500)) }
        let byteCount = writer.byteCount
        try writer.finish()
        #expect(try file.bytes.count == Int(byteCount))
        #expect(byteCount <= 1000)
        let reader = try file.reader(secret: secret)
        #expect(reader.entries.map(\.lastUse) == [PackFile.entry(2).lastUse])
        #expect(try reader.state(of: reader.entries[0]) == [UInt8](repeating: 2, count: 500))
    }

    @Test("Writing replaces what was in the file, also something longer")
    func replaces() throws {
        let file = try PackFile([UInt8](repeating: 9, count: 10_000))
        try PackWriter(descriptor: file.descriptor, key: PackFile.key, secret: secret).finish()
        #expect(try file.reader(secret: secret).entries.isEmpty)
        #expect(try file.bytes.count == PackFormat.headerByteCount)
    }

    @Test("A namespace that has not 32 bytes is refused")
    func namespace() throws {
        let file = try PackFile()
        var writer = try PackWriter(descriptor: file.descriptor, key: PackFile.key, secret: secret)
        var entry = PackFile.entry(1)
        entry.namespace = [1, 2, 3]
        #expect(throws: PackError.corrupt(reason: "a namespace has 3 bytes instead of 32")) {
            try writer.add(entry, state: [])
        }
    }

    /// In a process of its own: the limit on a file's size stands for a full disk and holds for the whole process.
    @Test("A disk that becomes full gives an error, leaves no pack, and what fitted can still be finished")
    func fullDisk() async {
        await #expect(processExitsWith: .success) {
            signal(SIGXFSZ, SIG_IGN)
            let secret = PackSecret()
            let file = try PackFile()
            var limit = rlimit(rlim_cur: 4096, rlim_max: 4096)
            #if canImport(Glibc)
                try #require(setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0)
            #else
                try #require(setrlimit(RLIMIT_FSIZE, &limit) == 0)
            #endif
            var writer = try PackWriter(descriptor: file.descriptor, key: PackFile.key, secret: secret)
            try writer.add(PackFile.entry(1), state: [UInt8](repeating: 1, count: 2000))
            #expect(throws: PackError.system(operation: "Writing", code: EFBIG)) {
                try writer.add(PackFile.entry(2), state: [UInt8](repeating: 2, count: 3000))
            }
            #expect(throws: PackError.self) { try file.reader(secret: secret) }
            try writer.finish()
            let reader = try file.reader(secret: secret)
            #expect(reader.entries.count == 1)
            #expect(try reader.state(of: reader.entries[0]) == [UInt8](repeating: 1, count: 2000))

            var full = try PackWriter(descriptor: file.descriptor, key: PackFile.key, secret: secret)
            try full.add(PackFile.entry(1), state: [UInt8](repeating: 1, count: 3990))
            // No room for the index.
            #expect(throws: PackError.system(operation: "Writing", code: EFBIG)) { try full.finish() }
            #expect(throws: PackError.self) { try file.reader(secret: secret) }
        }
    }
}
