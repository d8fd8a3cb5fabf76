/// One thing that a server does wrong in its answer to one request. Counts of bytes are of the body.
public enum Fault: Sendable, Hashable {
    /// Nothing: the right answer.
    case none
    /// The whole file with 200 where a part was asked for.
    case rangeIgnored
    /// `Content-Range` begins one byte too late.
    case wrongRangeStart
    /// `Content-Range` ends one byte too late.
    case wrongRangeEnd
    /// `Content-Range` names a larger file.
    case wrongRangeTotal
    /// `Content-Range` names no total.
    case unknownRangeTotal
    /// 206 without `Content-Range`.
    case noContentRange
    /// The right head, then an end of the connection after so many bytes.
    case truncated(after: Int)
    /// The right head but without a length, and so many bytes too many.
    case tooLong(by: Int)
    /// A reset after so many bytes.
    case reset(after: Int)
    /// Silence before the first byte of the answer.
    case stallAtOnce
    /// Silence after so many bytes.
    case stall(after: Int)
    /// One byte at a time, with a pause of so many milliseconds.
    case trickle(milliseconds: Int)
    /// The connection is closed without an answer.
    case closed
    /// A status without a body, with headers.
    case status(Int, headers: [String: String] = [:])
    /// A redirect.
    case redirect(to: String, status: Int = 302)
    /// A bit of one byte of the file is turned over.
    case flippedByte(at: Int)
    /// The head says that the body is compressed.
    case encoded(String)
    /// A web page with 200.
    case webPage
    /// Bytes that are not HTTP.
    case nonsense
    /// Chunked, so without a length.
    case chunked
}
