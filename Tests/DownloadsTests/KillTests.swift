import FaultServer
import Foundation
import Security
import Synchronization
import Testing

@testable import Downloads

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A process that is killed in the middle of a download, again and again.
@Suite(.timeLimit(.minutes(3))) struct KillTests {
    private static let blockByteCount = 16 << 10
    private static let journalByteCount = 512 << 10

    @Test func killedAtRandomPointsTheFileIsRightAndLittleIsFetchedTwice() async throws {
        let fixture = try DownloadFixture(byteCount: 24 << 20)
        // Counts what it sends, and says when it has sent as much as the round allows; then it sends no more.
        let meter = Meter()
        let server = try await FaultServer.start { request, connection in
            guard let range = request.range else { return try await connection.sendEmpty(400) }
            try await connection.sendHead(
                206,
                [
                    ("Content-Range", "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(fixture.content.count)"),
                    ("Content-Length", "\(range.count)"),
                ])
            var start = range.lowerBound
            while start < range.upperBound {
                let end = min(start + 16384, range.upperBound)
                try await meter.send(end - start)
                try await connection.send(fixture.content[start..<end])
                start = end
            }
        }
        var generator = SystemRandomNumberGenerator()
        var promised: Int64 = 0
        var losses: [Int64] = []
        while true {
            meter.allow(Int.random(in: 1..<(3 << 20), using: &generator))
            let program = try start(fixture, server)
            let ended = Task { await program.end() }
            let full = Task { try await meter.isFull() }
            let isOver = await Self.first(ended, full, pid: program.pid)
            if isOver { break }
            _ = await ended.value
            let landed =
                JournalFile(path: fixture.journalURL.path, folder: fixture.partialFolder.path)
                .read()?.map.landedByteCount ?? 0
            #expect(landed >= promised, "a journal never promises less than the one before")
            losses.append(meter.sentThisRound - (landed - promised))
            promised = landed
            try #require(losses.count < 500)
        }
        let file = fixture.destination.appendingPathComponent(fixture.digest.fileName)
        #expect(Digest.of([UInt8](try Data(contentsOf: file))) == fixture.digest)
        #expect(losses.count >= 5, "killed \(losses.count) times")
        // What the sockets held and the program never saw counts here as lost, too.
        let most = losses.max() ?? 0
        print(
            "killed \(losses.count) times, fetched twice at most \(most) bytes, \(losses.reduce(0, +) / Int64(max(1, losses.count))) on average"
        )
        await server.stop()
    }
}

extension KillTests {
    /// Whether the program ended by itself before the round was full; when the round was full first it is killed.
    private static func first(
        _ ended: Task<Void, Never>, _ full: Task<Void, any Error>, pid: Int32
    ) async -> Bool {
        await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                await ended.value
                return true
            }
            group.addTask {
                // A round that is never full ends with the program.
                (try? await full.value) == nil
            }
            let isOver = await group.next() ?? true
            if isOver { full.cancel() } else { kill(pid, SIGKILL) }
            return isOver
        }
    }

    private func start(_ fixture: DownloadFixture, _ server: FaultServer) throws -> RunningProgram {
        try fixture.program(server)
    }
}

/// Counts what a server sends in a round, and holds it when the round is full.
private final class Meter: Sendable {
    private struct State {
        var allowance = 0
        var sent: Int64 = 0
    }

    private let state = Mutex(State())
    private let changed = ChangeSignal()

    var sentThisRound: Int64 { state.withLock { $0.sent } }

    /// Begins a round.
    func allow(_ count: Int) {
        state.withLock { $0 = State(allowance: count) }
        changed.notify()
    }

    func send(_ count: Int) async throws {
        while true {
            let version = changed.version
            let mayGo = state.withLock { state in
                guard state.allowance > 0 else { return false }
                state.allowance -= count
                state.sent += Int64(count)
                return true
            }
            if mayGo {
                changed.notify()
                return
            }
            try await changed.changed(since: version)
        }
    }

    func isFull() async throws {
        while true {
            let version = changed.version
            if state.withLock({ $0.allowance <= 0 }) { return }
            try await changed.changed(since: version)
        }
    }
}
