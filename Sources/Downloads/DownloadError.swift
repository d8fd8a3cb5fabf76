import Security

/// Why a download failed. Addresses are shown without their query, which may be a secret.
public enum DownloadError: Error, Hashable, Sendable {
    /// The request names no source.
    case noSource
    /// The request's size is negative.
    case invalidSize(Int64)
    /// The address breaks a rule.
    case invalidURL(String, rule: String)
    /// http to another machine.
    case insecureURL(String)
    /// A redirect from https to http.
    case insecureRedirect(from: String, to: String)
    /// A redirect from the outside to an address of this machine or an inner network.
    case innerRedirect(from: String, to: String)
    /// Redirects that lead back to where they came from.
    case redirectLoop(String)
    /// More redirects than are followed.
    case tooManyRedirects(String, limit: Int)
    /// No connection, or one that broke; the reason in the system's words.
    case connectionFailed(String, reason: String)
    /// The encryption failed: a certificate that nobody vouches for, or a server that does not encrypt.
    case untrusted(String, reason: String)
    /// No bytes, or next to none, for this long.
    case stalled(String, after: Duration)
    /// The answer ended early.
    case truncated(String, received: Int64, expected: Int64)
    /// 404 or 410.
    case notFound(String, detail: String?)
    /// 401.
    case unauthorized(String, detail: String?)
    /// 403.
    case forbidden(String, detail: String?)
    /// 407 from a proxy.
    case proxyRefused(String)
    /// 429, or 503 with a time.
    case rateLimited(String, retryAfter: Duration?)
    /// The downloader is set to use no network.
    case offline(String)
    /// A variable names a proxy that cannot be used.
    case invalidProxy(variable: String, rule: String)
    /// A file of additional certificates cannot be used.
    case invalidCertificates(path: String, reason: String)
    /// Another status.
    case status(String, code: Int, detail: String?)
    /// A page of text in the place of the file.
    case webPage(String)
    /// The server sends the whole file where a part was asked for.
    case rangeIgnored(String)
    /// The server sends another part than was asked for.
    case wrongRange(String, asked: String, answered: String)
    /// The server compresses although it was asked not to.
    case encoded(String, encoding: String)
    /// The source's file has another size than the request's.
    case wrongSize(String, expected: Int64, found: Int64)
    /// The server does not say how long the file is.
    case lengthUnknown(String)
    /// The file changed at the source while it was fetched.
    case sourceChanged(String)
    /// The content was not what it must be, from every source; what came is kept apart for a look.
    case contentMismatch(expected: Digest, found: Digest, quarantine: String)
    /// The disk has no room: bytes needed and bytes free.
    case noSpace(path: String, needed: Int64, available: Int64)
    /// The disk does not give back what was written to it.
    case damagedStorage(path: String, offset: Int64)
    /// A system call failed with an `errno`.
    case io(path: String, operation: String, code: Int32)
    /// The unfinished file and the destination are on different file systems.
    case otherFileSystem(from: String, to: String)
    /// The download was cancelled.
    case cancelled
    /// The downloader has been shut down.
    case shutDown
}
