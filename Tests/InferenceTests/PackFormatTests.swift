import Foundation
import ModelFixtures
import Security
import Testing

@testable import Inference

@Suite("Packs of saved prefixes")
struct PackFormatTests {
    private let secret = PackSecret()

    /// What a reader gives of a pack: every entry without its place, and its state.
    private func content(_ reader: PackReader) throws -> [String] {
        try reader.entries.map { entry in
            "\(entry.namespace) \(entry.tokens) \(entry.kind) \(entry.lastUse) \(try reader.state(of: entry))"
        }
    }

    @Test("What was written is read again", arguments: 0..<20)
    func roundTrip(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let prefixes = (0..<Int.random(in: 0...6, using: &random)).map { number in
            var entry = PackFile.entry(
                number,
                tokens: (0..<Int.random(in: 0...300, using: &random)).map { _ in
                    Int32.random(in: 0...Int32.max, using: &random)
                },
                kind: Bool.random(using: &random) ? .sequence : .checkpoint)
            entry.lastUse = Int64.random(in: Int64.min...Int64.max, using: &random)
            let state = (0..<Int.random(in: 0...5000, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            return (entry, state)
        }
        let file = try PackFile(prefixes, secret: secret)
        let reader = try file.reader(secret: secret)
        #expect(
            try content(reader)
                == prefixes.map { "\($0.0.namespace) \($0.0.tokens) \($0.0.kind) \($0.0.lastUse) \($0.1)" })
        #expect(reader.entries.map(\.stateByteCount) == prefixes.map(\.1.count))
    }

    @Test("No single flipped bit is believed")
    func bitFlips() throws {
        let prefixes = [
            (PackFile.entry(1), Array("the first state".utf8)),
            (PackFile.entry(2, tokens: [], kind: .checkpoint), Array("another".utf8)), (PackFile.entry(3), []),
        ]
        let bytes = try PackFile(prefixes, secret: secret).bytes
        let file = try PackFile(bytes)
        let whole = try content(file.reader(secret: secret))
        #expect(whole.count == 3)
        var refusedPacks = 0
        var refusedStates = 0
        for bit in 0..<bytes.count * 8 {
            var flipped = bytes[bit / 8] ^ (1 << UInt8(bit % 8))
            try #require(pwrite(file.descriptor, &flipped, 1, off_t(bit / 8)) == 1)
            if let reader = try? file.reader(secret: secret) {
                // A flip in a state: the index stands, and exactly that state is refused.
                let states = reader.entries.map { try? reader.state(of: $0) }
                #expect(states.filter { $0 == nil }.count == 1, "bit \(bit)")
                for (state, prefix) in zip(states, prefixes) where state != nil { #expect(state == prefix.1) }
                refusedStates += 1
            } else {
                refusedPacks += 1
            }
            var original = bytes[bit / 8]
            try #require(pwrite(file.descriptor, &original, 1, off_t(bit / 8)) == 1)
        }
        let stateBits = prefixes.reduce(0) { $0 + $1.1.count } * 8
        #expect(refusedStates == stateBits)
        #expect(refusedPacks == bytes.count * 8 - stateBits)
        #expect(try content(file.reader(secret: secret)) == whole)
    }

    @Test("A pack cut at any length, or lengthened, is refused")
    func truncation() throws {
        let bytes = try PackFile([(PackFile.entry(1), Array("state".utf8))], secret: secret).bytes
        for count in 0..<bytes.count {
            let file = try PackFile(Array(bytes.prefix(count)))
            let error = #expect(throws: PackError.self) { try file.reader(secret: secret) }
            guard case .corrupt = error else {
                Issue.record("\(count) bytes: \(String(describing: error))")
                continue
            }
        }
        let longer = try PackFile(bytes + [0])
        #expect(throws: PackError.corrupt(reason: "its sizes do not agree with the file's")) {
            try longer.reader(secret: secret)
        }
    }

    @Test("A file that becomes shorter after it was opened gives no state")
    func shortened() throws {
        let file = try PackFile([(PackFile.entry(1), [UInt8](repeating: 7, count: 100))], secret: secret)
        let reader = try file.reader(secret: secret)
        try #require(ftruncate(file.descriptor, 120) == 0)
        #expect(throws: PackError.corrupt(reason: "the file became shorter")) {
            try reader.state(of: reader.entries[0])
        }
    }

    @Test("States that changed places are refused")
    func swappedStates() throws {
        let file = try PackFile(
            [(PackFile.entry(1), Array("aaaa".utf8)), (PackFile.entry(2), Array("bbbb".utf8))], secret: secret)
        var bytes = try file.bytes
        bytes.replaceSubrange(96..<104, with: Array("bbbbaaaa".utf8))
        let swapped = try PackFile(bytes)
        let reader = try swapped.reader(secret: secret)
        for entry in reader.entries {
            #expect(throws: PackError.corrupt(reason: "a state was changed")) { try reader.state(of: entry) }
        }
    }

    @Test("A pack of another model, engine, settings or adapters is foreign")
    func foreignKey() throws {
        let file = try PackFile([(PackFile.entry(1), Array("state".utf8))], secret: secret)
        var model = PackFile.key
        model.model = "sha256:ab"
        var engine = PackFile.key
        engine.engine = "1.2.4 0c1e57098"
        var setting = PackFile.key
        setting.settings["keys"] = "q8_0"
        var fewerSettings = PackFile.key
        fewerSettings.settings["keys"] = nil
        var adapters = PackFile.key
        adapters.adapters = []
        for key in [model, engine, setting, fewerSettings, adapters] {
            #expect(throws: PackError.foreignKey) { try file.reader(key: key, secret: secret) }
        }
        #expect(throws: Never.self) { try file.reader(secret: secret) }
    }

