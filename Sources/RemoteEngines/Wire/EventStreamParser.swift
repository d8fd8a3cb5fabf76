/// Reads server-sent events from pieces of any size (WHATWG HTML, section 9.2.6), within limits.
struct EventStreamParser: Sendable {
    /// A whole event.
    struct Event: Sendable, Hashable {
        /// Its name; empty as a rule.
        var name = ""
        /// Its data, lines with a line feed between.
        var data = ""
    }

    /// What is too long.
    enum Violation: Error, Sendable, Hashable {
        case lineTooLong(limit: Int)
        case eventTooLong(limit: Int)
    }

    let lineLimit: Int
    let eventLimit: Int
    private var line: [UInt8] = []
    private var name = ""
    private var data: [UInt8] = []
    private var hasData = false
    private var endedWithReturn = false
    private var isAtBeginning = true

    init(lineLimit: Int = 1 << 20, eventLimit: Int = 4 << 20) {
        self.lineLimit = lineLimit
        self.eventLimit = eventLimit
    }

    /// The events that end in the next bytes. Throws `Violation`.
    mutating func events(in bytes: some Collection<UInt8>) throws -> [Event] {
        var events: [Event] = []
        var rest = bytes[...]
        while let first = rest.first {
            if first == 0x0A, endedWithReturn {
                // The second half of a line's end.
                endedWithReturn = false
                rest = rest.dropFirst()
                continue
            }
            endedWithReturn = false
            let end = rest.firstIndex { $0 == 0x0A || $0 == 0x0D } ?? rest.endIndex
            guard line.count + rest.distance(from: rest.startIndex, to: end) <= lineLimit else {
                throw Violation.lineTooLong(limit: lineLimit)
            }
            line.append(contentsOf: rest[..<end])
            guard end < rest.endIndex else { break }
            endedWithReturn = rest[end] == 0x0D
            rest = rest[rest.index(after: end)...]
            try endLine(&events)
        }
        return events
    }

    /// The event that the end of the stream ends: engines that close without an empty line mean it so.
    mutating func finish() throws -> [Event] {
        var events: [Event] = []
        if !line.isEmpty { try endLine(&events) }
        dispatch(&events)
        return events
    }

    private mutating func endLine(_ events: inout [Event]) throws {
        defer { line.removeAll(keepingCapacity: true) }
        if isAtBeginning {
            isAtBeginning = false
            if line.starts(with: [0xEF, 0xBB, 0xBF]) { line.removeFirst(3) }
        }
        guard !line.isEmpty else { return dispatch(&events) }
        let colon = line.firstIndex(of: UInt8(ascii: ":")) ?? line.endIndex
        var value = line[min(colon + 1, line.endIndex)...]
        if value.first == 0x20 { value.removeFirst() }
        switch String(decoding: line[..<colon], as: UTF8.self) {
        case "data":
            guard data.count + value.count < eventLimit else { throw Violation.eventTooLong(limit: eventLimit) }
            if hasData { data.append(0x0A) }
            data += value
            hasData = true
        case "event": name = String(decoding: value, as: UTF8.self)
        // llama-server's older form of an error in the middle of a stream.
        case "error":
            name = "error"
            data = Array(value)
            hasData = true
        default: break
        }
    }

    private mutating func dispatch(_ events: inout [Event]) {
        defer {
            name = ""
            data.removeAll(keepingCapacity: true)
            hasData = false
        }
        if hasData { events.append(Event(name: name, data: String(decoding: data, as: UTF8.self))) }
    }
}
