import Dispatch

/// Threads for the work of downloads, so that `pwrite`, `fdatasync` and hashing never hold up Swift's cooperative pool.
final class BlockingExecutor: TaskExecutor {
    private let queue = DispatchQueue(label: "roost.downloads", qos: .utility, attributes: .concurrent)

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
