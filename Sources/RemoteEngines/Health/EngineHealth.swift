/// Whether an engine is worth asking: a circuit breaker, apart from any I/O.
///
/// One failure does not take an engine down, several in a row do; when its time is over it is tried with one request or
/// one question about its health, and what comes of that decides. An engine that answers such questions and fails at
/// requests is up again only when a request succeeds.
public struct EngineHealth: Sendable, Hashable {
    /// A moment of the clock that nobody sets.
    public typealias Instant = ContinuousClock.Instant

    /// What is known.
    public enum State: Sendable, Hashable {
        /// It was never asked.
        case unknown
        /// It answers.
        case up
        /// It failed so many times in a row, too few to give it up.
        case failing(count: Int)
        /// It is left alone until then.
        case down(until: Instant)
        /// Its time is over: one trial decides.
        case halfOpen
    }

    /// Where a success or a failure was seen.
    public enum Evidence: Sendable, Hashable {
        /// A question about its health.
        case check
        /// A request of a client.
        case request
    }

    /// What is known now.
    public private(set) var state = State.unknown
    /// How often it went down since it was last up.
    public private(set) var downCount = 0
    /// Failures in a row that take it down. Default 3.
    public let failureLimit: Int
    /// How long it is left alone.
    public let backoff: BackoffPolicy
    private var isTried = false
    /// Requests failed last, so that a healthy answer to a question proves nothing.
    private var needsRequest = false

    /// An engine that was never asked.
    public init(failureLimit: Int = 3, backoff: BackoffPolicy = BackoffPolicy()) {
        self.failureLimit = max(1, failureLimit)
        self.backoff = backoff
    }

    /// Lets the time pass: an engine that was left alone long enough may be tried.
    public mutating func update(now: Instant) {
        if case .down(let until) = state, until <= now { state = .halfOpen }
    }

    /// Whether a request may go to it. In ``State/halfOpen`` that is one at a time: say ``beganTrial()`` then.
    public var isOpen: Bool {
        switch state {
        case .unknown, .up, .failing: true
        case .down: false
        case .halfOpen: !isTried
        }
    }

    /// A request goes to an engine that is tried.
    public mutating func beganTrial() {
        if case .halfOpen = state { isTried = true }
    }

    /// The trial was ended from outside and has shown nothing.
    public mutating func abandonedTrial() { isTried = false }

    /// It answered.
    public mutating func succeeded(_ evidence: Evidence) {
        if evidence == .request { needsRequest = false }
        if !needsRequest { becomeUp() }
    }

    /// It did not answer, or not as it should.
    public mutating func failed(
        _ evidence: Evidence, now: Instant, using random: inout some RandomNumberGenerator
    ) {
        update(now: now)
        if evidence == .request { needsRequest = true }
        switch state {
        case .unknown, .up: count(1, now, &random)
        case .failing(let count): self.count(count + 1, now, &random)
        case .halfOpen: goDown(now, &random)
        // Requests that were on their way when it went down say nothing new.
        case .down: break
        }
    }

    private mutating func count(_ count: Int, _ now: Instant, _ random: inout some RandomNumberGenerator) {
        if count >= failureLimit { goDown(now, &random) } else { state = .failing(count: count) }
    }

    private mutating func goDown(_ now: Instant, _ random: inout some RandomNumberGenerator) {
        isTried = false
        downCount += 1
        state = .down(until: now + backoff.wait(downCount, using: &random))
    }

    private mutating func becomeUp() {
        state = .up
        isTried = false
        downCount = 0
    }
}
