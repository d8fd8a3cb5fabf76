/// A ticket as it was found.
public struct LedgerItem: Hashable, Sendable {
    /// The ticket. One that nobody runs is `paused` here when its process ended in the middle.
    public let ticket: DownloadTicket
    /// Whether a living process downloads it.
    public let isRunning: Bool
    /// Its process ended in the middle, for example by a crash: nobody paused it.
    public let isInterrupted: Bool
}

/// Everything in a ledger.
public struct LedgerContents: Hashable, Sendable {
    /// The tickets, the highest priority first, then the oldest.
    public let items: [LedgerItem]
    /// Files that are not tickets, or of a newer Roost: each a path and why. They are left alone.
    public let damaged: [DamagedTicket]
}

/// A file in a ledger's folder that cannot be read as a ticket.
public struct DamagedTicket: Hashable, Sendable, CustomStringConvertible {
    /// Where it is.
    public let path: String
    /// What is wrong with it.
    public let reason: String

    /// One sentence.
    public var description: String { "“\(path)” is not a download that can be read: \(reason); remove the file." }
}
