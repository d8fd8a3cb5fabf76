/// What a running server can be told from outside.
public final class ServerControl: Sendable {
    let drainAsked = OneTimeEvent()
    let endAsked = OneTimeEvent()

    /// Nothing is asked yet.
    public init() {}

    /// Stops accepting; running requests go on for the drain time.
    public func drain() { drainAsked.happen() }

    /// Ends at once, each running answer with an error of its dialect.
    public func end() {
        endAsked.happen()
        drainAsked.happen()
    }

    /// Whether the server is on its way down.
    public var isDraining: Bool { drainAsked.hasHappened }
}
