import Foundation
import Testing

@testable import Roost

@Suite("The cache of headers")
struct HeaderCacheTests {
    /// Runs `body` with a cache in a folder of its own.
    private func withCache(byteLimit: Int64, _ body: (HeaderCache) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "roost-cache-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(HeaderCache(folder: folder, byteLimit: byteLimit))
    }

    private func key(_ text: String) -> Digest { Digest.of([UInt8](text.utf8)) }

    private func entry(_ number: Int64, _ count: Int = 1000) -> HeaderCache.Entry {
        HeaderCache.Entry(number: number, bytes: Data(repeating: UInt8(truncatingIfNeeded: number), count: count))
    }

    /// Says when a file was used last.
    private func age(_ cache: HeaderCache, _ text: String, seconds: TimeInterval) throws {
        let path = cache.folder.path + "/" + key(text).fileName + ".header"
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSinceNow: -seconds)], ofItemAtPath: path)
    }

    @Test("An entry is what was kept, for this user only; kinds and keys are apart")
    func kept() throws {
        try withCache(byteLimit: 1 << 20) { cache in
            #expect(cache.entry(.header, key("a")) == nil)
            cache.keep(.header, key("a"), entry(7))
            cache.keep(.header, key("a"), entry(8, 0))
            cache.keep(.model, key("a"), entry(-1))
            #expect(cache.entry(.header, key("a")) == entry(8, 0))
            #expect(cache.entry(.model, key("a")) == entry(-1))
            #expect(cache.entry(.header, key("b")) == nil)
            for name in try FileManager.default.contentsOfDirectory(atPath: cache.folder.path) {
                let facts = try FileManager.default.attributesOfItem(atPath: cache.folder.path + "/" + name)
                #expect((facts[.posixPermissions] as? NSNumber)?.intValue == 0o600)
            }
        }
    }

    @Test("What was not used for longest goes first when there is no room")
    func bounded() throws {
        try withCache(byteLimit: 3500) { cache in
            for (index, name) in ["a", "b", "c"].enumerated() {
                cache.keep(.header, key(name), entry(Int64(index)))
                try age(cache, name, seconds: Double(100 - index))
            }
            #expect(cache.entry(.header, key("a")) != nil)
            cache.keep(.header, key("d"), entry(9))
            #expect(cache.entry(.header, key("b")) == nil)
            for name in ["a", "c", "d"] { #expect(cache.entry(.header, key(name)) != nil, "\(name)") }
            cache.keep(.header, key("e"), entry(1, 4000))
            #expect(cache.entry(.header, key("e")) == nil)
            #expect(cache.entry(.header, key("d")) != nil)
        }
    }

    @Test("A file that was cut, changed or is another's is no entry and goes")
    func spoilt() throws {
        try withCache(byteLimit: 1 << 20) { cache in
            cache.keep(.header, key("a"), entry(5))
            let url = cache.folder.appending(path: key("a").fileName + ".header")
            let bytes = try Data(contentsOf: url)
            for count in [0, 8, 55, 56, bytes.count - 1] {
                try bytes.prefix(count).write(to: url)
                #expect(cache.entry(.header, key("a")) == nil, "\(count) bytes")
            }
            for place in [0, 9, 17, 30, 60, bytes.count - 1] {
                var changed = bytes
                changed[place] ^= 4
                try changed.write(to: url)
                #expect(cache.entry(.header, key("a")) == nil, "byte \(place)")
            }
            try bytes.write(to: cache.folder.appending(path: key("b").fileName + ".header"))
            #expect(cache.entry(.header, key("b")) == nil)
            try bytes.write(to: url)
            #expect(cache.entry(.header, key("a")) == entry(5))
        }
    }

    @Test("A folder that cannot be written is no error")
    func unwritable() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "roost-cache-\(UUID().uuidString)")
        try Data("a file".utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let cache = HeaderCache(folder: file.appending(path: "below"))
        cache.keep(.header, key("a"), entry(5))
        #expect(cache.entry(.header, key("a")) == nil)
    }
}
