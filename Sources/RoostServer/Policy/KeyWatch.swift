import Logging

/// Ends what runs for a key when that key is revoked or expires.
struct KeyWatch: Sendable {
    let policy: KeyPolicy
    let active: ActiveGenerations
    let logger: Logger
    /// How often the keys of what runs are looked at. Nothing is looked at while nothing runs for a key.
    var interval = Duration.milliseconds(250)

    /// Watches until the task is cancelled.
    func run() async {
        for await _ in active.keyedStarts {
            while !active.keyIDs.isEmpty {
                for id in active.keyIDs { check(id) }
                guard (try? await Task.sleep(for: interval)) != nil else { return }
            }
        }
    }

    private func check(_ id: String) {
        let error: APIError
        do {
            guard try !policy.isValid(keyID: id) else { return }
            error = .unauthorized("The key was revoked or has expired.")
        } catch let failure {
            logger.error("Access keys cannot be read", metadata: ["reason": "\(failure)"])
            error = Caller.Refusal.unreadable.error
        }
        active.interrupt(keyID: id, with: error)
    }
}
