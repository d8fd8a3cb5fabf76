import Foundation

/// Threads for work that may block, started when there is work and none is idle. `Dispatch` has as many threads as
/// the machine has processors and adds others by the second: one slow disk would stop every connection.
final class BlockingThreads: @unchecked Sendable {  // sound: its variables are used only with `condition` locked
    private let condition = NSCondition()
    private var jobs: [UnownedJob] = []
    /// The first job of ``jobs`` that nobody has taken.
    private var next = 0
    private var idleCount = 0
    private var threadCount = 0
    private let maximumCount: Int

    init(maximumCount: Int) { self.maximumCount = max(1, maximumCount) }

    func enqueue(_ job: UnownedJob, _ executor: UnownedTaskExecutor) {
        condition.lock()
        jobs.append(job)
        let starts = idleCount < jobs.count - next && threadCount < maximumCount
        if starts { threadCount += 1 }
        condition.signal()
        condition.unlock()
        if starts {
            Thread { self.work(executor) }.start()
        }
    }

    private func work(_ executor: UnownedTaskExecutor) {
        Thread.current.name = "roost.downloads"
        while true { take().runSynchronously(on: executor) }
    }

    private func take() -> UnownedJob {
        condition.lock()
        defer { condition.unlock() }
        while next == jobs.count {
            idleCount += 1
            condition.wait()
            idleCount -= 1
        }
        let job = jobs[next]
        next += 1
        if next == jobs.count {
            jobs.removeAll(keepingCapacity: true)
            next = 0
        }
        return job
    }
}
