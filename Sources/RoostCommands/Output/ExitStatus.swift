import ArgumentParser

/// What the exit status of `roost` means. Numbers follow sysexits.h where it has one.
enum ExitStatus: Int32 {
    /// It did not work; the message on standard error says why.
    case failure = 1
    /// The arguments were wrong (`EX_USAGE`).
    case usage = 64
    /// Ended by ctrl-C (128 + SIGINT).
    case interrupted = 130

    /// The status for an error thrown by a command; `nil` for ArgumentParser's own errors, which print themselves
    /// (usage, help, version, a bare exit code).
    init?(of error: any Error) {
        if error is CancellationError {
            self = .interrupted
        } else if error is ExitCode || error is CleanExit || error is ValidationError
            || RoostCommand.exitCode(for: error) != .failure
        {
            return nil
        } else {
            self = .failure
        }
    }

    var code: ExitCode { ExitCode(rawValue) }
}
