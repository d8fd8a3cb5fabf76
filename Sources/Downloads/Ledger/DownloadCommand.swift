/// What one process asks of another that downloads.
public enum DownloadCommand: Codable, Hashable, Sendable {
    /// Stop, keep what has landed.
    case pause
    /// Go on.
    case resume
    /// Stop, remove what has landed.
    case cancel
    /// Bytes per second; `nil` is no limit.
    case limit(Int64?)
    /// Of several that wait the higher goes first.
    case priority(Int)

    /// What became of a command.
    public enum Delivery: Hashable, Sendable {
        /// A running process has it and sees it within half a second.
        case delivered
        /// Nobody runs the ticket: it was changed, or removed.
        case applied
        /// There is no such ticket.
        case notFound
    }
}
