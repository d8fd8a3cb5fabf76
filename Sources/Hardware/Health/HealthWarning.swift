/// Something about a machine's state that slows models down or endangers them.
public struct HealthWarning: Sendable, Hashable, Codable {
    /// What it is about.
    public enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
        /// Little memory is left.
        case memory
        /// Memory goes to swap space.
        case swap
        /// A sensor is near the temperature at which hardware protects itself.
        case temperature
        /// Cores run slower because of heat.
        case throttling
        /// A file system has little space left, or will soon.
        case disk
        /// Answers come slower than they used to.
        case speed
    }

    /// How bad it is.
    public enum Severity: String, Sendable, Hashable, Codable {
        /// Worth knowing.
        case notice
        /// Something will fail, or is failing.
        case problem
    }

    /// What it is about.
    public var kind: Kind
    /// How bad it is.
    public var severity: Severity
    /// The sensor, folder or device; `nil` for the machine itself.
    public var subject: String?
    /// One sentence with the value that is wrong.
    public var message: String
    /// What to do about it.
    public var remedy: String

    /// A warning.
    public init(kind: Kind, severity: Severity, subject: String? = nil, message: String, remedy: String) {
        self.kind = kind
        self.severity = severity
        self.subject = subject
        self.message = message
        self.remedy = remedy
    }

    /// What tells one warning from another, however bad and however worded.
    var key: Key { Key(kind: kind, subject: subject) }

    struct Key: Hashable, Comparable {
        var kind: Kind
        var subject: String?

        static func < (first: Key, second: Key) -> Bool {
            (first.kind.rawValue, first.subject ?? "") < (second.kind.rawValue, second.subject ?? "")
        }
    }
}
