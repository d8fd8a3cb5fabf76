import Foundation
import Security
import Testing

@testable import Inference
@testable import Workers

@Suite("The folder of saved prefixes")
struct PackFolderTests {
    private let secret = PackSecret()
    private let home = TemporaryFolder()
    private var url: URL { home.url.appending(path: "cache/prefixes") }

    private static func entry(_ number: Int) -> PackEntry {
        PackEntry(
            namespace: [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: 32),
            tokens: [1, 2, Int32(number)], kind: .sequence, lastUse: Int64(1_700_000_000 + number))
    }

    private func key(_ number: Int) -> PackKey { PackKey(model: "model \(number)", engine: "1") }

    /// Saves one prefix with a state of `byteCount` bytes.
    private func save(_ number: Int, byteCount: Int = 100, in folder: PackFolder) throws {
        let draft = try folder.create(key(number))
        var writer = try PackWriter(descriptor: draft.descriptor, key: key(number), secret: secret)
        try writer.add(Self.entry(number), state: [UInt8](repeating: UInt8(number), count: byteCount))
        try writer.finish()
        try draft.commit(secret: secret)
    }

    private func state(_ number: Int, in folder: PackFolder) throws -> [UInt8]? {
        guard let pack = try folder.open(key(number), secret: secret) else { return nil }
        let reader = try PackReader(descriptor: pack.descriptor, key: key(number), secret: secret)
        return try reader.entries.first.map { try reader.state(of: $0) }
    }

    private func file(_ number: Int) -> URL { url.appending(path: key(number).digest.hexadecimal + ".pack") }

