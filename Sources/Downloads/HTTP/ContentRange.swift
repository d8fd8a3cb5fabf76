/// The `Content-Range` of a 206 or 416 (RFC 9110, section 14.4), read strictly.
struct ContentRange: Hashable, Sendable {
    /// The bytes that follow; `nil` for the `*` of a 416.
    let range: Range<Int64>?
    /// The size of the whole file; `nil` when the server does not know it.
    let total: Int64?

    init?(_ text: String) {
        let words = text.split(separator: " ", omittingEmptySubsequences: true)
        guard words.count == 2, words[0].lowercased() == "bytes" else { return nil }
        let parts = words[1].split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        if parts[1] == "*" {
            total = nil
        } else {
            guard let count = Self.number(parts[1]) else { return nil }
            total = count
        }
        if parts[0] == "*" {
            guard total != nil else { return nil }
            range = nil
            return
        }
        let ends = parts[0].split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2, let first = Self.number(ends[0]), let last = Self.number(ends[1]), first <= last,
            last < Int64.max, total.map({ last < $0 }) ?? true
        else { return nil }
        range = first..<(last + 1)
    }

    /// Digits only: `Int64` alone would take a sign.
    private static func number(_ text: Substring) -> Int64? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            return nil
        }
        return Int64(text)
    }
}
