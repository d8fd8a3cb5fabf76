extension DownloadError {
    /// What a connection does after an error.
    enum Verdict {
        /// The download ends: no source can mend it.
        case fatal
        /// This source cannot serve the file; another may.
        case dropSource
        /// The address may have expired, or the server allows fewer connections.
        case refused
        /// Wait, at least for what the server asks, and try again.
        case wait(Duration?)
    }

    var verdict: Verdict {
        switch self {
        case .noSource, .invalidSize, .noSpace, .damagedStorage, .io, .otherFileSystem, .cancelled, .shutDown,
            .contentMismatch, .sourceChanged, .offline, .invalidProxy, .invalidCertificates:
            .fatal
        case .invalidURL, .insecureURL, .insecureRedirect, .innerRedirect, .redirectLoop, .tooManyRedirects, .wrongSize,
            .lengthUnknown,
            .encoded, .proxyRefused, .webPage, .untrusted:
            .dropSource
        case .unauthorized, .forbidden, .notFound:
            .refused
        case .rateLimited(_, let duration):
            .wait(duration)
        case .status(_, let code, _):
            [408, 425, 500, 502, 503, 504].contains(code) || code >= 520 ? .wait(nil) : .dropSource
        case .connectionFailed, .stalled, .truncated, .rangeIgnored, .wrongRange:
            .wait(nil)
        }
    }

    /// Whether the source is of no more use.
    var endsSource: Bool {
        switch verdict {
        case .fatal, .dropSource: true
        case .refused, .wait: false
        }
    }

    /// Whether the server asks for fewer requests.
    var asksForLess: Bool {
        switch self {
        case .rateLimited, .forbidden, .status(_, code: 503, _): true
        default: false
        }
    }

    /// Whether a connection ended before its answer did.
    var isBrokenConnection: Bool {
        switch self {
        case .connectionFailed, .truncated: true
        default: false
        }
    }
}