    private func drafts() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: url.path).filter { $0.hasSuffix(".part") }
    }

    @Test("What was committed is opened again, by another process's folder too, and replaced by the next")
    func saves() throws {
        let folder = try PackFolder(at: url, byteLimit: 1 << 20)
        #expect(try folder.open(key(1), secret: secret) == nil)
        try save(1, in: folder)
        #expect(try state(1, in: folder) == [UInt8](repeating: 1, count: 100))
        let other = try PackFolder(at: url, byteLimit: 1 << 20)
        #expect(try state(1, in: other) == [UInt8](repeating: 1, count: 100))
        let before = try #require(try folder.open(key(1), secret: secret))
        try save(1, byteCount: 7, in: other)
        #expect(try state(1, in: folder)?.count == 7)
        // Who had it open keeps what it opened.
        #expect(
            try PackReader(descriptor: before.descriptor, key: key(1), secret: secret).entries[0].stateByteCount == 100)
        #expect(try drafts().isEmpty)
        let mode = try FileManager.default.attributesOfItem(atPath: file(1).path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
    }

    @Test("A draft that is not finished is not committed, and goes when it is let go")
    func unfinished() throws {
        let folder = try PackFolder(at: url, byteLimit: 1 << 20)
        try save(1, in: folder)
        do {
            let draft = try folder.create(key(1))
            var writer = try PackWriter(descriptor: draft.descriptor, key: key(1), secret: secret)
            try writer.add(Self.entry(2), state: [1, 2, 3])
            #expect(throws: PackError.self) { try draft.commit(secret: secret) }
            #expect(try drafts().count == 1)
        }
        #expect(try drafts().isEmpty)
        #expect(try state(1, in: folder)?.count == 100)
    }

    @Test("Corrupt, cut, foreign and unknown files are removed and not opened")
    func removesCorrupt() throws {
        let folder = try PackFolder(at: url, byteLimit: 1 << 20)
        try save(1, in: folder)
        let sound = try Data(contentsOf: file(1))
        var flipped = sound
        flipped[flipped.count - 1] ^= 1
        var older = sound
        older[8] = 0
        for bytes in [flipped, older, sound.prefix(40), Data(), Data("hello".utf8)] {
            try write(bytes, to: file(1))
            #expect(try folder.open(key(1), secret: secret) == nil)
            #expect(!FileManager.default.fileExists(atPath: file(1).path))
        }
        // A pack of another key under this name, and one of another secret.
        try save(2, in: folder)
        try FileManager.default.moveItem(at: file(2), to: file(1))
        #expect(try folder.open(key(1), secret: secret) == nil)
        #expect(!FileManager.default.fileExists(atPath: file(1).path))
        try write(sound, to: file(1))
        #expect(try folder.open(key(1), secret: PackSecret()) == nil)
        #expect(!FileManager.default.fileExists(atPath: file(1).path))
    }

    private func write(_ bytes: Data, to url: URL) throws {
        try bytes.write(to: url)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: url.path)
    }

    @Test("Links, pipes, folders and files that others may use are not followed, read or waited for")
    func removesForeign() throws {
        let folder = try PackFolder(at: url, byteLimit: 1 << 20)
        try save(1, in: folder)
        let outside = home.url.appending(path: "outside")
        try FileManager.default.moveItem(at: file(1), to: outside)

        try FileManager.default.createSymbolicLink(at: file(1), withDestinationURL: outside)
        #expect(try folder.open(key(1), secret: secret) == nil)
        #expect(throws: (any Error).self) { try FileManager.default.attributesOfItem(atPath: file(1).path) }
        #expect(FileManager.default.fileExists(atPath: outside.path))

        try FileManager.default.linkItem(at: outside, to: file(1))
        #expect(try folder.open(key(1), secret: secret) == nil)
        #expect(FileManager.default.fileExists(atPath: outside.path))

        try #require(mkfifo(file(1).path, 0o600) == 0)
        #expect(try folder.open(key(1), secret: secret) == nil)

        try FileManager.default.createDirectory(at: file(1), withIntermediateDirectories: false)
        #expect(try folder.open(key(1), secret: secret) == nil)

        try FileManager.default.copyItem(at: outside, to: file(1))
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file(1).path)
        #expect(try folder.open(key(1), secret: secret) == nil)
        #expect(!FileManager.default.fileExists(atPath: file(1).path))

        // The positive control: the very same bytes as a plain file are opened.
        try FileManager.default.copyItem(at: outside, to: file(1))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file(1).path)
        #expect(try state(1, in: folder)?.count == 100)
    }

    @Test("What is in the way and cannot be removed is an error")
    func inTheWay() throws {
        let folder = try PackFolder(at: url, byteLimit: 1 << 20)
        try FileManager.default.createDirectory(
            at: file(1).appending(path: "inside"), withIntermediateDirectories: true)
        #expect(throws: PackError.self) { try folder.open(key(1), secret: secret) }
    }

    @Test("The least recently used packs go when there are too many bytes, the new one stays")
    func limit() throws {
        let folder = try PackFolder(at: url, byteLimit: 10_000)
        for number in 1...3 { try save(number, byteCount: 2500, in: folder) }
        // Times a day apart, so that the file system's resolution plays no part: 2 is the oldest, then 3, then 1.
        for (number, age) in [(2, 3.0), (3, 2.0), (1, 1.0)] {
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSinceNow: -86_400 * age)], ofItemAtPath: file(number).path)
        }
        // Opening is a use: 2 becomes the latest.
        #expect(try state(2, in: folder) != nil)
        try save(4, byteCount: 2500, in: folder)
        #expect(try state(3, in: folder) == nil)
        for number in [1, 2, 4] { #expect(try state(number, in: folder) != nil, "\(number)") }
        #expect(try folder.byteCount() <= 10_000)
        #expect(throws: PackError.self) { try save(5, byteCount: 20_000, in: folder) }
        #expect(try state(4, in: folder) != nil)
        #expect(try drafts().isEmpty)
        try save(6, byteCount: 9000, in: folder)
        #expect(try state(6, in: folder) != nil)
        #expect(try folder.byteCount() <= 10_000)
    }

    @Test("Drafts of writers that are gone are removed, those in use stay")
    func abandoned() throws {
        let folder = try PackFolder(at: url, byteLimit: 1 << 20)
        let draft = try folder.create(key(1))
        try Data("left behind".utf8).write(to: url.appending(path: ".abandoned.part"))
        try folder.makeRoom()
        #expect(try drafts().count == 1)
        #expect(try drafts() != [".abandoned.part"])
        try PackWriter(descriptor: draft.descriptor, key: key(1), secret: secret).finish()
        try draft.commit(secret: secret)
        #expect(try state(1, in: folder) == nil)
        #expect(try folder.open(key(1), secret: secret) != nil)
    }

    @Test("A folder that others may write in, a link and a file are refused")
    func untrustedFolder() throws {
        let open = home.url.appending(path: "open")
        try FileManager.default.createDirectory(at: open, withIntermediateDirectories: true)
        try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: open.path)
        #expect(throws: PackError.self) { try PackFolder(at: open, byteLimit: 1) }
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: open.path)
        #expect(throws: Never.self) { try PackFolder(at: open, byteLimit: 1) }
        let link = home.url.appending(path: "link")
        try FileManager.default.createSymbolicLink(at: link, withDestinationURL: open)
        #expect(throws: PackError.untrusted(path: link.path, reason: "it is not a folder")) {
            try PackFolder(at: link, byteLimit: 1)
        }
        let file = home.url.appending(path: "file")
        try Data().write(to: file)
        #expect(throws: PackError.self) { try PackFolder(at: file, byteLimit: 1) }
    }

    /// Each in a process of its own beside this one.
    @Test("Two processes that save and open at once never see half a pack")
    func twoProcesses() async throws {
        let path = url.path
        setenv("ROOST_TEST_PACKS", path, 1)
        async let first: Void = work()
        async let second: Void = work()
        _ = await (first, second)
        let folder = try PackFolder(at: url, byteLimit: 40_000)
        #expect(try folder.byteCount() <= 40_000)
        #expect(try drafts().isEmpty)
    }

    private func work() async {
        await #expect(processExitsWith: .success) {
            let path = try #require(ProcessInfo.processInfo.environment["ROOST_TEST_PACKS"])
            let secret = try #require(PackSecret([UInt8](repeating: 5, count: 32)))
            let folder = try PackFolder(at: URL(fileURLWithPath: path), byteLimit: 40_000)
            var opened = 0
            for round in 0..<150 {
                // Seven packs take turns in room for four, each twice in a row: the second time it is there.
                let key = PackKey(model: "model \(round / 2 % 7)", engine: "1")
                if let pack = try folder.open(key, secret: secret) {
                    let reader = try PackReader(descriptor: pack.descriptor, key: key, secret: secret)
                    for entry in reader.entries { #expect(try reader.state(of: entry).count == 9000) }
                    opened += 1
                }
                let draft = try folder.create(key)
                var writer = try PackWriter(descriptor: draft.descriptor, key: key, secret: secret)
                try writer.add(Self.entry(round), state: [UInt8](repeating: UInt8(round), count: 9000))
                try writer.finish()
                try draft.commit(secret: secret)
                #expect(try folder.byteCount() <= 40_000)
            }
            #expect(opened > 0)
        }
    }

    @Test("The stored secret is made once, kept, and refused when others may read it or it is cut")
    func secretFile() throws {
        let file = home.url.appending(path: "prefixes.key")
        let first = try PackSecret.stored(at: file)
        #expect(try PackSecret.stored(at: file).bytes == first.bytes)
        #expect(try FileManager.default.contentsOfDirectory(atPath: home.url.path) == ["prefixes.key"])
        try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: file.path)
        #expect(throws: PackError.untrusted(path: file.path, reason: "others may use it (mode 640)")) {
            try PackSecret.stored(at: file)
        }
        try write(Data([1, 2, 3]), to: file)
        #expect(throws: PackError.untrusted(path: file.path, reason: "it has 3 bytes instead of 32")) {
            try PackSecret.stored(at: file)
        }
        try FileManager.default.moveItem(at: file, to: home.url.appending(path: "elsewhere"))
        try FileManager.default.createSymbolicLink(
            at: file, withDestinationURL: home.url.appending(path: "elsewhere"))
        #expect(throws: PackError.untrusted(path: file.path, reason: "it is a link")) {
            try PackSecret.stored(at: file)
        }
    }

    @Test("Many who need the secret at once get the same")
    func secretRace() async throws {
        let file = home.url.appending(path: "prefixes.key")
        let secrets = try await withThrowingTaskGroup(of: [UInt8].self) { group in
            for _ in 0..<16 { group.addTask { try PackSecret.stored(at: file).bytes } }
            var secrets: Set<[UInt8]> = []
            for try await secret in group { secrets.insert(secret) }
            return secrets
        }
        #expect(secrets.count == 1)
    }
}

/// A folder that goes with this object.
private final class TemporaryFolder: Sendable {
    let url = FileManager.default.temporaryDirectory.appending(path: "roost-\(UUID().uuidString)")

    init() { try? FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }

    deinit { try? FileManager.default.removeItem(at: url) }
}
