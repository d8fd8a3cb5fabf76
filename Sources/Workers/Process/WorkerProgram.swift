public import Foundation

/// The program that workers run, and what they may have.
public struct WorkerProgram: Sendable {
    /// The executable that calls ``WorkerMain/run(version:)``.
    public var executable: URL
    /// Its arguments. Default `worker`.
    public var arguments = ["worker"]
    /// What this program is. A worker of another version is refused.
    public var version: String
    /// Where each model's log is kept; `nil` keeps none.
    public var logFolder: URL?
    /// Whether a worker may run where it cannot be locked. Default false: it fails then.
    public var allowsUnsandboxed = false
    /// Where computed prompts are kept when a model is unloaded; `nil` keeps none.
    public var prefixes: PrefixStore?
    /// Most bytes of address space that a worker may take; `nil` sets no limit.
    public var addressSpaceByteLimit: UInt64?
    /// The user that workers run as, where this process may choose (root); `nil` is its own.
    public var user: UInt32?
    /// A worker that says nothing for this long is ended. Default 4 seconds.
    public var silenceLimit = Duration.seconds(4)
    /// An engine that has requests and computes nothing for this long is ended. Default 10 minutes: one batch of a long
    /// prompt on a slow machine is no hang.
    public var stallLimit = Duration.seconds(600)
    /// How long a worker that is unloaded may take to end by itself. Default 10 seconds.
    public var unloadLimit = Duration.seconds(10)

    /// A program, with the defaults above.
    public init(executable: URL, version: String, logFolder: URL? = nil) {
        self.executable = executable
        self.version = version
        self.logFolder = logFolder
    }
}
