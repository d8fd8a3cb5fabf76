import Foundation

/// How downloads behave. Counts and sizes below their range are taken as the range's end.
public struct DownloaderConfiguration: Sendable {
    /// Downloads that run at a time; others wait for their turn. At least 1.
    public var maximumConcurrentDownloads = 2
    /// Connections that a download begins with. At least 1.
    public var initialConnectionCount = 4
    /// Connections that a download may grow to. At least 1.
    public var maximumConnectionCount = 16
    /// Runs of connections are made of pieces of this size, in bytes.
    public var pieceByteCount = 16 << 20
    /// The longest run of one connection, in pieces.
    public var maximumRunPieceCount = 4
    /// What is written, journaled and checked as one, in bytes.
    public var blockByteCount = 512 << 10
    /// What a crash may cost, in bytes that are fetched again: connections wait while more than this is not in the
    /// journal yet.
    public var journalByteCount: Int64 = 64 << 20
    /// The journal is written at the latest after this time while bytes arrive.
    public var journalInterval = Duration.seconds(2)
    /// A connection that is silent for this long, or slower than the floor, is given up.
    public var stallTimeout = Duration.seconds(30)
    /// The floor, in bytes per second.
    public var floorBytesPerSecond = 1024
    /// A block in work for longer than this is fetched by another connection too when there is nothing else to do.
    public var crawlPatience = Duration.seconds(2)
    /// How long a connection may take to open.
    public var connectTimeout = Duration.seconds(10)
    /// Attempts in a row without progress before a source is given up.
    public var maximumAttemptCount = 8
    /// The upper bound of the first wait after a failure.
    public var backoffBase = Duration.milliseconds(500)
    /// The upper bound of every wait after a failure.
    public var backoffCap = Duration.seconds(30)
    /// Redirects that are followed.
    public var redirectLimit = 10
    /// Whether room for the whole file is reserved before the first byte, where the file system can.
    public var reservesSpace = true
    /// Bytes that must stay free on the disk beside the file.
    public var freeSpaceMargin: Int64 = 64 << 20
    /// Bytes per second of all downloads together; `nil` is no limit.
    public var bandwidthLimit: Int64?
    /// Which proxy leads where; none by default: see ``ProxySettings/fromEnvironment(_:)``.
    public var proxy = ProxySettings()
    /// Files of certificates (PEM) that are trusted beside the system's.
    public var additionalCertificates: [String] = []
    /// Nothing is fetched: only what is already on the disk can be completed, all else fails with
    /// ``DownloadError/offline(_:)``.
    public var isOffline = false
    /// How requests name this program.
    public var userAgent = "roost"
    /// The clock that waiting goes by.
    public var time: any DownloadTime = SystemTime()
    /// A random number from 0 up to 1, for the jitter of waits.
    public var random: @Sendable () -> Double = { Double.random(in: 0..<1) }

    /// The defaults.
    public init() {}

    /// Takes the proxy (``ProxySettings/fromEnvironment(_:)``) and additional certificates (`SSL_CERT_FILE`,
    /// `ROOST_CA_FILE`: paths of PEM files) from variables.
    public mutating func adopt(environment: [String: String]) {
        proxy = .fromEnvironment(environment)
        additionalCertificates += ["SSL_CERT_FILE", "ROOST_CA_FILE"].compactMap { environment[$0] }
            .filter { !$0.isEmpty }
    }

    var backoff: Backoff { Backoff(base: backoffBase, cap: backoffCap, random: random) }

    /// The configuration with every count in its range.
    var clamped: DownloaderConfiguration {
        var copy = self
        copy.maximumConcurrentDownloads = max(1, maximumConcurrentDownloads)
        copy.maximumConnectionCount = min(64, max(1, maximumConnectionCount))
        copy.initialConnectionCount = min(max(1, initialConnectionCount), copy.maximumConnectionCount)
        copy.blockByteCount = min(64 << 20, max(4096, blockByteCount))
        copy.pieceByteCount = max(copy.blockByteCount, pieceByteCount)
        copy.journalByteCount = max(Int64(copy.blockByteCount), journalByteCount)
        copy.maximumRunPieceCount = max(1, maximumRunPieceCount)
        copy.maximumAttemptCount = max(1, maximumAttemptCount)
        copy.redirectLimit = max(0, redirectLimit)
        copy.freeSpaceMargin = max(0, freeSpaceMargin)
        copy.stallTimeout = max(.milliseconds(1), stallTimeout)
        copy.connectTimeout = max(.milliseconds(1), connectTimeout)
        return copy
    }
}
