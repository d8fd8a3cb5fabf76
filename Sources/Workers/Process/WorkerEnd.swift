#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// How a process ended, from its status by waitpid(2).
enum WorkerEnd: Equatable {
    case exit(Int32)
    case signal(Int32)
    /// Nobody knows.
    case unknown

    init(status: Int32?) {
        guard let status else {
            self = .unknown
            return
        }
        let number = status & 0x7f
        self = number == 0 ? .exit((status >> 8) & 0xff) : .signal(number)
    }

    /// For people. `lastLine` is what the worker said last.
    func cause(lastLine: String) -> String {
        switch self {
        case .signal(SIGSYS): "it did what its sandbox forbids (SIGSYS)"
        case .signal(SIGSEGV), .signal(SIGBUS): "a memory error in the engine (\(Self.name(self)))"
        case .signal(SIGABRT), .signal(SIGILL), .signal(SIGTRAP):
            "the engine stopped itself (\(Self.name(self)))" + (lastLine.isEmpty ? "" : ": \(lastLine)")
        case .signal(SIGKILL): "it was killed (SIGKILL), by somebody or by the kernel for lack of memory"
        case .signal: "it was ended by \(Self.name(self))"
        case .exit(let code): "it exited with status \(code)" + (lastLine.isEmpty ? "" : ": \(lastLine)")
        case .unknown: "its process is gone"
        }
    }

    private static func name(_ end: WorkerEnd) -> String {
        guard case .signal(let number) = end else { return "" }
        let names = [
            SIGSEGV: "SIGSEGV", SIGBUS: "SIGBUS", SIGABRT: "SIGABRT", SIGILL: "SIGILL", SIGTRAP: "SIGTRAP",
            SIGTERM: "SIGTERM", SIGINT: "SIGINT", SIGHUP: "SIGHUP", SIGFPE: "SIGFPE",
        ]
        return names[number] ?? "signal \(number)"
    }
}
