import FaultServer
import Foundation
import Security
import Testing

@testable import Downloads

extension DownloadFixture {
    /// Lets about half of the file arrive, then pauses and shuts down; how many bytes the journal promises.
    func interruptHalfway(
        pinned: Bool = true, entityTag: String? = "\"one\"", serverContent: [UInt8]? = nil
    ) async throws -> (landed: Int64, server: FaultServer) {
        let half = content.count / 2
        let server = try await FaultServer.serving(serverContent ?? content, entityTag: entityTag) { request in
            guard let range = request.range, !request.isLookup else { return .none }
            return range.upperBound <= half ? .none : .stall(after: max(0, half - range.lowerBound))
        }
        let downloader = Downloader(configuration: Self.configuration)
        let download = try await downloader.download(request([DownloadSource(server.url())], pinned: pinned))
        for await progress in download.progress where progress.completedByteCount >= Int64(half / 2) { break }
        await download.pause()
        #expect(download.currentProgress.state == .paused)
        await downloader.shutdown()
        await server.stop()
        let key = request([DownloadSource(server.url())], pinned: pinned).key
        let path = partialFolder.appendingPathComponent(key.fileName + ".journal").path
        let journal = JournalFile(path: path, folder: partialFolder.path).read()
        return (try #require(journal).map.landedByteCount, server)
    }
}

extension DownloadFixture {
    /// Leaves the partial folder as a process that was killed between verification and rename does.
    func leaveComplete() throws {
        var map = BlockMap(byteCount: Int64(content.count), blockByteCount: Self.blockByteCount)
        for block in 0..<map.blockCount {
            let range = map.range(of: block)
            let bytes = Array(content[Int(range.lowerBound)..<Int(range.upperBound)])
            map.land(block, checksum: bytes.withUnsafeBytes { XXHash64.of($0) })
        }
        try FileManager.default.createDirectory(at: partialFolder, withIntermediateDirectories: true)
        try Data(content).write(to: dataURL)
        try Data(Journal(key: digest, map: map).encoded()).write(to: journalURL)
    }

    /// Begins a download that has brought something and hardly goes on: its own limit is a byte a second.
    func beginCrawling(from server: FaultServer, with downloader: Downloader) async throws -> Download {
        var request = request(server.url())
        request.bandwidthLimit = 1
        let download = try await downloader.download(request)
        for await progress in download.progress where progress.completedByteCount > 0 { break }
        return download
    }
}
