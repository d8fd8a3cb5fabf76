import Dispatch

/// Where the work of downloads runs, so that `pwrite`, `fdatasync` and hashing never hold up Swift's cooperative pool.
final class BlockingExecutor: TaskExecutor {
    private let threads: BlockingThreads?
    private let queue: DispatchQueue?

    /// A few threads that all downloads share. It lives as long as the process, as its threads do.
    static let shared = BlockingExecutor(threads: BlockingThreads(maximumCount: 16), queue: nil)

    /// A thread of its own, for work that nothing else may wait for.
    static func serial() -> BlockingExecutor {
        BlockingExecutor(threads: nil, queue: DispatchQueue(label: "roost.downloads.serial"))
    }

    private init(threads: BlockingThreads?, queue: DispatchQueue?) {
        self.threads = threads
        self.queue = queue
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        if let threads { return threads.enqueue(job, asUnownedTaskExecutor()) }
        queue?.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
