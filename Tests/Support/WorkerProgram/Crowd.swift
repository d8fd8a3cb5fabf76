#if os(Linux)
    import CSandbox
    import Foundation

    /// Many threads that allocate at once, in a process that is locked as a worker is. Ends the process: with 0 when all
    /// of them came to their end.
    enum Crowd {
        static func run() -> Never {
            roost_sandbox_prepare()
            var sandbox = roost_sandbox()
            guard roost_sandbox_enter(&sandbox) == 0, roost_sandbox_close_files(false) == 0 else { exit(2) }
            let (count, finished) = (64, DispatchSemaphore(value: 0))
            for _ in 0..<count {
                Thread {
                    let blocks = (1...64).map { UnsafeMutableRawPointer.allocate(byteCount: $0 * 1024, alignment: 16) }
                    // All of them are there at the same time.
                    Thread.sleep(forTimeInterval: 0.2)
                    for block in blocks { block.deallocate() }
                    finished.signal()
                }.start()
            }
            for _ in 0..<count where finished.wait(timeout: .now() + 30) != .success { exit(3) }
            exit(0)
        }
    }
#endif
