import Foundation
import ModelFixtures
import ModelStore
import Testing

/// The built `roost` program, killed with SIGKILL while it takes in a model of many files and while it moves the
/// model folder.
@Suite("Models of many files, and moves, under kill -9", .serialized)
struct StoreMoveCrashTests {
    private let folder: StoreCrashFolder

    init() throws { folder = try StoreCrashFolder() }

    @Test("a model in parts is whole or not there, at 20 random moments of its import")
    func importingParts() async throws {
        let kept = try await folder.prepare()
        try folder.prepareParts()
        var duration = try await folder.run(.importParts, killedAfter: nil).duration
        var generator = SeededGenerator(seed: 21)
        var interrupted = 0
        for round in 0..<20 {
            // Every other time in the place of another model of that name.
            _ = try await folder.run(.removeBig, killedAfter: nil)
            if round.isMultiple(of: 2) { try await folder.addBig() }
            let delay = duration * Double.random(in: 0...1, using: &generator)
            let run = try await folder.run(.importParts, killedAfter: delay)
            duration = run.expected(duration)
            interrupted += run.wasInterrupted ? 1 : 0

            let store = try await ModelStore(root: folder.home)
            let check = try await store.check()
            #expect(check.isConsistent && check.runningImportCount == 0, "round \(round): \(check)")
            #expect(try folder.traces().isEmpty)
            for record in try await store.models() {
                #expect(try await store.verify(record.name).isIntact, "\(record.name), round \(round)")
                if record.name == ModelName("big") { #expect([1, 4].contains(record.files.count)) }
            }
            #expect(Set(try await store.models().map(\.name)).isSuperset(of: kept.map(\.name)))
            if try await !store.models().contains(where: { $0.name == ModelName("big") }) {
                try await folder.addBig()
            }
        }
        print("Import of parts under kill -9: \(interrupted) of 20 were cut short.")
        #expect(interrupted >= 6)
    }

    @Test("a moved folder has lost nothing at 30 random moments, and the move goes on", arguments: [false, true])
    func moving(toOtherFileSystem: Bool) async throws {
        let kept = try await folder.prepare()
        try await folder.addBig()
        let memory = URL(fileURLWithPath: "/dev/shm/roost-move-\(UUID().uuidString)", isDirectory: true)
        let isThere = FileManager.default.fileExists(atPath: "/dev/shm")
        let away =
            toOtherFileSystem && isThere ? memory : folder.folder.appendingPathComponent("away", isDirectory: true)
        defer { try? FileManager.default.removeItem(at: memory) }
        let names = Set(kept.map(\.name)).union([try ModelName(parsing: "big")])
        var duration = try await folder.run(.move(to: away), killedAfter: nil).duration
        var generator = SeededGenerator(seed: 22)
        var interrupted = 0
        for round in 0..<30 {
            let target = round.isMultiple(of: 2) ? folder.home : away
            let delay = duration * Double.random(in: 0...1, using: &generator)
            let run = try await folder.run(.move(to: target), killedAfter: delay)
            duration = run.expected(duration)
            interrupted += run.wasInterrupted ? 1 : 0

            let store = try await ModelStore(root: folder.home)
            let check = try await store.check()
            #expect(check.isConsistent && check.foreign.isEmpty, "round \(round): \(check)")
            #expect(Set(try await store.models().map(\.name)) == names, "round \(round)")
            for name in names { #expect(try await store.verify(name).isIntact, "\(name), round \(round)") }
            #expect(try await store.move(to: target).leftBehind.isEmpty, "round \(round)")
            let left = (target == away ? folder.home : away).appendingPathComponent("blobs").path
            #expect(try FileManager.default.contentsOfDirectory(atPath: left).isEmpty, "round \(round)")
        }
        let way = toOtherFileSystem ? "another file system" : "the same file system"
        print("Move to \(way) under kill -9: \(interrupted) of 30 were cut short.")
        #expect(interrupted >= 6)
    }
}
