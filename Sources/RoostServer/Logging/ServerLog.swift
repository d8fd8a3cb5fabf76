import Foundation
public import Logging
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Where a server's log goes and how it is written; both may change while it runs.
///
///     let log = ServerLog()
///     log.configure(level: .info, format: .json)
///     let logger = log.logger(label: "roost")
public final class ServerLog: Sendable {
    /// How a line is written.
    public enum Format: String, Sendable, Hashable, CaseIterable {
        /// For people: time, level, message, then `key=value`.
        case text
        /// One JSON object a line.
        case json
    }

    private struct Settings {
        var level: Logger.Level
        var format: Format
    }

    private let settings: Mutex<Settings>
    private let write: @Sendable (String) -> Void

    /// A log whose lines, each with a line feed at its end, go to `write`; standard error by default.
    public init(
        level: Logger.Level = .warning, format: Format = .text,
        write: @escaping @Sendable (String) -> Void = ServerLog.writeToStandardError
    ) {
        settings = Mutex(Settings(level: level, format: format))
        self.write = write
    }

    /// Changes what is logged and how, for loggers that exist already too.
    public func configure(level: Logger.Level, format: Format) {
        settings.withLock { $0 = Settings(level: level, format: format) }
    }

    /// The least level that is logged.
    public var level: Logger.Level { settings.withLock { $0.level } }

    /// A logger of this log.
    public func logger(label: String) -> Logger {
        Logger(label: label) { _ in Handler(log: self, label: label) }
    }

    /// Writes a line in one piece, so that those of several threads do not mix.
    public static let writeToStandardError: @Sendable (String) -> Void = { line in
        var line = line
        line.withUTF8 { bytes in
            var written = 0
            while written < bytes.count {
                let count = Foundation.write(
                    STDERR_FILENO, bytes.baseAddress.map { $0 + written }, bytes.count - written)
                if count < 0, errno == EINTR { continue }
                // There is nobody to tell.
                guard count > 0 else { return }
                written += count
            }
        }
    }

    private struct Handler: LogHandler {
        let log: ServerLog
        let label: String
        var metadata: Logger.Metadata = [:]
        private var ownLevel: Logger.Level?

        init(log: ServerLog, label: String) {
            self.log = log
            self.label = label
        }

        var logLevel: Logger.Level {
            get { ownLevel ?? log.level }
            set { ownLevel = newValue }
        }

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            var fields = event.metadata ?? [:]
            if !metadata.isEmpty { fields.merge(metadata) { newer, _ in newer } }
            let line = LogLine(
                time: Date(), level: event.level, label: label, message: event.message.description,
                fields: fields.map { ($0.key, $0.value.description) }.sorted { $0.0 < $1.0 })
            log.write(log.settings.withLock { $0.format } == .json ? line.json : line.text)
        }
    }
}
