public import Foundation

/// What is known of an engine at one moment.
public struct EngineStatus: Sendable, Hashable {
    /// How it is.
    public enum State: String, Sendable, Hashable, Codable {
        /// It was not asked yet.
        case unknown
        /// It answers.
        case up
        /// It failed lately, too seldom to give it up.
        case failing
        /// It is left alone for a while.
        case down
        /// Its time is over; the next request or question decides.
        case trial
        /// Its key cannot be used: it is not asked.
        case misconfigured
    }

    /// The engine.
    public var engine: RemoteEngine
    /// What it is, as it was set or found out.
    public var kind: EngineKind?
    /// How it is.
    public var state: State
    /// Why it is not up.
    public var problem: String?
    /// The models that it offers, by the names that clients ask for.
    public var models: [OfferedModel]
    /// How long it took to answer the last question about its health.
    public var latency: Duration?
    /// Requests that it works on for this Roost.
    public var outstandingCount: Int
    /// Requests that it has answered for this Roost.
    public var answeredCount: Int
    /// Requests that it failed at.
    public var failedCount: Int
    /// When it was last asked.
    public var checkedAt: Date?
}

/// An engine came up or went down.
public struct EngineChange: Sendable, Hashable, Codable {
    /// The engine's name.
    public var engine: String
    /// Whether it answers now.
    public var isUp: Bool
    /// Why it does not.
    public var reason: String?

    /// A change.
    public init(engine: String, isUp: Bool, reason: String? = nil) {
        self.engine = engine
        self.isUp = isUp
        self.reason = reason
    }
}
