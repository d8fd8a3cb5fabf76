import Downloads
public import ModelStore

/// One model on its way into the store: watch it, wait for it, pause, resume or cancel it.
///
/// Other processes on the same store can do the same through the download's ticket (`roost downloads`).
public actor ModelDownload {
    private enum Wish { case run, pause, cancel }

    /// What was asked for, as it was written.
    public nonisolated let reference: String
    private let run: @Sendable (ModelDownload) async throws -> ModelRecord
    nonisolated let broadcast: ProgressBroadcast<ModelDownloadProgress>
    private var wish = Wish.run
    private var isShutDown = false
    private var parts: [Download] = []
    private var task: Task<Void, Never>?
    private var result: Result<ModelRecord, any Error>?
    /// Those that wait for the end, by number.
    private var clients: [Int: CheckedContinuation<ModelRecord, any Error>] = [:]
    private var nextClient = 0
    private var waiters: [CheckedContinuation<Void, Never>] = []

    init(reference: String, run: @escaping @Sendable (ModelDownload) async throws -> ModelRecord) {
        self.reference = reference
        self.run = run
        broadcast = ProgressBroadcast(ModelDownloadProgress(model: reference, state: .queued))
    }

    /// How far it is: begins with the present state, never goes back, ends with the download. Every call makes a new
    /// sequence; a slow reader gets the newest state and misses steps between.
    public nonisolated var progress: AsyncStream<ModelDownloadProgress> { broadcast.listen() }

    /// How far it is now.
    public nonisolated var currentProgress: ModelDownloadProgress { broadcast.value }

    /// Whether nothing more happens: it is here, it failed, or it was left for a later one to go on with.
    nonisolated var isOver: Bool { broadcast.isOver }

    /// Waits for the end, also through a pause. When the waiting task is cancelled and nobody else waits, the download
    /// is paused and what has landed is kept; while others wait it goes on for them.
    /// - Throws: `ModelHubError`, `DownloadError`, `ModelStoreError`, `RoostError`; `CancellationError`.
    public func value() async throws -> ModelRecord {
        start()
        nextClient += 1
        let client = nextClient
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                if let result { return continuation.resume(with: result) }
                clients[client] = continuation
                if Task.isCancelled { leave(client) }
            }
        } onCancel: {
            Task { await self.leave(client) }
        }
    }

    /// How many wait for the end.
    var waitingCount: Int { clients.count }

    /// One that waits has gone. The last one sees how the work ends, so that what it leaves is whole.
    private func leave(_ client: Int) {
        if clients.count > 1 {
            clients.removeValue(forKey: client)?.resume(throwing: CancellationError())
        } else if clients[client] != nil {
            task?.cancel()
            wake()
        }
    }

    private func end(_ result: Result<ModelRecord, any Error>) {
        self.result = result
        for client in clients.values { client.resume(with: result) }
        clients = [:]
    }

    /// Stops; what has landed is kept. Nothing happens to a download that is over.
    public func pause() async {
        guard wish == .run else { return }
        wish = .pause
        for part in parts { await part.pause() }
        broadcast.update { progress in
            if progress.state == .downloading || progress.state == .queued { progress.state = .paused }
        }
    }

    /// Goes on after a pause.
    public func resume() async {
        guard wish == .pause else { return }
        wish = .run
        wake()
        for part in parts { await part.resume() }
        broadcast.update { progress in
            if progress.state == .paused { progress.state = .downloading }
        }
    }

    /// Ends the download and removes what has landed of it; ``value()`` throws `DownloadError.cancelled`.
    public func cancel() async {
        wish = .cancel
        wake()
        for part in parts { await part.cancel() }
    }

    /// Bytes per second for this download alone; `nil` is no limit.
    public func setBandwidthLimit(_ bytesPerSecond: Int64?) {
        for part in parts { part.bandwidthLimit = bytesPerSecond }
    }

    // MARK: For the work itself

    func start() {
        guard task == nil else { return }
        let run = self.run
        task = Task {
            let result: Result<ModelRecord, any Error>
            do {
                result = .success(try await run(self))
            } catch {
                result = .failure(error is CancellationError && isInterrupted ? DownloadError.shutDown : error)
            }
            end(result)
        }
    }

    var isCancelled: Bool { wish == .cancel }

    /// Whether it ends with the program, and not because somebody wanted it to stop.
    var isInterrupted: Bool { isShutDown && wish == .run }

    /// Stops because the program ends; what has landed is kept. Returns when the ticket says so. Whoever waits gets
    /// `DownloadError.shutDown`.
    func shutDown() async {
        isShutDown = true
        task?.cancel()
        wake()
        await task?.value
    }

    private func wake() {
        for waiter in waiters { waiter.resume() }
        waiters = []
    }

    /// Waits while it is paused.
    /// - Throws: `DownloadError.cancelled`; `CancellationError`.
    func untilWanted() async throws {
        while wish == .pause {
            try Task.checkCancellation()
            await withCheckedContinuation { waiters.append($0) }
        }
        if wish == .cancel { throw DownloadError.cancelled }
    }

    /// Takes a file's download into its hands; it does what was last wished of the whole.
    func add(_ part: Download) async {
        parts.append(part)
        switch wish {
        // An earlier download may have left it paused.
        case .run: await part.resume()
        case .pause: await part.pause()
        case .cancel: await part.cancel()
        }
    }

    /// Closes the connections of all parts; what has landed is kept.
    func rest() async {
        for part in parts { await part.pause() }
    }

    func obey(_ command: DownloadCommand) async {
        switch command {
        case .pause: await pause()
        case .resume: await resume()
        case .cancel: await cancel()
        case .limit(let bytesPerSecond): setBandwidthLimit(bytesPerSecond)
        // The queue of this process was entered with the old one; the ticket keeps the new one for the next time.
        case .priority: break
        }
    }
}
