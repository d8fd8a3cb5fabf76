public import Downloads
public import Foundation
import ModelStore

/// A download as lists show it: `roost downloads --json`, `GET /roost/v1/downloads`.
public struct DownloadSummary: Sendable, Hashable, Encodable {
    /// 12 hexadecimal digits.
    public let id: String
    /// The model's name.
    public let model: String
    /// What was asked for.
    public let reference: String
    /// As in progress events; `interrupted` when its process is gone.
    public private(set) var state: String
    /// Bytes that are here.
    public private(set) var completed: Int64
    /// Bytes in all, when known.
    public private(set) var total: Int64?
    /// The present rate.
    public private(set) var bytesPerSecond: Double
    /// Seconds, when known.
    public private(set) var timeRemaining: Double?
    /// Connections that carry bytes now.
    public private(set) var connections: Int
    /// Of several that wait the higher goes first.
    public let priority: Int
    /// Bytes per second for this download alone.
    public let bandwidthLimit: Int64?
    /// Why it failed.
    public private(set) var failure: String?
    /// When it was asked for first.
    public let createdAt: Date

    /// A download by its ticket.
    public init(_ item: LedgerItem) {
        let ticket = item.ticket
        id = ticket.id
        model = ModelName(ticket.name)?.display ?? ticket.name
        reference = ticket.reference
        let isActive = item.isRunning
        state = item.isInterrupted ? "interrupted" : ticket.state.rawValue
        completed = ticket.completedByteCount
        total = ticket.totalByteCount
        bytesPerSecond = isActive ? ticket.bytesPerSecond : 0
        connections = isActive ? ticket.connectionCount : 0
        timeRemaining =
            if isActive, ticket.bytesPerSecond >= 1, ticket.state == .downloading, let total = ticket.totalByteCount {
                Double(max(0, total - ticket.completedByteCount)) / ticket.bytesPerSecond
            } else { nil }
        priority = ticket.priority
        bandwidthLimit = ticket.bandwidthLimit
        failure = ticket.failure
        createdAt = ticket.createdAt
    }

    /// A download that has no ticket: it begins just now, or it is over.
    ///
    /// - Parameter state: such as `queued`, or `completed` with nothing to fetch.
    public init(_ plan: DownloadPlan, reference: String, options: DownloadOptions, state: String, createdAt: Date) {
        id = DownloadTicket.id(of: plan.name.description)
        model = plan.name.display
        self.reference = reference
        self.state = state
        total = plan.byteCount
        completed = state == DownloadProgress.State.completed.rawValue ? plan.byteCount ?? 0 : 0
        bytesPerSecond = 0
        timeRemaining = nil
        connections = 0
        priority = options.priority
        bandwidthLimit = options.bandwidthLimit
        failure = nil
        self.createdAt = createdAt
    }

    /// The same at its end.
    ///
    /// - Parameter failure: why it ended without the model.
    public func ended(_ state: String, failure: String? = nil) -> DownloadSummary {
        var summary = self
        summary.state = state
        summary.failure = failure
        summary.rest()
        return summary
    }

    /// The same with the newest figures of a download of this process.
    public func taking(_ progress: ModelDownloadProgress) -> DownloadSummary {
        var summary = self
        summary.state = progress.state.rawValue
        summary.completed = max(completed, progress.completedByteCount)
        summary.total = progress.totalByteCount ?? total
        summary.bytesPerSecond = progress.bytesPerSecond.rounded()
        summary.timeRemaining = progress.timeRemaining.map { $0 / .seconds(1) }
        summary.connections = progress.connectionCount
        return summary
    }

    private mutating func rest() {
        if state == DownloadProgress.State.completed.rawValue { completed = total ?? completed }
        bytesPerSecond = 0
        timeRemaining = nil
        connections = 0
    }
}
