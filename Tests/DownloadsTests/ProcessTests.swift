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

/// Several processes on the same folders.
@Suite(.timeLimit(.minutes(15))) struct ProcessTests {
    @Test func twoProcessesFetchTheSameContentOnce() async throws {
        let fixture = try DownloadFixture(byteCount: 4 << 20)
        let bothRun = Gate()
        let server = try await FaultServer.start { request, connection in
            if !request.isLookup { try await bothRun.wait() }
            try await FaultServer.answer(request, connection, fixture.content, nil, .none)
        }
        let first = try fixture.program(server)
        while server.requests.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
        let second = try fixture.program(server)
        try await Task.sleep(for: .milliseconds(300))
        bothRun.open()
        let codes = await [first.status(), second.status()]
        #expect(codes == [0, 0])
        let fetched = [first, second].compactMap { $0.output.split { $0.isWhitespace }.last.flatMap { Int($0) } }
        // A block that crawls on a busy machine is fetched by two connections; never by two processes.
        #expect(fetched.min() == 0 && (fetched.max() ?? 0) < fixture.content.count * 3 / 2)
        #expect((fetched.max() ?? 0) >= fixture.content.count)
        let file = fixture.destination.appendingPathComponent(fixture.digest.fileName)
        #expect(Digest.of([UInt8](try Data(contentsOf: file))) == fixture.digest)
        #expect(try fixture.names(in: fixture.partialFolder) == [])
        await server.stop()
    }

    @Test func aProcessThatIsKilledLeavesItsTurnToTheOneThatWaits() async throws {
        let fixture = try DownloadFixture(byteCount: 1 << 20)
        let isKilled = Gate()
        let server = try await FaultServer.start { request, connection in
            if !request.isLookup { try await isKilled.wait() }
            try await FaultServer.answer(request, connection, fixture.content, nil, .none)
        }
        let first = try fixture.program(server)
        while server.requests.filter({ !$0.isLookup }).isEmpty { try await Task.sleep(for: .milliseconds(5)) }
        let second = try fixture.program(server)
        kill(first.pid, SIGKILL)
        await first.end()
        isKilled.open()
        #expect(await second.status() == 0)
        #expect(second.output.hasPrefix(fixture.digest.description))
        await server.stop()
    }

    @Test func downloadersThatShareAFolderShareItsSlots() async throws {
        let first = try DownloadFixture(byteCount: 200_000, seed: 3)
        let second = try DownloadFixture(byteCount: 200_000, seed: 4)
        let order = Recorder()
        let isStarted = Gate()
        let mayGo = Gate()
        let server = try await FaultServer.start { request, connection in
            if request.path == "/first" {
                order.add("first")
                isStarted.open()
                try await mayGo.wait()
                try await FaultServer.answer(request, connection, first.content, nil, .none)
            } else {
                order.add("second")
                try await FaultServer.answer(request, connection, second.content, nil, .none)
            }
        }
        var configuration = DownloadFixture.configuration
        configuration.maximumConcurrentDownloads = 1
        let shared = configuration
        let request = first.request(server.url("/first"))
        var other = second.request(server.url("/second"))
        other.partialFolder = first.partialFolder
        other.destination = first.destination
        let waiting = other
        async let one = first.fetch(request, configuration: shared)
        try await isStarted.wait()
        let downloader = Downloader(configuration: shared)
        let queued = try await downloader.download(waiting)
        // Many looks at the slots later it still waits.
        try await Task.sleep(for: .milliseconds(200))
        #expect(queued.currentProgress.state == .queued)
        #expect(!order.values.contains("second"))
        mayGo.open()
        #expect(try await one.digest == first.digest)
        _ = try await queued.value()
        #expect(order.values.contains("second"))
        await downloader.shutdown()
        await server.stop()
    }

    // MARK: The ledger

    private func ledger(_ fixture: DownloadFixture) -> DownloadLedger {
        DownloadLedger(
            folder: fixture.folder.appendingPathComponent("ledger"), partialFolders: [fixture.partialFolder],
            time: FastTime())
    }

    /// A process that downloads under a ticket, and hardly goes on after the first read of each connection, at most 256
    /// KiB; returns when bytes have arrived.
    private func slowProgram(_ fixture: DownloadFixture, _ server: FaultServer) async throws -> RunningProgram {
        let program = try fixture.program(
            server, options: ["--ledger", "tiny", "--limit", "1", "--connections", "4"])
        let ledger = ledger(fixture)
        while try ledger.tickets().first.map({ $0.ticket.completedByteCount == 0 }) ?? true {
            try await Task.sleep(for: .milliseconds(5))
        }
        return program
    }

    @Test func anotherProcessSeesARunningDownloadAndPausesIt() async throws {
        let fixture = try DownloadFixture(byteCount: 4 << 20)
        let server = try await FaultServer.serving(fixture.content)
        let program = try await slowProgram(fixture, server)
        let ledger = ledger(fixture)
        let item = try #require(try ledger.tickets().first)
        #expect(item.isRunning && item.ticket.name == "tiny" && item.ticket.state == .downloading)
        #expect(item.ticket.totalByteCount == 4 << 20)
        #expect(try ledger.claim(item.ticket) == nil, "a ticket has one runner")
        #expect(try ledger.send(.pause, to: item.ticket.id) == .delivered)
        #expect(await program.status() == 0)
        let paused = try #require(try ledger.tickets().first)
        #expect(!paused.isRunning && !paused.isInterrupted && paused.ticket.state == .paused)
        #expect(try ledger.send(.resume, to: item.ticket.id) == .applied)
        #expect(try ledger.tickets().first?.ticket.state == .paused, "nobody runs it yet")
        #expect(try ledger.tickets().first?.isInterrupted == true)
        await server.stop()
    }

    @Test func aLimitThatIsLiftedFromOutsideLetsTheDownloadEnd() async throws {
        let fixture = try DownloadFixture(byteCount: 4 << 20)
        let server = try await FaultServer.serving(fixture.content)
        let program = try await slowProgram(fixture, server)
        let ledger = ledger(fixture)
        #expect(try ledger.send(.limit(nil), to: DownloadTicket.id(of: "tiny")) == .delivered)
        #expect(await program.status() == 0)
        #expect(program.output.hasPrefix(fixture.digest.description))
        #expect(try ledger.tickets().isEmpty)
        await server.stop()
    }

    @Test func aDownloadWhoseProcessWasKilledIsInterruptedAndItsCancellationRemovesItsBytes() async throws {
        let fixture = try DownloadFixture(byteCount: 4 << 20)
        let server = try await FaultServer.serving(fixture.content)
        let program = try await slowProgram(fixture, server)
        kill(program.pid, SIGKILL)
        await program.end()
        let ledger = ledger(fixture)
        let item = try #require(try ledger.tickets().first)
        #expect(!item.isRunning && item.isInterrupted && item.ticket.state == .paused)
        #expect(FileManager.default.fileExists(atPath: fixture.dataURL.path))
        #expect(try ledger.send(.cancel, to: item.ticket.id) == .applied)
        #expect(try ledger.tickets().isEmpty)
        #expect(!FileManager.default.fileExists(atPath: fixture.dataURL.path))
        #expect(!FileManager.default.fileExists(atPath: fixture.journalURL.path))
        await server.stop()
    }
}
