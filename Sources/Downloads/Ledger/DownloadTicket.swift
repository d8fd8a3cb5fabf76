import Foundation
import Security

/// One model that is being downloaded, as every process on this store sees it.
public struct DownloadTicket: Codable, Hashable, Sendable, Identifiable {
    /// 12 hexadecimal digits made from the name: the same model is the same ticket.
    public let id: String
    /// The model's name, as shown.
    public let name: String
    /// The text to resolve again when the download goes on.
    public var reference: String
    /// What else the caller needs to go on.
    public var options: [String: String]
    /// When the download was asked for first.
    public var createdAt: Date
    /// When anything here changed last.
    public var updatedAt: Date
    /// Of several that wait the higher goes first.
    public var priority: Int
    /// The model's files.
    public var files: [TicketFile]
    /// Bytes of all files that have arrived.
    public var completedByteCount: Int64
    /// Bytes of all files; `nil` until that is known.
    public var totalByteCount: Int64?
    /// The present rate.
    public var bytesPerSecond: Double
    /// Connections that carry bytes now.
    public var connectionCount: Int
    /// What it does.
    public var state: DownloadProgress.State
    /// Why it failed, in one sentence.
    public var failure: String?
    /// Bytes per second for this model alone; `nil` is no limit.
    public var bandwidthLimit: Int64?

    /// A ticket that waits for its turn.
    public init(
        name: String, reference: String, options: [String: String] = [:], files: [TicketFile] = [],
        totalByteCount: Int64? = nil, priority: Int = 0, bandwidthLimit: Int64? = nil, createdAt: Date = Date()
    ) {
        id = Self.id(of: name)
        self.name = name
        self.reference = reference
        self.options = options
        self.createdAt = createdAt
        updatedAt = createdAt
        self.priority = priority
        self.files = files
        completedByteCount = 0
        self.totalByteCount = totalByteCount
        bytesPerSecond = 0
        connectionCount = 0
        state = .queued
        self.bandwidthLimit = bandwidthLimit
    }

    /// The id of a name: the first 12 hexadecimal digits of its SHA-256.
    public static func id(of name: String) -> String { Digest.of(Array(name.utf8)).short }

    /// Takes the numbers of a download that runs.
    public mutating func adopt(_ progress: DownloadProgress) {
        completedByteCount = progress.completedByteCount
        totalByteCount = progress.totalByteCount
        bytesPerSecond = progress.bytesPerSecond
        connectionCount = progress.connectionCount
        state = progress.state
    }

    /// Nothing flows for a ticket that nobody runs.
    mutating func rest(_ state: DownloadProgress.State) {
        self.state = state
        bytesPerSecond = 0
        connectionCount = 0
    }
}

/// One file of a ticket.
public struct TicketFile: Codable, Hashable, Sendable {
    /// As shown; it never names a path.
    public var name: String
    /// What the content must be; `nil` when nobody said.
    public var digest: Digest?
    /// Its size in bytes, when known.
    public var byteCount: Int64?

    /// One file of a ticket.
    public init(name: String, digest: Digest? = nil, byteCount: Int64? = nil) {
        self.name = name
        self.digest = digest
        self.byteCount = byteCount
    }
}
