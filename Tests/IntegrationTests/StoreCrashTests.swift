import Foundation
import ModelFixtures
import ModelFormats
import ModelStore
import Testing

/// The built `roost` program, killed with SIGKILL while it imports and removes; and several of them at once.
@Suite("The store under kill -9", .serialized)
struct StoreCrashTests {
    private let folder: StoreCrashFolder

    init() throws { folder = try StoreCrashFolder() }

    @Test("at 50 random moments is consistent each time and has lost nothing")
    func kills() async throws {
        let kept = try await folder.prepare()
        var (importing, removing) = try await folder.measure()
        var generator = SeededGenerator(seed: 20)
        var tally = Tally()
        for round in 0..<50 {
            // Imports take most of the time, so most kills are for them; every third is for a removal.
            let isImport = round % 3 != 2
            if !isImport { try await folder.addBig() }
            let delay = (isImport ? importing : removing) * Double.random(in: 0...1, using: &generator)
            let run = try await folder.run(isImport ? .importBig : .removeBig, killedAfter: delay)
            if isImport { importing = run.expected(importing) } else { removing = run.expected(removing) }
            tally.add(run, isImport: isImport, traces: try folder.traces())
            try await folder.expectConsistent(kept: kept, round: "round \(round), \(delay) into it")
        }
        print("Store under kill -9: \(tally)")
        #expect(tally.imports.interrupted >= 10, "too few kills fell into an import: \(tally)")
        #expect(tally.removals.interrupted >= 3, "too few kills fell into a removal: \(tally)")
        #expect(tally.withTraces >= 10, "too few kills left half-done work to clear away: \(tally)")
    }

    @Test("is not needed: imports and removals of many processes at once agree")
    func manyProcesses() async throws {
        let kept = try await folder.prepare()
        let folder = folder
        for _ in 0..<3 {
            try await withThrowingTaskGroup(of: Int32.self) { group in
                for index in 0..<4 {
                    group.addTask {
                        try await folder.exitStatus(["import", folder.big.path, "--copy", "--name", "copy\(index)"])
                    }
                }
                for try await status in group { #expect(status == 0) }
            }
            let check = try await ModelStore(root: folder.home).check()
            #expect(check.isConsistent && check.modelCount == kept.count + 4 && check.blobCount == kept.count + 1)
            // One process takes names away while another gives the same content a new one.
            try await withThrowingTaskGroup(of: Int32.self) { group in
                group.addTask { try await folder.exitStatus(["rm", "copy0", "copy1", "copy2", "copy3", "--yes"]) }
                group.addTask { try await folder.exitStatus(["import", folder.big.path, "--copy", "--name", "big"]) }
                for try await status in group { #expect(status == 0) }
            }
            let store = try await ModelStore(root: folder.home)
            #expect(try await store.models().count == kept.count + 1)
            try await folder.expectConsistent(kept: kept, round: "processes at once")
        }
    }

    /// What the kills hit.
    private struct Tally: CustomStringConvertible {
        struct Count {
            var interrupted = 0
            var finished = 0
        }
        var imports = Count()
        var removals = Count()
        var withTraces = 0

        mutating func add(_ run: StoreCrashFolder.Run, isImport: Bool, traces: [String]) {
            let path = isImport ? \Self.imports : \Self.removals
            if run.wasInterrupted { self[keyPath: path].interrupted += 1 } else { self[keyPath: path].finished += 1 }
            if !traces.isEmpty { withTraces += 1 }
        }

        var description: String {
            """
            \(imports.interrupted) of \(imports.interrupted + imports.finished) imports and \(removals.interrupted) of \
            \(removals.interrupted + removals.finished) removals were cut short; after \(withTraces) kills unfinished \
            work lay in the folder.
            """
        }
    }
}
