import CSandbox
import Dispatch
import Foundation
import Synchronization

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Starts processes from one thread that never ends: on Linux a worker dies with the thread that started it, so that
/// it cannot outlive this process, and must not die before.
final class WorkerSpawner: Sendable {
    /// The thread belongs to the process, so there is one.
    static let shared = WorkerSpawner()

    /// A process to start.
    struct Request: Sendable {
        var executable: URL
        var arguments: [String]
        /// The i-th becomes descriptor i.
        var descriptors: [Int32]
        var addressSpaceByteLimit: UInt64 = 0
        var user: UInt32?
    }

    private let jobs = Mutex<[@Sendable () -> Void]>([])
    private let available = DispatchSemaphore(value: 0)

    private init() {
        let thread = Thread { [self] in
            while true {
                available.wait()
                let job = jobs.withLock { $0.isEmpty ? nil : $0.removeFirst() }
                job?()
            }
        }
        thread.name = "roost-spawn"
        thread.start()
    }

    /// Starts a process; blocks until it runs its program. Not for the cooperative pool.
    ///
    /// - Returns: its process id.
    /// - Throws: `POSIXError`.
    func spawn(_ request: Request) throws -> Int32 {
        let outcome = Outcome()
        jobs.withLock {
            $0.append {
                outcome.result.withLock { $0 = Self.spawnHere(request) }
                outcome.isThere.signal()
            }
        }
        available.signal()
        outcome.isThere.wait()
        let result = outcome.result.withLock { $0 }
        guard result > 0 else { throw POSIXError(POSIXErrorCode(rawValue: -result) ?? .EIO) }
        return result
    }

    private final class Outcome: Sendable {
        let result = Mutex<Int32>(0)
        let isThere = DispatchSemaphore(value: 0)
    }

    private static func spawnHere(_ request: Request) -> Int32 {
        let arguments = [request.executable.path] + request.arguments
        let copies: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        let variables: [UnsafeMutablePointer<CChar>?] = DeviceEnvironment.entries().map { strdup($0) } + [nil]
        defer { for copy in copies + variables { free(copy) } }
        return request.descriptors.withUnsafeBufferPointer { descriptors in
            copies.withUnsafeBufferPointer { arguments in
                variables.withUnsafeBufferPointer { environment in
                    request.executable.path.withCString { path in
                        var spawn = roost_spawn_request()
                        spawn.path = path
                        spawn.arguments = arguments.baseAddress
                        spawn.environment = environment.baseAddress
                        spawn.descriptors = descriptors.baseAddress
                        spawn.descriptor_count = descriptors.count
                        spawn.address_space_limit = request.addressSpaceByteLimit
                        spawn.descriptor_limit = 1024
                        spawn.user = request.user ?? 0
                        spawn.drops_user = request.user != nil
                        return roost_spawn(&spawn)
                    }
                }
            }
        }
    }
}
