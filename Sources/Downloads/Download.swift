import Foundation

/// One download: watch it, wait for it, pause, resume or cancel it.
public actor Download {
    private enum Wish { case run, pause, cancel }

    /// What was asked for.
    public nonisolated let request: DownloadRequest
    private let job: DownloadJob
    private let limiter: BandwidthLimiter
    private let executor: BlockingExecutor
    private let changed = ChangeSignal()
    private var wish = Wish.run
    private var task: Task<Void, Never>?
    private var outcome: Result<DownloadedFile, any Error>?

    init(job: DownloadJob, limiter: BandwidthLimiter, executor: BlockingExecutor) {
        request = job.request
        self.job = job
        self.limiter = limiter
        self.executor = executor
    }

    /// How far it is: begins with the present state, never goes back, ends with the download. Every call makes a new
    /// sequence; a slow reader gets the newest state and misses steps between.
    public nonisolated var progress: AsyncStream<DownloadProgress> { job.feed.listen() }

    /// How far it is now.
    public nonisolated var currentProgress: DownloadProgress { job.feed.last }

    /// Bytes per second for this download alone, changeable while it runs; `nil` is no limit.
    public nonisolated var bandwidthLimit: Int64? {
        get { limiter.bytesPerSecond }
        set { limiter.bytesPerSecond = newValue }
    }

    /// Waits for the end, also through a pause. Cancelling the waiting task does not end the download.
    /// - Throws: ``DownloadError``; `CancellationError` when the waiting task is cancelled.
    public func value() async throws -> DownloadedFile {
        while true {
            let version = changed.version
            if let outcome { return try outcome.get() }
            try await changed.changed(since: version)
        }
    }

    /// Stops; what has landed is kept. Returns when it has stopped. Nothing happens to a download that is over.
    public func pause() async { await stop(.pause) }

    /// Goes on after a pause.
    public func resume() async {
        while wish == .pause, let task { await task.value }
        guard outcome == nil, task == nil else { return }
        wish = .run
        start()
    }

    /// Ends the download and removes what has landed. Returns when both are done.
    public func cancel() async {
        await stop(.cancel)
        guard outcome == nil else { return }
        let job = self.job
        await Task(executorPreference: executor) { try? job.discard() }.value
        end(.failure(DownloadError.cancelled))
    }

    /// Stops for good but keeps what has landed: the downloader goes.
    func shutDown() async {
        await stop(.pause)
        guard outcome == nil else { return }
        outcome = .failure(DownloadError.shutDown)
        job.feed.finish(.paused)
        changed.notify()
    }

    /// Whether it has ended, with or without the file.
    var isOver: Bool { outcome != nil }

    func start() {
        guard task == nil, outcome == nil else { return }
        let job = self.job
        task = Task(executorPreference: executor) {
            do {
                let file = try await job.run()
                await self.end(.success(file))
            } catch {
                await self.stopped(error)
            }
        }
    }

    private func stop(_ wish: Wish) async {
        guard outcome == nil else { return }
        self.wish = wish
        if let task {
            task.cancel()
            await task.value
        }
        if outcome == nil, wish == .pause { job.feed.update { Self.rest(&$0) } }
    }

    private static func rest(_ progress: inout DownloadProgress) {
        progress.state = .paused
        progress.bytesPerSecond = 0
        progress.connectionCount = 0
    }

    private func stopped(_ error: any Error) {
        task = nil
        // Work that is torn down may end with any error: it was told to stop, and that is what happened.
        if wish != .run { return }
        end(.failure(error is CancellationError ? DownloadError.cancelled : error))
    }

    private func end(_ result: Result<DownloadedFile, any Error>) {
        task = nil
        guard outcome == nil else { return }
        outcome = result
        if case .success(let file) = result {
            job.feed.update { $0.totalByteCount = file.byteCount }
            job.feed.finish(.completed)
        } else {
            job.feed.finish(.failed)
        }
        changed.notify()
    }
}
