import Foundation
import Security
import Testing

@testable import Downloads

@Suite(.timeLimit(.minutes(15))) struct LedgerTests {
    private let fixture: DownloadFixture
    private let ledger: DownloadLedger
    private let folder: URL

    init() throws {
        fixture = try DownloadFixture(byteCount: 10)
        folder = fixture.folder.appendingPathComponent("ledger")
        ledger = DownloadLedger(folder: folder, partialFolders: [fixture.partialFolder], time: FastTime())
    }

    private func ticket(_ name: String, priority: Int = 0, digest: Digest? = nil, at second: Double = 0)
        -> DownloadTicket
    {
        DownloadTicket(
            name: name, reference: "hub/\(name)", options: ["quant": "Q4_K_M"],
            files: [TicketFile(name: "a.gguf", digest: digest, byteCount: 5)], totalByteCount: 5, priority: priority,
            createdAt: Date(timeIntervalSince1970: second))
    }

    @Test func aLedgerThatWasNeverUsedIsEmpty() throws {
        #expect(try ledger.tickets().isEmpty)
        #expect(try ledger.send(.pause, to: "0123456789ab") == .notFound)
        #expect(try ledger.send(.pause, to: "../../etc/passwd") == .notFound)
    }

    @Test func theIdIsMadeFromTheName() {
        #expect(ticket("a").id == "ca978112ca1b", "the first digits of the SHA-256 of the letter a")
    }

    @Test func whatIsWrittenIsReadBack() throws {
        let claim = try #require(try ledger.claim(ticket("a", digest: fixture.digest)))
        try claim.update {
            $0.completedByteCount = 3
            $0.bytesPerSecond = 1.5
            $0.bandwidthLimit = 7
            $0.state = .downloading
        }
        let item = try #require(try ledger.tickets().first)
        #expect(try ledger.item(named: "a") == item)
        #expect(try ledger.item(named: "b") == nil)
        #expect(item == LedgerItem(ticket: claim.ticket, isRunning: true, isInterrupted: false))
        try claim.finish(.completed)
        #expect(try ledger.tickets().isEmpty)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
    }

    @Test func whatItsProcessInterruptsIsKnownByTheNextOneAndWhatIsPausedIsNot() throws {
        try #require(try ledger.claim(ticket("paused"))).finish(.paused)
        try #require(try ledger.claim(ticket("interrupted"))).finish(.interrupted)
        let items = try ledger.tickets()
        #expect(items.filter(\.isInterrupted).map(\.ticket.name) == ["interrupted"])
        #expect(items.allSatisfy { !$0.isRunning && [.paused, .queued].contains($0.ticket.state) })
    }

    @Test func theHigherPriorityComesFirstThenTheOlder() throws {
        for (name, priority, second) in [("new", 0, 3.0), ("old", 0, 1), ("urgent", 5, 9)] {
            try #require(try ledger.claim(ticket(name, priority: priority, at: second))).finish(.paused)
        }
        #expect(try ledger.tickets().map(\.ticket.name) == ["urgent", "old", "new"])
        #expect(try ledger.send(.priority(9), to: DownloadTicket.id(of: "new")) == .applied)
        #expect(try ledger.tickets().map(\.ticket.name) == ["new", "urgent", "old"])
    }

    @Test func commandsReachWhoRunsTheTicketInOrder() async throws {
        let claim = try #require(try ledger.claim(ticket("a")))
        let sent: [DownloadCommand] = [.limit(5), .limit(nil), .priority(-3), .resume, .pause, .cancel]
        for command in sent { #expect(try ledger.send(command, to: claim.ticket.id) == .delivered) }
        var seen: [DownloadCommand] = []
        for await command in claim.commands {
            seen.append(command)
            if seen.count == sent.count { break }
        }
        #expect(seen == sent)
        try claim.finish(.cancelled)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
    }

    @Test func theCommandsOfAClaimEndWithIt() async throws {
        let claim = try #require(try ledger.claim(ticket("a")))
        try claim.finish(.failed("No room."))
        for await _ in claim.commands { Issue.record("a command from nowhere") }
        let item = try #require(try ledger.tickets().first)
        #expect(item.ticket.state == .failed && item.ticket.failure == "No room." && !item.isInterrupted)
        #expect(try ledger.send(.resume, to: item.ticket.id) == .applied)
        #expect(try ledger.tickets().first?.ticket.failure == nil)
    }

    @Test func aTicketAtRestIsChangedInItsFile() throws {
        try #require(try ledger.claim(ticket("a"))).finish(.paused)
        let id = DownloadTicket.id(of: "a")
        #expect(try ledger.send(.limit(100), to: id) == .applied)
        #expect(try ledger.tickets().first?.ticket.bandwidthLimit == 100)
        #expect(try ledger.send(.limit(nil), to: id) == .applied)
        #expect(try ledger.tickets().first?.ticket.bandwidthLimit == nil)
        #expect(try ledger.tickets().first?.isRunning == false)
    }

    @Test func aClaimThatComesBackKeepsTheFirstDate() throws {
        try #require(try ledger.claim(ticket("a", at: 5))).finish(.paused)
        let claim = try #require(try ledger.claim(ticket("a", at: 50)))
        #expect(claim.ticket.createdAt == Date(timeIntervalSince1970: 5))
        try claim.finish(.completed)
    }

    @Test func cancellingAtRestKeepsBytesThatAnotherTicketNames() throws {
        let shared = Digest.of([1])
        let own = Digest.of([2])
        try FileManager.default.createDirectory(at: fixture.partialFolder, withIntermediateDirectories: true)
        for digest in [shared, own] {
            try Data([1]).write(to: fixture.partialFolder.appendingPathComponent(digest.fileName + ".part"))
        }
        var first = ticket("a", digest: shared)
        first.files.append(TicketFile(name: "b.gguf", digest: own))
        try #require(try ledger.claim(first)).finish(.paused)
        try #require(try ledger.claim(ticket("b", digest: shared))).finish(.paused)
        #expect(try ledger.send(.cancel, to: first.id) == .applied)
        #expect(try fixture.names(in: fixture.partialFolder) == [shared.fileName + ".part"])
        #expect(try ledger.tickets().map(\.ticket.name) == ["b"])
    }

    @Test(arguments: ["", "{", "{\"version\":99}", "[]", "\u{0}\u{0}\u{0}"])
    func aFileThatIsNoTicketIsReportedAndHarmsNobody(_ text: String) throws {
        try #require(try ledger.claim(ticket("good"))).finish(.paused)
        let file = folder.appendingPathComponent("0123456789ab.json")
        try Data(text.utf8).write(to: file)
        let contents = try ledger.contents()
        #expect(contents.items.map(\.ticket.name) == ["good"])
        #expect(contents.damaged.map(\.path) == [file.path])
        #expect(try ledger.send(.pause, to: "0123456789ab") == .notFound)
        #expect(try ledger.send(.cancel, to: "0123456789ab") == .applied)
        #expect(try ledger.contents().damaged.isEmpty)
    }

    @Test func aTicketUnderAnothersNameIsNotBelieved() throws {
        try #require(try ledger.claim(ticket("a"))).finish(.paused)
        let file = folder.appendingPathComponent("\(DownloadTicket.id(of: "a")).json")
        try FileManager.default.moveItem(at: file, to: folder.appendingPathComponent("0123456789ab.json"))
        #expect(try ledger.contents().damaged.count == 1)
    }

    @Test func manyLookersNeverKeepAClaimOut() async throws {
        try #require(try ledger.claim(ticket("a"))).finish(.paused)
        let ledger = ledger
        let ticket = ticket("a")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 { group.addTask { for _ in 0..<200 { _ = try ledger.tickets() } } }
            for _ in 0..<50 { try #require(try ledger.claim(ticket)).finish(.paused) }
            try await group.waitForAll()
        }
    }
}
