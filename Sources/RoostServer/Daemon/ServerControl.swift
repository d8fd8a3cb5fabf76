import Synchronization

/// What a running server can be told from outside.
public final class ServerControl: Sendable {
    let drainAsked = OneTimeEvent()
    let endAsked = OneTimeEvent()
    private let reloading = Mutex<(@Sendable (RoostServerConfiguration, ReloadReport) throws -> Void)?>(nil)

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

    /// Takes from a configuration what may change while it runs: hosts and origins, certificate and key, limits, the time
    /// to drain. What runs is not touched. A server that is not listening yet takes nothing.
    ///
    /// - Parameter report: what is told to those who look for the server.
    /// - Throws: `RoostServerError` when something of it cannot be used; all stays as it was then.
    public func reload(_ configuration: RoostServerConfiguration, report: ReloadReport) throws {
        try reloading.withLock { $0 }?(configuration, report)
    }

    func onReload(_ action: @escaping @Sendable (RoostServerConfiguration, ReloadReport) throws -> Void) {
        reloading.withLock { $0 = action }
    }
}

/// What became of a server's last reload.
public struct ReloadReport: Codable, Sendable, Hashable {
    /// Which reload of this server it was, from 1.
    public var number: Int
    /// Keys of settings that have changed and hold now.
    public var applied: [String]
    /// Keys of settings that have changed and wait for the server's next start.
    public var waiting: [String]
    /// Keys of settings that have changed where a flag of the server says otherwise.
    public var held: [String]?
    /// Why nothing was taken; `nil` when all went well.
    public var failure: String?

    /// A report.
    public init(number: Int, applied: [String] = [], waiting: [String] = [], failure: String? = nil) {
        self.number = number
        self.applied = applied
        self.waiting = waiting
        self.failure = failure
    }
}
