/// Makes text of the bytes that tokens add: never splits a UTF-8 sequence, never emits a part of a stop string.
struct TextAssembler {
    private let stops: [[UInt8]]
    private var pending: [UInt8] = []
    /// The stop string that was met; nothing is emitted after it.
    private(set) var metStop: String?

    /// - Parameter stops: none of them empty.
    init(stops: [String]) { self.stops = stops.map { Array($0.utf8) } }

    /// Takes bytes and returns the text that is certain now, which may be empty.
    mutating func append(_ bytes: some Collection<UInt8>) -> String {
        guard metStop == nil else { return "" }
        pending.append(contentsOf: bytes)
        if let (start, stop) = firstStop() {
            metStop = String(decoding: stop, as: UTF8.self)
            return take(start, whole: false)
        }
        return take(pending.count - heldForStop(), whole: true)
    }

    /// What is left at the end; an unfinished UTF-8 sequence becomes U+FFFD.
    mutating func finish() -> String {
        guard metStop == nil else { return "" }
        return take(pending.count, whole: false)
    }

    /// Removes and returns the first `count` bytes; with `whole`, an unfinished UTF-8 sequence at their end stays.
    private mutating func take(_ count: Int, whole: Bool) -> String {
        let end = whole ? Self.endOfWholeScalars(pending, upTo: count) : count
        guard end > 0 else { return "" }
        let text = String(decoding: pending[..<end], as: UTF8.self)
        pending.removeFirst(end)
        return text
    }

    /// The stop string that is complete first; of those that end together, the longest. So the outcome does not depend
    /// on how the text is cut into tokens.
    private func firstStop() -> (start: Int, stop: [UInt8])? {
        var first: (start: Int, stop: [UInt8])?
        for stop in stops where stop.count <= pending.count {
            let lastEnd = first.map { $0.start + $0.stop.count } ?? pending.count
            guard let start = (0...pending.count - stop.count).first(where: { pending[$0...].starts(with: stop) }),
                start + stop.count <= lastEnd
            else { continue }
            if start + stop.count < lastEnd || stop.count > (first?.stop.count ?? 0) { first = (start, stop) }
        }
        return first
    }

    /// Length of the longest end of `pending` that begins a stop string.
    private func heldForStop() -> Int {
        let longest = stops.map(\.count).max() ?? 0
        for length in stride(from: min(pending.count, longest), through: 1, by: -1) {
            let tail = pending.suffix(length)
            if stops.contains(where: { $0.starts(with: tail) }) { return length }
        }
        return 0
    }

    /// The largest index ≤ `limit` that does not lie within a UTF-8 sequence that may still be completed.
    private static func endOfWholeScalars(_ bytes: [UInt8], upTo limit: Int) -> Int {
        // A sequence has at most 4 bytes, so its lead is among the last 3 when it is unfinished.
        for back in 1...3 where back <= limit {
            let byte = bytes[limit - back]
            if byte & 0b1100_0000 == 0b1000_0000 { continue }
            let length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1
            return length > back && byte < 0xF8 ? limit - back : limit
        }
        return limit
    }
}
