public import Downloads
public import Security

/// How far the download of a model is: the whole and each file. Counts never go back.
public struct ModelDownloadProgress: Sendable, Hashable {
    /// How far one file is.
    public struct File: Sendable, Hashable {
        /// Its name at the source.
        public let name: String
        /// SHA-256 that its content must have; `nil` when its source does not say.
        public let digest: Digest?
        /// What is happening to it.
        public internal(set) var state: DownloadProgress.State
        /// Bytes that are here.
        public internal(set) var completedByteCount: Int64
        /// Its size in bytes, when known.
        public internal(set) var totalByteCount: Int64?
        /// Bytes per second over the last seconds.
        public internal(set) var bytesPerSecond: Double
        /// Connections that carry bytes now.
        public internal(set) var connectionCount: Int
    }

    /// The model's name in the store, or the text that was asked for until that is known.
    public internal(set) var model: String
    /// What is happening.
    public internal(set) var state: DownloadProgress.State
    /// The files, the weights first; empty until the name is resolved.
    public internal(set) var files: [File] = []

    /// Bytes that are here.
    public var completedByteCount: Int64 { files.reduce(0) { $0 &+ $1.completedByteCount } }

    /// Bytes in all; `nil` while a file's size is not known, and before the name is resolved.
    public var totalByteCount: Int64? {
        guard !files.isEmpty else { return nil }
        return files.reduce(Int64?.some(0)) { total, file in
            total.flatMap { total in file.totalByteCount.map { total &+ $0 } }
        }
    }

    /// Bytes per second of all files together.
    public var bytesPerSecond: Double { files.reduce(0) { $0 + $1.bytesPerSecond } }

    /// Connections that carry bytes now.
    public var connectionCount: Int { files.reduce(0) { $0 + $1.connectionCount } }

    /// How long it will take at the present rate; `nil` while that is not known.
    public var timeRemaining: Duration? {
        Self.timeRemaining(completedByteCount, totalByteCount, bytesPerSecond, state)
    }

    static func timeRemaining(
        _ completed: Int64, _ total: Int64?, _ bytesPerSecond: Double, _ state: DownloadProgress.State
    ) -> Duration? {
        guard let total, bytesPerSecond >= 1, state == .downloading else { return nil }
        return .seconds(Double(max(0, total - completed)) / bytesPerSecond)
    }
}

extension ModelDownloadProgress.File {
    /// How long it will take at the present rate; `nil` while that is not known.
    public var timeRemaining: Duration? {
        ModelDownloadProgress.timeRemaining(completedByteCount, totalByteCount, bytesPerSecond, state)
    }
}

/// One event of a download, of a file or (without one) of the whole: what `--json` and HTTP clients get.
public struct DownloadEvent: Sendable, Hashable, Encodable {
    /// The model's name.
    public let model: String
    /// The file's name at the source; `nil` for the whole model.
    public let file: String?
    /// Bytes that are here.
    public let completed: Int64
    /// Bytes in all, when known.
    public let total: Int64?
    /// Bytes per second.
    public let bytesPerSecond: Double
    /// Seconds, when known.
    public let timeRemaining: Double?
    /// Connections that carry bytes now.
    public let connections: Int
    /// What is happening.
    public let state: DownloadProgress.State
}

extension ModelDownloadProgress {
    /// The whole as an event.
    public var event: DownloadEvent {
        DownloadEvent(
            model: model, file: nil, completed: completedByteCount, total: totalByteCount,
            bytesPerSecond: bytesPerSecond.rounded(), timeRemaining: timeRemaining.map { $0 / .seconds(1) },
            connections: connectionCount, state: state)
    }

    /// Each file as an event.
    public var fileEvents: [DownloadEvent] {
        files.map { file in
            DownloadEvent(
                model: model, file: file.name, completed: file.completedByteCount, total: file.totalByteCount,
                bytesPerSecond: file.bytesPerSecond.rounded(),
                timeRemaining: file.timeRemaining.map { $0 / .seconds(1) }, connections: file.connectionCount,
                state: file.state)
        }
    }
}
