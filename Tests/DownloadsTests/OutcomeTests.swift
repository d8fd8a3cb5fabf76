import FaultServer
import Foundation
import Security
import Testing

@testable import Downloads

/// What a download leaves: the file and its facts, or what was wrong apart for a look.
@Suite(.timeLimit(.minutes(15))) struct OutcomeTests {
    @Test func theChecksumsOfThePiecesComeWithTheFile() async throws {
        let fixture = try DownloadFixture()
        let server = try await FaultServer.serving(fixture.content)
        let file = try await fixture.fetch(fixture.request(server.url()))
        let pieces = try #require(file.pieces)
        #expect(pieces.pieceByteCount == DownloadFixture.blockByteCount)
        #expect(pieces.values.count == (fixture.content.count + pieces.pieceByteCount - 1) / pieces.pieceByteCount)
        for (index, value) in pieces.values.enumerated() {
            let range = pieces.range(ofPiece: index, byteCount: file.byteCount)
            let bytes = Array(fixture.content[Int(range.lowerBound)..<Int(range.upperBound)])
            #expect(bytes.withUnsafeBytes { XXHash64.of($0) } == value)
        }
        let again = try await fixture.fetch(fixture.request(server.url()))
        #expect(again.pieces == nil && again.fetchedByteCount == 0)
        await server.stop()
    }

    @Test func whatIsWrongGoesToTheFolderForIt() async throws {
        let fixture = try DownloadFixture()
        let server = try await FaultServer.serving(fixture.content) { _ in .flippedByte(at: 5) }
        let folder = fixture.folder.appendingPathComponent("apart")
        var request = fixture.request(server.url())
        request.quarantineFolder = folder
        let wrong = request
        let error = await DownloadedFile.failure { try await fixture.fetch(wrong) }
        guard case .contentMismatch(_, let found, let path) = error as? DownloadError else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(path == folder.appendingPathComponent(found.fileName).path)
        #expect(try fixture.names(in: folder) == [found.fileName])
        #expect(try fixture.names(in: fixture.partialFolder).filter { !$0.hasSuffix(".lock") } == [])
        try fixture.expectNothingFinished()
        await server.stop()
    }

    @Test func contentThatChangesAtTheSameSizeMidwayIsFoundOutAndFetchedAnew() async throws {
        let fixture = try DownloadFixture()
        let old = FaultContent(byteCount: fixture.content.count, seed: 99).bytes
        let server = try await FaultServer.start { request, connection in
            let isOld = request.number < 4
            try await FaultServer.answer(request, connection, isOld ? old : fixture.content, nil, .none)
        }
        let file = try await fixture.fetch(fixture.request(server.url()))
        try fixture.expectFinished(file)
        #expect(file.fetchedByteCount > Int64(fixture.content.count))
        await server.stop()
    }

    @Test func discardingRemovesWhatAnEarlierRunLeft() async throws {
        let fixture = try DownloadFixture()
        _ = try await fixture.interruptHalfway()
        #expect(try !fixture.names(in: fixture.partialFolder).isEmpty)
        try Downloader.discard(fixture.digest, partialFolder: fixture.partialFolder)
        #expect(try fixture.names(in: fixture.partialFolder) == [])
        try Downloader.discard(fixture.digest, partialFolder: fixture.folder.appendingPathComponent("none"))
    }
}
