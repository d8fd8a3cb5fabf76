import AsyncHTTPClient
import Downloads
import Foundation
import ModelHubs

/// The places that models come from, opened with one configuration: the catalog, the hubs, other programs' folders
/// and servers.
struct ModelSources: Sendable {
    let finder: ModelFinder
    let transport: HubTransport
    let localHub: LocalHub
    let discovery: ModelDiscovery
    let providers: ProviderDirectory

    var catalog: Catalog { finder.catalog }
    var hubs: [any ModelHub] { finder.hubs }

    /// Reads the token file and the person's own catalogs.
    ///
    /// - Throws: `ModelHubError`.
    init(configuration: RoostConfiguration, clients: ClientSet) async throws {
        let environment = configuration.environment
        let home = RoostConfiguration.userDirectory(environment).path
        let proxy = configuration.downloads.proxy
        var transport = HubTransport(
            clients: { try clients.client(for: $0) }, userAgent: configuration.userAgent,
            addresses: AddressPolicy(
                resolver: HostResolver { host in
                    // A proxy looks names up by itself, and this machine may not be able to.
                    if let url = URL(string: "https://\(host)"), try proxy.server(for: url) != nil { return nil }
                    return try await HostResolver.system.addresses(of: host)
                }))
        // Programs of this machine are no network.
        providers = ProviderDirectory(
            providers: try ProviderDirectory.local(environment: environment), transport: transport)
        transport.offlineSetting = configuration.downloads.offlineSetting
        self.transport = transport
        var catalog = try Catalog.builtIn()
        for source in configuration.catalogs {
            let own =
                if let url = URL(string: source), let scheme = url.scheme, scheme.hasPrefix("http") {
                    try await Catalog.load(url: url, over: transport)
                } else {
                    try await Catalog.load(path: NSString(string: source).expandingTildeInPath)
                }
            catalog = catalog.adding(own)
        }
        localHub = LocalHub(homeDirectory: home)
        finder = ModelFinder(
            catalog: catalog,
            hubs: [
                HuggingFaceHub(
                    settings: try HuggingFaceSettings(
                        environment: environment, homeDirectory: home,
                        mirrors: (environment["ROOST_HF_MIRRORS"] ?? "").split(separator: ",")
                            .map { $0.trimmingCharacters(in: .whitespaces) }),
                    transport: transport),
                OllamaRegistry(transport: transport, endpoint: try Self.registryEndpoint(environment)),
                URLHub(transport: transport),
                localHub,
            ])
        discovery = ModelDiscovery(paths: StorePaths(environment: environment, homeDirectory: home))
    }

    /// `ROOST_OLLAMA_REGISTRY`: a mirror in the place of Ollama's registry.
    private static func registryEndpoint(_ environment: [String: String]) throws -> @Sendable (String) -> String {
        guard var mirror = environment["ROOST_OLLAMA_REGISTRY"], !mirror.isEmpty else {
            return OllamaRegistry.endpoint(forHost:)
        }
        while mirror.hasSuffix("/") { mirror.removeLast() }
        guard let url = URL(string: mirror), let origin = Origin(url), origin.isSecureOrLoopback else {
            throw RoostError.invalidSetting(
                name: "ROOST_OLLAMA_REGISTRY", value: mirror, rule: "an https address (http only on this machine)")
        }
        return { [mirror] host in
            host == OllamaReference.defaultHost ? mirror : OllamaRegistry.endpoint(forHost: host)
        }
    }

    func hub(_ identifier: HubIdentifier) -> (any ModelHub)? { hubs.first { $0.identifier == identifier } }
}
