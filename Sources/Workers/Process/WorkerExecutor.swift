import Dispatch
import Foundation
import Synchronization

/// The threads on which a worker's tasks run. The system's own pool looks into /proc to see how busy it is, which a
/// locked process cannot.
final class WorkerExecutor: TaskExecutor {
    private let jobs = Mutex<[UnownedJob]>([])
    private let available = DispatchSemaphore(value: 0)

    init(threadCount: Int) {
        for index in 0..<threadCount {
            let thread = Thread { [self] in serve() }
            thread.name = "roost-tasks-\(index)"
            thread.start()
        }
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        jobs.withLock { $0.append(job) }
        available.signal()
    }

    private func serve() {
        while true {
            available.wait()
            let job = jobs.withLock { $0.isEmpty ? nil : $0.removeFirst() }
            job?.runSynchronously(on: asUnownedTaskExecutor())
        }
    }
}
