import HTTPTypes
import Synchronization

/// What is found out about a request on its way, for its line in the log and for the metrics.
final class RequestRecord: Sendable {
    private struct Facts {
        var caller = ""
        var model: String?
        var upgrade: ConnectionUpgrade?
        var repeatable: RememberedAnswers.Body?
    }

    /// The client's `X-Request-Id` if it is a plain word of at most 128 characters, else one of ours.
    let id: String
    private let facts = Mutex(Facts())

    init(_ head: HTTPRequest) {
        id = head.headerFields[.requestID].flatMap { Self.isPlain($0) ? $0 : nil } ?? Self.newID()
    }

    /// A record of a request that did not come over HTTP.
    init() { id = Self.newID() }

    /// Who asks: a key's name.
    var caller: String {
        get { facts.withLock { $0.caller } }
        set { facts.withLock { $0.caller = newValue } }
    }

    /// The model that is asked, as the client named it.
    var model: String? {
        get { facts.withLock { $0.model } }
        set { facts.withLock { $0.model = newValue } }
    }

    /// The body of the answer, when a request like this one may be answered the same.
    var repeatable: RememberedAnswers.Body? {
        get { facts.withLock { $0.repeatable } }
        set { facts.withLock { $0.repeatable = newValue } }
    }

    /// Has the connection go over to another protocol when the answer, whose status is 101, was written.
    func upgrade(with upgrade: ConnectionUpgrade) {
        facts.withLock { $0.upgrade = upgrade }
    }

    func takeUpgrade() -> ConnectionUpgrade? { facts.withLock { $0.upgrade.take() } }

    private static func newID() -> String {
        let digits = String(UInt64.random(in: 0 ... .max), radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    private static func isPlain(_ text: String) -> Bool {
        (1...128).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }
}

extension HTTPField.Name {
    /// Names a request in answers and logs.
    static let requestID = Self("X-Request-Id") ?? .server
}
