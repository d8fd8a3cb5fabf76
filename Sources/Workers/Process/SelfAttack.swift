import CSandbox
import Foundation

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Tries to break out of a worker's sandbox, each way in a process of its own: with the sandbox refusing, with it
/// killing, and without it, which shows that the attempt would have worked.
public struct SelfAttack: Sendable {
    /// What is around the process that attempts.
    public enum Cage: String, Sendable, Hashable, Codable, CaseIterable {
        /// Nothing: the positive control.
        case open
        /// A worker while it loads, with forbidden calls refused.
        case loading
        /// A worker that serves, with forbidden calls refused.
        case serving
        /// A worker that serves, as it is: forbidden calls end it.
        case killing
    }

    /// How one attempt ended.
    public enum Outcome: Sendable, Hashable {
        /// It worked.
        case possible
        /// The kernel refused, with this error number.
        case refused(Int32)
        /// The process was ended by SIGSYS.
        case killed
        /// The attempt itself could not be made.
        case failed(String)
    }

    /// Ways out, in the order of the table.
    public static var attempts: [String] {
        (0...).lazy.map { roost_attempt_name($0) }.prefix { $0 != nil }.compactMap { $0.map { String(cString: $0) } }
    }

    private static let killedStatus: Int32 = 251
    private static let failedStatus: Int32 = 254
    private let executable: URL

    /// - Parameter executable: the program that calls ``attempt(_:in:folder:)`` for `worker --attempt`.
    public init(executable: URL) { self.executable = executable }

    /// Makes one attempt in a process of its own; blocks until it has ended.
    ///
    /// - Parameter user: the user to attempt as, for root to choose.
    public func run(_ attempt: Int, in cage: Cage, folder: URL, user: UInt32?) -> Outcome {
        do {
            let nothing = try FileHandle(forUpdating: URL(fileURLWithPath: "/dev/null"))
            var request = WorkerSpawner.Request(
                executable: executable,
                arguments: ["worker", "--attempt", "\(attempt)", "--cage", cage.rawValue, "--folder", folder.path],
                descriptors: [nothing.fileDescriptor, nothing.fileDescriptor, STDERR_FILENO])
            request.user = user
            let pid = try WorkerSpawner.shared.spawn(request)
            var status: Int32 = 0
            while waitpid(pid, &status, 0) < 0, errno == EINTR {}
            return switch WorkerEnd(status: status) {
            case .exit(0): .possible
            case .exit(Self.killedStatus): .killed
            case .exit(let number) where number < 200: .refused(number)
            case let end: .failed(end.cause(lastLine: ""))
            }
        } catch {
            return .failed("\(error)")
        }
    }

    /// The attempt itself, in the process that was started for it. Ends the process.
    public static func attempt(_ attempt: Int, in cage: Cage, folder: URL) -> Never {
        roost_attempt_fork(killedStatus)
        if cage != .open {
            roost_sandbox_prepare()
            var sandbox = roost_sandbox()
            sandbox.refuses_only = cage != .killing
            var failure = roost_sandbox_enter(&sandbox)
            if failure == 0, cage != .loading { failure = roost_sandbox_close_files(sandbox.refuses_only) }
            if failure != 0 { _exit(failedStatus) }
        }
        _exit(-roost_attempt(Int32(clamping: attempt), folder.path))
    }

    /// What a refused attempt is refused with: seccomp says EPERM; what reads files is Landlock's, which says EACCES,
    /// while files can still be opened.
    public static func expectedRefusal(_ attempt: Int, in cage: Cage) -> Int32 {
        cage == .loading && roost_attempt_reads(Int32(clamping: attempt)) ? EACCES : EPERM
    }
}
