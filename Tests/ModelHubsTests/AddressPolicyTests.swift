import Foundation
import HubSimulator
import Security
import Testing

@testable import ModelHubs

@Suite("Addresses are judged after their names were looked up")
struct AddressPolicyTests {
    /// A resolver that knows some names, and counts nothing else.
    static func resolver(_ known: [String: [[UInt8]]]) -> HostResolver {
        HostResolver { name in
            guard let addresses = known[name] else { throw HostResolver.Failure(reason: "its name was not found") }
            return addresses
        }
    }

    static let metadata: [UInt8] = [169, 254, 169, 254]
    static let outside: [UInt8] = [8, 8, 8, 8]

    static func run(
        _ policy: AddressPolicy, answer: SimulatedResponse = SimulatedResponse(200, text: "{}"),
        _ body: (HubTransport, LoopbackServer, HubFixture) async throws -> Void
    ) async throws {
        try await LoopbackServer.run({ _ in answer }) { server in
            try await HubFixture.run(attempts: 2) { transport, fixture in
                var transport = transport
                transport.addresses = policy
                try await body(transport, server, fixture)
            }
        }
    }

    @Test(
        "a redirect to a name with an address of an inner network is refused, if only one of its addresses is",
        arguments: [
            [metadata], [outside, [10, 0, 0, 1]], [outside, [127, 0, 0, 1]],
            [[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1]],
            [[0xfd] + [UInt8](repeating: 0, count: 14) + [1]], [[0xfe, 0x80] + [UInt8](repeating: 0, count: 13) + [1]],
            [outside, [1, 2, 3]],
        ])
    func redirect(addresses: [[UInt8]]) async throws {
        // The first address is outside, by its name; nothing is sent there, for the rule alone is asked.
        let policy = AddressPolicy(resolver: Self.resolver(["evil.example": addresses]))
        try await Self.run(policy) { transport, _, _ in
            let source = try #require(URL(string: "https://hub.example/x"))
            let target = try #require(URL(string: "https://evil.example/y?secret"))
            let error = await failure { try await transport.check(redirectFrom: source, .outside, to: target) }
            guard case .refusedRedirect(_, "https://evil.example/y", _)? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }

    @Test("a hub on this machine may lead anywhere but to link-local addresses, also by name")
    func fromLoopback() async throws {
        let policy = AddressPolicy(
            resolver: Self.resolver(["near.example": [[10, 1, 2, 3]], "meta.example": [Self.metadata]]))
        for (host, isRefused) in [("near.example", false), ("meta.example", true)] {
            let redirect = SimulatedResponse(302, headers: [("Location", "https://\(host)/file")])
            try await Self.run(policy, answer: redirect) { transport, server, _ in
                let url = try #require(URL(string: server.address + "/m.gguf"))
                let file = ModelFile(
                    role: .model, path: try #require(RepositoryPath("m.gguf")),
                    sources: [FileSource(url: url, hub: .ollama)])
                let registry = OllamaRegistry(transport: transport)
                if isRefused {
                    let error = await failure { try await registry.locate(file) }
                    #expect(error?.description.contains("link-local") == true, "\(String(describing: error))")
                } else {
                    let location = try await registry.locate(file)
                    #expect(location.url.host() == host)
                }
            }
        }
    }

    @Test("what a client of a server gives may not be of this machine or around it, unless it is configured")
    func givenAddresses() async throws {
        let policy = AddressPolicy(
            trustsGivenAddresses: false,
            resolver: Self.resolver(["intranet.example": [[192, 168, 0, 1]], "meta.example": [Self.metadata]]))
        try await Self.run(policy) { transport, server, _ in
            let hub = URLHub(transport: transport)
            for text in ["\(server.address)/m.gguf", "https://intranet.example/m.gguf", "https://meta.example/m.gguf"] {
                let error = await failure { try await hub.resolve(HubFixture.reference(text)) }
                #expect(
                    error?.description.contains("only configured addresses") == true, "\(String(describing: error))")
            }
            #expect(server.requests.isEmpty)
            var trusting = transport
            let url = try #require(URL(string: server.address))
            trusting.addresses.trustedOrigins = [try #require(Origin(url))]
            let model = try await URLHub(transport: trusting).resolve(HubFixture.reference("\(server.address)/m.gguf"))
            #expect(model.files.count == 1)
        }
    }

    @Test("a name that is not found is looked up again, and then reported")
    func notFound() async throws {
        try await Self.run(AddressPolicy(resolver: Self.resolver([:]))) { transport, _, fixture in
            let error = await failure {
                try await URLHub(transport: transport).resolve(HubFixture.reference("https://gone.example/m.gguf"))
            }
            #expect(error == .unreachable(host: "gone.example", reason: "its name was not found"))
            #expect(fixture.waited.count == 1)
        }
    }

    @Test("this system's resolver knows this machine")
    func system() async throws {
        let addresses = try #require(try await HostResolver.system.addresses(of: "localhost"))
        #expect(addresses.allSatisfy { NetworkReach(ofAddress: $0) == .loopback } && !addresses.isEmpty)
        // A label of over 63 letters is refused without a question to the network.
        let noName = String(repeating: "a", count: 64) + ".invalid"
        await #expect(throws: HostResolver.Failure.self) { try await HostResolver.system.addresses(of: noName) }
    }

    @Test("without the network nothing is asked, whatever the hub")
    func offline() async throws {
        try await Self.run(AddressPolicy()) { transport, server, _ in
            var transport = transport
            transport.offlineSetting = "ROOST_OFFLINE"
            let expected = ModelHubError.offline(host: server.place, setting: "ROOST_OFFLINE")
            let address = server.address
            let web = await failure {
                try await URLHub(transport: transport).resolve(HubFixture.reference("\(address)/m.gguf"))
            }
            #expect(web == expected)
            let registry = OllamaRegistry(transport: transport) { _ in address }
            #expect(await failure { try await registry.resolve(HubFixture.reference("ollama.com/u/m")) } == expected)
            let catalog = await failure { try await Catalog.load(from: address + "/catalog.json", over: transport) }
            #expect(catalog == expected)
            #expect(server.requests.isEmpty)
        }
    }
}
