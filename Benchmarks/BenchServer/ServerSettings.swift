import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What the server does to those who download from it.
struct ServerSettings: Sendable {
    var file = ""
    var byteCount: Int64 = 0
    /// The SHA-256 of the file, in hexadecimal: its entity tag.
    var digest = ""
    /// Bytes per second of each connection; `nil` is no limit.
    var bytesPerSecond: Double?
    /// The time between a request and the beginning of its response.
    var delay = TimeAmount.zero
    /// A connection is reset after so many bytes of content; `nil` is never.
    var resetByteCount: Int64?
    /// Whether the bytes of all connections count together: the one that sends the last of them is reset.
    var resetsCountAllConnections = false

    init(arguments: [String]) throws {
        var rest = arguments[...]
        while let name = rest.popFirst() {
            guard name != "--reset-all" else {
                resetsCountAllConnections = true
                continue
            }
            guard let value = rest.popFirst() else { throw ServerError(description: "\(name) has no value.") }
            switch (name, Int64(value)) {
            case ("--file", _): file = value
            case ("--digest", _): digest = value
            case ("--rate", let rate?) where rate > 0: bytesPerSecond = Double(rate)
            case ("--delay-ms", let milliseconds?) where milliseconds >= 0: delay = .milliseconds(milliseconds)
            case ("--reset-bytes", let count?) where count > 0: resetByteCount = count
            default: throw ServerError(description: "\(name) \(value) is no setting of this server.")
            }
        }
        var facts = stat()
        guard stat(file, &facts) == 0, facts.st_size > 0 else {
            throw ServerError(description: "There is no file with content at “\(file)”.")
        }
        byteCount = Int64(facts.st_size)
    }
}

/// Why the server cannot serve, in one sentence.
struct ServerError: Error, CustomStringConvertible {
    let description: String
}
