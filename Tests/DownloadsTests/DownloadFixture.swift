import FaultServer
import Foundation
import Security
import Testing

@testable import Downloads

/// A folder of its own for a test, content, and a downloader with small blocks. The folder goes with the fixture.
final class DownloadFixture: Sendable {
    static let blockByteCount = 8192
    let folder: URL
    let content: [UInt8]
    let digest: Digest

    init(byteCount: Int = 300_000, seed: UInt64 = 1) throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "roost-downloads-\(UUID().uuidString)", isDirectory: true)
        content = FaultContent(byteCount: byteCount, seed: seed).bytes
        digest = Digest.of(content)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    var destination: URL { folder.appendingPathComponent("blobs", isDirectory: true) }
    var partialFolder: URL { folder.appendingPathComponent("partial", isDirectory: true) }
    var dataURL: URL { partialFolder.appendingPathComponent(digest.fileName + ".part") }
    var journalURL: URL { partialFolder.appendingPathComponent(digest.fileName + ".journal") }

    static var configuration: DownloaderConfiguration {
        var configuration = DownloaderConfiguration()
        configuration.blockByteCount = blockByteCount
        configuration.pieceByteCount = 4 * blockByteCount
        configuration.freeSpaceMargin = 0
        configuration.time = FastTime()
        // In fast time: no repetition and no stall only because the machine is busy.
        configuration.crawlPatience = .seconds(4000)
        configuration.stallTimeout = .seconds(800)
        return configuration
    }

    func request(
        _ sources: [DownloadSource], pinned: Bool = true, bandwidthLimit: Int64? = nil, priority: Int = 0
    ) -> DownloadRequest {
        DownloadRequest(
            identity: pinned ? .pinned(digest, byteCount: Int64(content.count)) : .unpinned, sources: sources,
            destination: destination, partialFolder: partialFolder, bandwidthLimit: bandwidthLimit, priority: priority)
    }

    func request(_ url: URL, pinned: Bool = true) -> DownloadRequest { request([DownloadSource(url)], pinned: pinned) }

    /// Runs a request with a downloader of its own.
    @discardableResult
    func fetch(
        _ request: DownloadRequest, configuration: DownloaderConfiguration = DownloadFixture.configuration
    ) async throws -> DownloadedFile {
        let downloader = Downloader(configuration: configuration)
        do {
            let file = try await downloader.fetch(request)
            await downloader.shutdown()
            return file
        } catch {
            await downloader.shutdown()
            throw error
        }
    }

    /// The file is in its place with the right content, and nothing else is left.
    func expectFinished(_ file: DownloadedFile, sourceLocation: Testing.SourceLocation = #_sourceLocation) throws {
        #expect(file.digest == digest, sourceLocation: sourceLocation)
        #expect(file.url.lastPathComponent == digest.fileName, sourceLocation: sourceLocation)
        #expect([UInt8](try Data(contentsOf: file.url)) == content, sourceLocation: sourceLocation)
        #expect(try names(in: partialFolder) == [], sourceLocation: sourceLocation)
    }

    /// Nothing is in the place of finished files.
    func expectNothingFinished(sourceLocation: Testing.SourceLocation = #_sourceLocation) throws {
        #expect(try names(in: destination) == [], sourceLocation: sourceLocation)
    }

    func names(in folder: URL) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    }
}

extension DownloadedFile {
    /// The error of a download that should not succeed.
    static func failure(_ work: () async throws -> DownloadedFile) async -> (any Error)? {
        do {
            _ = try await work()
            return nil
        } catch {
            return error
        }
    }
}
