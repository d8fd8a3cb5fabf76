/// The part of the file that a request asks for (RFC 9110, section 14): one range of bytes, or all.
enum RequestedRange {
    case all
    case part(Range<Int64>)
    case unsatisfiable

    /// - Parameter header: the value of `Range`; anything that is not one range of bytes asks for all.
    init(header: String?, byteCount: Int64) {
        self = .all
        guard let header, header.hasPrefix("bytes=") else { return }
        let ends = header.dropFirst(6).split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard ends.count == 2 else { return }
        if ends[0].isEmpty {
            guard let count = Int64(ends[1]) else { return }
            self = count > 0 ? .part(max(0, byteCount - count)..<byteCount) : .unsatisfiable
            return
        }
        guard let first = Int64(ends[0]), let last = ends[1].isEmpty ? byteCount - 1 : Int64(ends[1]) else { return }
        guard first < byteCount else {
            self = .unsatisfiable
            return
        }
        if last >= first { self = .part(first..<(min(last, byteCount - 1) + 1)) }
    }
}
