import Downloads
import Foundation
import Security

/// Roost's turn in ``DownloadBenchmark``, through the library's public interface, in a process of its own.
struct DownloadMeasurement {
    /// What it tells the benchmark.
    struct Result: Codable {
        /// Nanoseconds of the system's monotonic clock.
        var startedAt: UInt64
        var verifiedAt: UInt64
        var fetchedByteCount: Int64
    }

    let url: URL
    let digest: Digest
    let byteCount: Int64
    let folder: URL

    init(_ arguments: [String]) throws {
        guard arguments.count == 4, let url = URL(string: arguments[0]),
            let digest = Digest(hexadecimal: arguments[1]), let byteCount = Int64(arguments[2])
        else { throw BenchError(description: "Use: download-child URL SHA256 BYTES FOLDER") }
        self.url = url
        self.digest = digest
        self.byteCount = byteCount
        folder = URL(fileURLWithPath: arguments[3], isDirectory: true)
    }

    func run() async throws -> Result {
        let startedAt = Self.now
        let downloader = Downloader(configuration: DownloaderConfiguration())
        let request = DownloadRequest(
            identity: .pinned(digest, byteCount: byteCount), sources: [DownloadSource(url)], destination: folder,
            partialFolder: folder.appendingPathComponent("partial", isDirectory: true))
        let file = try await downloader.fetch(request)
        let verifiedAt = Self.now
        await downloader.shutdown()
        return Result(startedAt: startedAt, verifiedAt: verifiedAt, fetchedByteCount: file.fetchedByteCount)
    }

    /// The clock that the server uses too.
    private static var now: UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
