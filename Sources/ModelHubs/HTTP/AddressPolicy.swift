import Security

/// Which networks requests may go to.
///
/// Outside addresses always may be asked. An address of this machine or of an inner network may when it was configured
/// (a hub's endpoint) or given by the person at this machine, never because an answer or another machine named it.
public struct AddressPolicy: Sendable {
    /// Origins that may be anywhere but at link-local and reserved addresses: the configured endpoints.
    public var trustedOrigins: Set<Origin>
    /// Whether addresses that a request starts at are trusted: so at the command line; not in a server that takes
    /// them from clients.
    public var trustsGivenAddresses: Bool
    /// Looks names up.
    public var resolver: HostResolver

    /// A policy; without arguments that of the command line.
    public init(
        trustedOrigins: Set<Origin> = [], trustsGivenAddresses: Bool = true, resolver: HostResolver = .system
    ) {
        self.trustedOrigins = trustedOrigins
        self.trustsGivenAddresses = trustsGivenAddresses
        self.resolver = resolver
    }

    func admits(_ origin: Origin, _ reach: NetworkReach) -> Bool {
        switch reach {
        case .outside: true
        case .privateNetwork, .loopback: trustsGivenAddresses || trustedOrigins.contains(origin)
        case .special: false
        }
    }

    /// How far in an origin is: by its text, and by all addresses of its name.
    func reach(of origin: Origin) async throws -> NetworkReach {
        guard origin.reach == .outside, !origin.host.contains(":"), !NetworkReach.isNumeric(origin.host) else {
            return origin.reach
        }
        guard let addresses = try await resolver.addresses(of: origin.host) else { return .outside }
        return .innermost(addresses.map(NetworkReach.init(ofAddress:)))
    }
}
