import Inference

/// Tells a worker that hangs from one that is busy: a living process sends heartbeats from a thread that does nothing
/// else, and a living engine gets on with what it was given.
struct WorkerWatch {
    private let program: WorkerProgram
    private let startLimit: Duration
    private var lastHeard: SuspendingClock.Instant
    private var lastWork: SuspendingClock.Instant
    private var lastLook: SuspendingClock.Instant
    private var hasHeartbeat = false
    private var tokenCount: Int64 = 0

    init(program: WorkerProgram, startLimit: Duration, now: SuspendingClock.Instant = .now) {
        self.program = program
        self.startLimit = startLimit
        (lastHeard, lastWork, lastLook) = (now, now, now)
    }

    /// A frame came.
    mutating func heard(_ kind: WorkerFrame.Kind, now: SuspendingClock.Instant = .now) {
        lastHeard = now
        switch kind {
        case .heartbeat: hasHeartbeat = true
        default: lastWork = now
        }
    }

    /// Looks at the clock. Returns for how many seconds nothing came, when that is too long.
    mutating func silence(
        _ activity: ModelActivity, hasStreams: Bool, now: SuspendingClock.Instant = .now
    ) -> Int? {
        // This process did not look for a while itself: it was stopped, or the machine has no time for anybody.
        let pause = now - lastLook
        lastLook = now
        if pause > .seconds(1) {
            lastHeard += pause
            lastWork += pause
        }
        let tokens = activity.generatedTokenCount + activity.promptTokenCount
        if tokens != tokenCount || !hasStreams { lastWork = now }
        tokenCount = tokens

        let limit = hasHeartbeat ? program.silenceLimit : startLimit
        if now - lastHeard > limit { return seconds(now - lastHeard) }
        if now - lastWork > program.stallLimit { return seconds(now - lastWork) }
        return nil
    }

    private func seconds(_ duration: Duration) -> Int { Int(duration / .seconds(1)) }
}
