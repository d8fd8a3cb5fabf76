import FaultServer
import Foundation
import Security
import Synchronization
import Testing

@testable import Downloads

/// Files of which nothing is known before the first byte.
@Suite(.timeLimit(.minutes(15))) struct UnpinnedTests {
    @Test func theContentGivesTheName() async throws {
        let fixture = try DownloadFixture()
        let server = try await FaultServer.serving(fixture.content)
        try fixture.expectFinished(try await fixture.fetch(fixture.request(server.url("/../../x%2Fy"), pinned: false)))
        await server.stop()
    }

    @Test func anEmptyFileIsAFile() async throws {
        let fixture = try DownloadFixture(byteCount: 0)
        let server = try await FaultServer.serving([])
        try fixture.expectFinished(try await fixture.fetch(fixture.request(server.url(), pinned: false)))
        await server.stop()
    }

    @Test func aPinnedEmptyFileNeedsNoServer() async throws {
        let fixture = try DownloadFixture(byteCount: 0)
        let url = try #require(URL(string: "http://127.0.0.1:1/file"))
        try fixture.expectFinished(try await fixture.fetch(fixture.request(url)))
    }

    @Test func aSourceThatDoesNotSayHowLongItIsIsRefused() async throws {
        let fixture = try DownloadFixture(byteCount: 1000)
        let server = try await FaultServer.start { request, connection in
            try await connection.sendHead(200, [("Connection", "close")])
            try await connection.send(fixture.content)
            try await connection.close()
        }
        let error = await DownloadedFile.failure {
            try await fixture.fetch(fixture.request(server.url(), pinned: false))
        }
        guard case .lengthUnknown = error as? DownloadError else {
            Issue.record("\(String(describing: error))")
            return
        }
        await server.stop()
    }

    @Test func aChangeAtTheSourceMidwayStartsAgainWithTheNewFile() async throws {
        let old = FaultContent(byteCount: 300_000, seed: 7).bytes
        let fixture = try DownloadFixture()
        let server = try await FaultServer.start { request, connection in
            let isOld = request.number < 4
            try await FaultServer.answer(
                request, connection, isOld ? old : fixture.content, isOld ? "\"old\"" : "\"new\"", .none)
        }
        try fixture.expectFinished(try await fixture.fetch(fixture.request(server.url(), pinned: false)))
        await server.stop()
    }

    @Test func aSourceThatKeepsChangingIsGivenUp() async throws {
        let fixture = try DownloadFixture()
        let server = try await FaultServer.start { request, connection in
            try await FaultServer.answer(request, connection, fixture.content, "\"\(request.number)\"", .none)
        }
        let error = await DownloadedFile.failure {
            try await fixture.fetch(fixture.request(server.url(), pinned: false))
        }
        guard case .sourceChanged = error as? DownloadError else {
            Issue.record("\(String(describing: error))")
            return
        }
        try fixture.expectNothingFinished()
        await server.stop()
    }
}
