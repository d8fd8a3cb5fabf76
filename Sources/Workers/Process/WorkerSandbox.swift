/// What a worker is locked in.
public enum WorkerSandbox: Sendable, Hashable, Codable {
    /// Landlock of this version, and seccomp: no files, no network, no other processes.
    case full(landlockVersion: Int)
    /// As much as the drivers of GPUs allow.
    case gpu(landlockVersion: Int)
    /// Nothing, for the reason given; `WorkerProgram.allowsUnsandboxed` accepted that.
    case none(reason: String)
}

extension WorkerSandbox: CustomStringConvertible {
    /// In a few words, for status and logs.
    public var description: String {
        switch self {
        case .full(let version): "full (Landlock \(version), seccomp)"
        case .gpu(let version): "weaker (GPU; Landlock \(version), seccomp)"
        case .none(let reason): "none (\(reason))"
        }
    }
}