    @Test("Keys differ wherever their parts differ, also when the parts read the same one after the other")
    func keyDigests() {
        let keys = [
            PackKey(model: "ab", engine: "c"), PackKey(model: "a", engine: "bc"),
            PackKey(model: "ab", engine: "c", settings: ["d": "e"]),
            PackKey(model: "ab", engine: "c", adapters: ["d", "e"]),
            PackKey(model: "ab", engine: "c", adapters: ["de"]),
            PackKey(model: "ab", engine: "c", adapters: ["e", "d"]),
        ]
        #expect(Set(keys.map(\.digest)).count == keys.count)
    }

    @Test("A pack that another secret made is refused")
    func foreignSecret() throws {
        let file = try PackFile([(PackFile.entry(1), Array("state".utf8))], secret: PackSecret())
        #expect(throws: PackError.corrupt(reason: "its index was changed or written elsewhere")) {
            try file.reader(secret: secret)
        }
    }

    @Test("A pack of an older or newer format is refused by its number", arguments: [0, 2, 77] as [UInt32])
    func version(version: UInt32) throws {
        var bytes = try PackFile([], secret: secret).bytes
        withUnsafeBytes(of: version.littleEndian) { bytes.replaceSubrange(8..<12, with: $0) }
        let file = try PackFile(bytes)
        #expect(throws: PackError.unsupportedVersion(version)) { try file.reader(secret: secret) }
    }

    /// The codes are right, so that the checks behind them are what refuses.
    @Test(
        "Counts that lie are refused before anything is allocated by them",
        arguments: [
            (12, UInt64(UInt32.max), 4), (48, UInt64.max, 8), (48, 95, 8), (48, 97, 8), (56, UInt64.max, 8),
            (56, 1 << 40, 8),
        ])
    func lyingHeader(offset: Int, value: UInt64, size: Int) throws {
        let bytes = try PackFile([(PackFile.entry(1), [])], secret: secret).bytes
        try expectRefusal(bytes, writing: value, size: size, at: offset)
    }

    @Test(
        "An index that lies is refused before anything is allocated by it",
        arguments: [
            (32, 9, 1), (41, 0, 8), (41, UInt64.max, 8), (49, 1, 8), (49, UInt64.max, 8), (57, UInt64(UInt32.max), 4),
            (57, 4, 4), (57, 2, 4),
        ])
    func lyingIndex(offset: Int, value: UInt64, size: Int) throws {
        let bytes = try PackFile([(PackFile.entry(1), [])], secret: secret).bytes
        try expectRefusal(bytes, writing: value, size: size, at: PackFormat.headerByteCount + offset)
    }

    private func expectRefusal(_ original: [UInt8], writing value: UInt64, size: Int, at offset: Int) throws {
        var bytes = original
        withUnsafeBytes(of: value.littleEndian) { bytes.replaceSubrange(offset..<offset + size, with: $0.prefix(size)) }
        #expect(bytes != original)
        let header = Array(bytes[..<PackFormat.authenticatedHeaderByteCount])
        let code = PackFormat.indexCode(secret, header: header, index: Array(bytes[PackFormat.headerByteCount...]))
        bytes.replaceSubrange(64..<96, with: code.finish())
        let file = try PackFile(bytes)
        let error = #expect(throws: PackError.self) { try file.reader(secret: secret) }
        guard case .corrupt(let reason) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(reason.contains("sizes") || reason.contains("sense"))
    }

    @Test("Empty, random and unfinished files are refused")
    func garbage() throws {
        var random = SeededGenerator(seed: 5)
        var files = [[], [UInt8](repeating: 0, count: 4096), Array("ROOSTPFX".utf8)]
        for _ in 0..<60 {
            files.append(
                (0..<Int.random(in: 0...400, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) })
            files.append(
                PackFormat.magic + [1, 0, 0, 0] + (0..<200).map { _ in UInt8.random(in: 0...255, using: &random) })
        }
        for bytes in files {
            let file = try PackFile(bytes)
            #expect(throws: PackError.self) { try file.reader(secret: secret) }
        }
        let file = try PackFile()
        var writer = try PackWriter(descriptor: file.descriptor, key: PackFile.key, secret: secret)
        try writer.add(PackFile.entry(1), state: Array("state".utf8))
        #expect(throws: PackError.self) { try file.reader(secret: secret) }
        try writer.finish()
        #expect(try file.reader(secret: secret).entries.count == 1)
    }

    @Test("A descriptor that is closed, a pipe, or only readable gives an error")
    func descriptors() throws {
        #expect(throws: PackError.self) { try PackReader(descriptor: -1, key: PackFile.key, secret: secret) }
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        defer { ends.forEach { close($0) } }
        #expect(throws: PackError.self) { try PackReader(descriptor: ends[0], key: PackFile.key, secret: secret) }
        let file = try PackFile([], secret: secret)
        let readable = open(file.url.path, O_RDONLY | O_CLOEXEC)
        defer { close(readable) }
        #expect(throws: PackError.self) { try PackWriter(descriptor: readable, key: PackFile.key, secret: secret) }
        #expect(throws: Never.self) { try PackReader(descriptor: readable, key: PackFile.key, secret: secret) }
    }
}
