import FaultServer
import Foundation
import Security
import Testing

@testable import Downloads

/// What an interrupted download leaves is used, and never believed without a look.
@Suite(.timeLimit(.minutes(15))) struct ResumeTests {
    @Test func whatHasLandedIsNotFetchedAgain() async throws {
        let fixture = try DownloadFixture()
        let (landed, _) = try await fixture.interruptHalfway()
        #expect(landed > 0)
        let server = try await FaultServer.serving(fixture.content)
        let file = try await fixture.fetch(fixture.request(server.url()))
        try fixture.expectFinished(file)
        #expect(file.fetchedByteCount == Int64(fixture.content.count) - landed)
        await server.stop()
    }

    @Test func aPausedDownloadGoesOnInTheSameProcess() async throws {
        let fixture = try DownloadFixture(byteCount: 2_000_000)
        let server = try await FaultServer.serving(fixture.content)
        let downloader = Downloader(configuration: DownloadFixture.configuration)
        let download = try await fixture.beginCrawling(from: server, with: downloader)
        await download.pause()
        #expect(download.currentProgress.state == .paused)
        let requestCount = server.requests.count
        download.bandwidthLimit = nil
        await download.resume()
        try fixture.expectFinished(try await download.value())
        #expect(server.requests.count > requestCount)
        #expect(download.currentProgress.state == .completed)
        await downloader.shutdown()
        await server.stop()
    }

    @Test func cancellingRemovesWhatHasLanded() async throws {
        let fixture = try DownloadFixture(byteCount: 2_000_000)
        let server = try await FaultServer.serving(fixture.content)
        let downloader = Downloader(configuration: DownloadFixture.configuration)
        let download = try await fixture.beginCrawling(from: server, with: downloader)
        await download.cancel()
        await #expect(throws: DownloadError.cancelled) { try await download.value() }
        #expect(try fixture.names(in: fixture.partialFolder) == [])
        try fixture.expectNothingFinished()
        await downloader.shutdown()
        await server.stop()
    }

    @Test func aCancelledTaskStopsTheConnectionsAndKeepsWhatHasLanded() async throws {
        let fixture = try DownloadFixture(byteCount: 2_000_000)
        let server = try await FaultServer.serving(fixture.content)
        let downloader = Downloader(configuration: DownloadFixture.configuration)
        var request = fixture.request(server.url())
        request.bandwidthLimit = 1
        let limited = request
        let download = try await downloader.download(limited)
        let task = Task { try await downloader.fetch(limited) }
        for await progress in download.progress where progress.completedByteCount > 0 { break }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(download.currentProgress.state == .paused)
        #expect(download.currentProgress.connectionCount == 0)
        #expect(FileManager.default.fileExists(atPath: fixture.journalURL.path))
        await downloader.shutdown()
        await server.stop()
    }

    enum Damage: CaseIterable {
        case none, torn, empty, flipped, missing, otherContent, dataMissing, dataZeroed, dataShort, dataFlipped
    }

    @Test(arguments: Damage.allCases)
    func aDamagedJournalOrFileCostsBytesAndNeverTheContent(_ damage: Damage) async throws {
        let fixture = try DownloadFixture()
        let (landed, _) = try await fixture.interruptHalfway()
        var journal = try Data(contentsOf: fixture.journalURL)
        var data = try Data(contentsOf: fixture.dataURL)
        switch damage {
        case .none: break
        case .torn: journal = journal.prefix(journal.count / 2)
        case .empty: journal = Data()
        case .flipped: journal[journal.count / 2] ^= 1
        case .missing: break
        case .otherContent:
            let map = BlockMap(byteCount: Int64(fixture.content.count), blockByteCount: 8192)
            journal = Data(Journal(key: Digest.of([1]), map: map).encoded())
        case .dataMissing: break
        case .dataZeroed: data = Data(count: data.count)
        case .dataShort: data = data.prefix(20_000)
        case .dataFlipped:
            let map = try #require(Journal(decoding: [UInt8](journal))).map
            let block = try #require(map.checksums.firstIndex { $0 != nil })
            data[Int(map.range(of: block).lowerBound) + 100] ^= 0x80
        }
        try journal.write(to: fixture.journalURL)
        try data.write(to: fixture.dataURL)
        if damage == .missing { try FileManager.default.removeItem(at: fixture.journalURL) }
        if damage == .dataMissing { try FileManager.default.removeItem(at: fixture.dataURL) }

        let server = try await FaultServer.serving(fixture.content)
        let file = try await fixture.fetch(fixture.request(server.url()))
        try fixture.expectFinished(file)
        let rest = Int64(fixture.content.count) - landed
        switch damage {
        case .none: #expect(file.fetchedByteCount == rest)
        case .dataFlipped: #expect(file.fetchedByteCount == rest + Int64(DownloadFixture.blockByteCount))
        default: #expect(file.fetchedByteCount > rest)
        }
        await server.stop()
    }

    @Test func aCrashBetweenVerificationAndRenameNeedsNoByteAgain() async throws {
        let fixture = try DownloadFixture()
        try fixture.leaveComplete()
        let server = try await FaultServer.serving(fixture.content)
        let file = try await fixture.fetch(fixture.request(server.url()))
        try fixture.expectFinished(file)
        #expect(file.fetchedByteCount == 0 && server.requests.isEmpty)
        await server.stop()
    }

    @Test func aCrashAfterTheRenameLeavesNothingToDoButTidying() async throws {
        let fixture = try DownloadFixture()
        let server = try await FaultServer.serving(fixture.content)
        try await fixture.fetch(fixture.request(server.url()))
        let count = server.requests.count
        try Data([1, 2, 3]).write(to: fixture.journalURL)
        try Data().write(to: fixture.partialFolder.appendingPathComponent(fixture.digest.fileName + ".lock"))
        let file = try await fixture.fetch(fixture.request(server.url()))
        try fixture.expectFinished(file)
        #expect(server.requests.count == count)
        await server.stop()
    }

    @Test func twoDownloadersAtOnceFetchOnce() async throws {
        let fixture = try DownloadFixture(byteCount: 1_000_000)
        let server = try await FaultServer.serving(fixture.content)
        let request = fixture.request(server.url())
        async let first = fixture.fetch(request)
        async let second = fixture.fetch(request)
        let files = try await [first, second]
        for file in files { try fixture.expectFinished(file) }
        #expect(files.map(\.fetchedByteCount).sorted() == [0, Int64(fixture.content.count)])
        await server.stop()
    }

    @Test func theSameContentTwiceInOneDownloaderIsOneDownload() async throws {
        let fixture = try DownloadFixture()
        let server = try await FaultServer.serving(fixture.content)
        let downloader = Downloader(configuration: DownloadFixture.configuration)
        let first = try await downloader.download(fixture.request(server.url("/a")))
        let second = try await downloader.download(fixture.request(server.url("/b")))
        #expect(first === second)
        try fixture.expectFinished(try await second.value())
        await downloader.shutdown()
        await server.stop()
    }

    @Test func whoAttachesGoesOnWhenTheOtherStops() async throws {
        let fixture = try DownloadFixture(byteCount: 2_000_000)
        let server = try await FaultServer.serving(fixture.content)
        let downloader = Downloader(configuration: DownloadFixture.configuration)
        let first = try await fixture.beginCrawling(from: server, with: downloader)
        async let second = fixture.fetch(fixture.request(server.url()))
        await first.pause()
        try fixture.expectFinished(try await second)
        await downloader.shutdown()
        await server.stop()
    }
}
