#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension DownloadError: CustomStringConvertible {
    /// One sentence: what was wrong, the value, what to do.
    public var description: String {
        switch self {
        case .noSource:
            "The download names no source; give at least one address."
        case .invalidSize(let byteCount):
            "The size \(byteCount) is not the size of a file; give a count of bytes that is not negative."
        case .invalidURL(let url, let rule):
            "“\(url)” cannot be downloaded: \(rule)."
        case .insecureURL(let url):
            "“\(url)” is not encrypted; use https (http is accepted for this machine only)."
        case .insecureRedirect(let from, let to):
            "“\(from)” redirects from https to “\(to)”, which is not encrypted; it was not followed."
        case .innerRedirect(let from, let to):
            "“\(from)” redirects to “\(to)”, an address of this machine or an inner network, which is not followed; "
                + "check the address."
        case .redirectLoop(let url):
            "“\(url)” redirects in a circle; check the address."
        case .tooManyRedirects(let url, let limit):
            "“\(url)” redirects more than \(limit) times; check the address."
        case .contentMismatch(let expected, let found, let quarantine):
            "The content is \(found) instead of \(expected), also when fetched again; the source does not have this "
                + "file, or someone changed it (what came is kept in “\(quarantine)”)."
        case .noSpace(let path, let needed, let available):
            "There is not enough room for “\(path)”: \(needed) bytes are needed and \(available) are free; free some "
                + "space or choose another folder."
        case .damagedStorage(let path, let offset):
            "The disk does not keep what is written to “\(path)” at byte \(offset); check the disk."
        case .io(let path, let operation, let code):
            "Could not \(operation) “\(path)”: \(String(cString: strerror(code))); check the folder's permissions and disk."
        case .otherFileSystem(let from, let to):
            "“\(from)” and “\(to)” are on different file systems; put the folder of unfinished files beside the other."
        case .cancelled:
            "The download was cancelled."
        case .shutDown:
            "Downloads have been shut down; start Roost again to go on."
        case .connectionFailed(let url, let reason):
            "No connection to “\(url)”: \(reason); check the network and try again, what has arrived is kept."
        case .untrusted(let url, let reason):
            "“\(url)” cannot prove who it is: \(reason); check the address, or give the certificate of your network's proxy."
        case .stalled(let url, let duration):
            "“\(url)” sent next to nothing for \(duration); try again, what has arrived is kept."
        case .truncated(let url, let received, let expected):
            "“\(url)” ended after \(received) of \(expected) bytes; try again, what has arrived is kept."
        case .notFound(let url, let detail):
            "There is no file at “\(url)”\(Self.shown(detail)); check the name and the revision."
        case .unauthorized(let url, let detail):
            "“\(url)” asks who you are\(Self.shown(detail)); set an access token, and check that the name is right."
        case .forbidden(let url, let detail):
            "“\(url)” is closed to you\(Self.shown(detail)); accept the licence on the model's page or use a token that may read it."
        case .proxyRefused(let url):
            "The proxy does not let a request to “\(url)” through; check its user name and password."
        case .rateLimited(let url, let duration):
            "“\(url)” asks to wait\(duration.map { " for \($0)" } ?? "") because of too many requests; try again later, "
                + "what has arrived is kept."
        case .offline(let url):
            "“\(url)” was not fetched because Roost is offline; switch the offline mode off to download."
        case .invalidProxy(let variable, let rule):
            "The variable \(variable) does not name a proxy that can be used: \(rule)."
        case .invalidCertificates(let path, let reason):
            "The certificates in “\(path)” cannot be used: \(reason); give a PEM file."
        case .status(let url, let code, let detail):
            "“\(url)” answered with status \(code)\(Self.shown(detail)); try again later."
        case .webPage(let url):
            "“\(url)” sends a web page instead of the file; check the address, and whether a sign-in page stands between."
        case .rangeIgnored(let url):
            "“\(url)” sends the whole file where a part was asked for; use another source."
        case .wrongRange(let url, let asked, let answered):
            "“\(url)” sent “\(answered)” where “\(asked)” was asked for; use another source."
        case .encoded(let url, let encoding):
            "“\(url)” sends the file encoded as “\(encoding)” although it was asked not to; use another source."
        case .wrongSize(let url, let expected, let found):
            "“\(url)” has \(found) bytes instead of \(expected): it is another file; check the source."
        case .lengthUnknown(let url):
            "“\(url)” does not say how long the file is; give its size and digest, or use another source."
        case .sourceChanged(let url):
            "“\(url)” changed while it was downloaded; start again when it stays the same."
        }
    }

    private static func shown(_ detail: String?) -> String { detail.map { " (“\($0)”)" } ?? "" }
}
