import AsyncHTTPClient
import Foundation
import NIOCore
import Security

/// Fetches files into folders of verified content: in parts, over several connections and sources, resumable after a
/// pause or a crash, and never in place before its content is what it must be.
///
/// ```swift
/// let downloader = Downloader()
/// let download = try await downloader.download(request)
/// for await progress in download.progress { print(progress.completedByteCount) }
/// let file = try await download.value()
/// await downloader.shutdown()
/// ```
public actor Downloader {
    private let configuration: DownloaderConfiguration
    private let clients: ClientSet
    private let transport: Transport
    private let limiter: BandwidthLimiter
    private let slots: DownloadSlots
    private let executor = BlockingExecutor.shared
    private var downloads: [String: Download] = [:]
    private var isShutDown = false

    /// A downloader with connections of its own. Call ``shutdown()`` when it is no longer needed.
    public init(configuration: DownloaderConfiguration = .init()) {
        let configuration = configuration.clamped
        self.configuration = configuration
        clients = ClientSet(configuration)
        transport = Transport(
            clients: clients, isOffline: configuration.isOffline, userAgent: configuration.userAgent,
            redirectLimit: configuration.redirectLimit,
            time: configuration.time)
        limiter = BandwidthLimiter(bytesPerSecond: configuration.bandwidthLimit, time: configuration.time)
        slots = DownloadSlots(count: configuration.maximumConcurrentDownloads)
    }

    /// Bytes per second of all downloads together, changeable while they run; `nil` is no limit.
    public nonisolated var bandwidthLimit: Int64? {
        get { limiter.bytesPerSecond }
        set { limiter.bytesPerSecond = newValue }
    }

    /// Starts a download, or attaches to the one that fetches the same content to the same folder already.
    /// - Throws: ``DownloadError`` when the request breaks a rule; what goes wrong later comes from the download.
    public func download(_ request: DownloadRequest) async throws -> Download {
        guard !isShutDown else { throw DownloadError.shutDown }
        try request.check()
        let key = request.key.hexadecimal + "\n" + request.destination.path
        if let running = downloads[key], await !running.isOver { return running }
        let own = BandwidthLimiter(bytesPerSecond: request.bandwidthLimit, time: configuration.time)
        var total: Int64?
        if case .pinned(_, let byteCount) = request.identity { total = byteCount }
        let job = DownloadJob(
            request: request, configuration: configuration, transport: transport, limiters: [own, limiter],
            slots: slots,
            feed: ProgressFeed(totalByteCount: total))
        let download = Download(job: job, limiter: own, executor: executor)
        downloads[key] = download
        await download.start()
        return download
    }

    /// Fetches a file and waits for it. When the waiting task is cancelled the download is paused: what has landed is
    /// kept for the next time.
    public func fetch(_ request: DownloadRequest) async throws -> DownloadedFile {
        let download = try await download(request)
        do {
            return try await download.value()
        } catch let error as CancellationError {
            await download.pause()
            throw error
        }
    }

    /// Removes what an unfinished download of this content left in a folder, unless some process works on it.
    ///
    /// Blocks for a few file calls.
    /// - Throws: ``DownloadError/io(path:operation:code:)``.
    public static func discard(_ digest: Digest, partialFolder: URL) throws {
        try DownloadPaths(key: digest, partialFolder: partialFolder).discard()
    }

    /// Pauses every download and closes every connection. Returns when that is done.
    public func shutdown() async {
        isShutDown = true
        for download in downloads.values { await download.shutDown() }
        downloads = [:]
        await clients.shutdown()
    }
}
