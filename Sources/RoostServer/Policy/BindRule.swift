import Roost
import Security

/// On which addresses a server may listen: beyond this machine only with keys and encryption, or when its owner says
/// that the network is trusted.
enum BindRule {
    /// What a server lacks to be reached by other machines.
    enum Requirement: Sendable, Hashable, CaseIterable {
        /// Callers need keys, and there is one.
        case keys
        /// The connection is encrypted.
        case encryption
    }

    /// What is missing for `host`; nothing for an address that only this machine reaches.
    static func missing(host: String, hasKeys: Bool, hasTLS: Bool) -> [Requirement] {
        guard !RoostServerConfiguration.isLoopback(host) else { return [] }
        return (hasKeys ? [] : [.keys]) + (hasTLS ? [] : [.encryption])
    }

    /// Throws `RoostServerError.insecureListenAddress` when something is missing and its owner did not say that this is
    /// meant.
    static func check(host: String, hasKeys: Bool, hasTLS: Bool, isInsecure: Bool) throws {
        let missing = missing(host: host, hasKeys: hasKeys, hasTLS: hasTLS)
        guard missing.isEmpty || isInsecure else {
            throw RoostServerError.insecureListenAddress(
                host: host, lacksKeys: missing.contains(.keys), lacksEncryption: missing.contains(.encryption))
        }
    }

    /// What it means to listen on `host` all the same, for the one who starts the server; `nil` when nothing is missing.
    static func warning(host: String, hasKeys: Bool, hasTLS: Bool) -> String? {
        let missing = missing(host: host, hasKeys: hasKeys, hasTLS: hasTLS)
        guard !missing.isEmpty else { return nil }
        let reach = "Every machine that reaches \(host.isEmpty ? "this one" : host) can call this server"
        let keys =
            hasKeys
            ? "; it needs a key to do so."
            : ", and nobody needs a key: anyone there can use, download and remove models."
        let encryption =
            hasTLS ? "" : " Nothing is encrypted: \(hasKeys ? "keys, " : "")prompts and answers can be read on the way."
        return reach + keys + encryption
    }
}

extension RoostServerConfiguration {
    /// Whether callers from other machines need a key, and one is good now. Throws `AccessKeyError`.
    private var hasKeys: Bool {
        get throws { try requiresKeys != false && (keys?.usableCount() ?? 0) > 0 }
    }

    private var hasTLS: Bool { tls != nil }

    /// The scheme of its addresses.
    var scheme: String { hasTLS ? "https" : "http" }

    /// Throws `RoostServerError` when the server must not listen where it is told to, or when an allowed host or origin
    /// is none, and `AccessKeyError` when the keys cannot be read.
    func checkAccess() throws {
        try BindRule.check(host: host, hasKeys: hasKeys, hasTLS: hasTLS, isInsecure: allowsInsecureListening)
        if let name = allowedHosts.first(where: { HostGuard.name(ofHost: $0) == nil }) {
            throw RoostServerError.invalidHostName(name)
        }
        if let origin = allowedOrigins.first(where: { WebOrigin($0) == nil }) {
            throw RoostServerError.invalidOrigin(origin)
        }
    }

    /// What its owner should know about the address: who reaches the server without what would protect it. `nil` when
    /// there is nothing to know.
    ///
    /// - Throws: `AccessKeyError` when the keys cannot be read.
    public func addressWarning() throws -> String? {
        try BindRule.warning(host: host, hasKeys: hasKeys, hasTLS: hasTLS)
    }
}
