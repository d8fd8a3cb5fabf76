import AsyncHTTPClient
import Foundation
import HubSimulator
import ModelHubs
import NIOCore
import NIOHTTP1
import Security
import Testing

@Suite("The simulated hub over files of the disk")
struct HubServerTests {
    static let weights = String(repeating: "0123456789", count: 300_000)

    static func settings(_ folder: TemporaryFolder) throws -> HubServer.Settings {
        try folder.write("repositories/u/m-GGUF/README.md", "---\nlicense: mit\n---\n")
        try folder.write("repositories/u/m-GGUF/m-Q8_0.gguf", weights)
        var settings = HubServer.Settings()
        settings.repositories = folder.path + "/repositories"
        return settings
    }

    /// The status and body of a request, with the storage's address when it leads there.
    static func get(
        _ url: URL, range: String? = nil, over client: HTTPClient
    ) async throws -> (status: Int, headers: HTTPHeaders, body: [UInt8]) {
        var request = HTTPClientRequest(url: url.absoluteString)
        if let range { request.headers.add(name: "range", value: "bytes=\(range)") }
        let response = try await client.execute(request, timeout: .seconds(30))
        let body = try await response.body.collect(upTo: 1 << 24)
        return (Int(response.status.code), response.headers, [UInt8](body.readableBytesView))
    }

    @Test("a folder's files are found by the hub's client and sent whole and in ranges", arguments: [true, false])
    func files(hasStorage: Bool) async throws {
        let folder = try TemporaryFolder()
        var settings = try Self.settings(folder)
        settings.hasStorage = hasStorage
        try await HubServer.run(settings) { server in
            try await HubFixture.run { transport, _ in
                let hub = HuggingFaceHub(
                    settings: try HuggingFaceSettings(endpoint: server.hub.address), transport: transport)
                let model = try await hub.resolve(HubFixture.reference("hf.co/u/m-GGUF"))
                #expect(model.license == "mit")
                let file = try #require(model.weights.first)
                #expect(file.digest == Digest.of([UInt8](Self.weights.utf8)))
                let location = try await hub.locate(file)
                let client = try transport.clients(location.url)
                let whole = try await Self.get(location.url, over: client)
                #expect(whole.status == 200)
                #expect(String(decoding: whole.body, as: UTF8.self) == Self.weights)
                let count = Self.weights.utf8.count
                for (range, expected) in [
                    ("5-14", "5678901234"), ("\(count - 3)-", "789"), ("-4", "6789"), ("0-0", "0"),
                    ("\(count - 2)-\(count + 10)", "89"),
                ] {
                    let part = try await Self.get(location.url, range: range, over: client)
                    #expect(part.status == 206)
                    #expect(String(decoding: part.body, as: UTF8.self) == expected, "\(range)")
                    #expect(part.headers.first(name: "content-range")?.hasSuffix("/\(count)") == true)
                }
                #expect(try await Self.get(location.url, range: "\(count)-", over: client).status == 416)
                #expect((server.storage != nil) == hasStorage)
            }
        }
    }

    @Test("an address of the storage expires, and cannot be made up")
    func expiry() async throws {
        let folder = try TemporaryFolder()
        var settings = try Self.settings(folder)
        settings.hasStorage = true
        settings.linkLifetime = 0
        try await HubServer.run(settings) { server in
            try await HubFixture.run { transport, _ in
                let hub = HuggingFaceHub(
                    settings: try HuggingFaceSettings(endpoint: server.hub.address), transport: transport)
                let file = try #require(try await hub.resolve(HubFixture.reference("hf.co/u/m-GGUF")).weights.first)
                let location = try await hub.locate(file)
                #expect(try await Self.get(location.url, over: try transport.clients(location.url)).status == 403)
                let later = location.url.absoluteString.replacing("expires=", with: "expires=9")
                let url = try #require(URL(string: later))
                #expect(try await Self.get(url, over: try transport.clients(url)).status == 403)
            }
        }
    }

    @Test("a connection is reset after so many bytes, and a range goes on from there")
    func reset() async throws {
        let folder = try TemporaryFolder()
        var settings = try Self.settings(folder)
        settings.shape.resetEvery = 2_200_000
        try await HubServer.run(settings) { server in
            try await HubFixture.run { transport, _ in
                let url = try #require(URL(string: "\(server.hub.address)/u/m-GGUF/resolve/main/m-Q8_0.gguf"))
                let client = try transport.clients(url)
                await #expect(throws: (any Error).self) { try await Self.get(url, over: client) }
                let rest = try await Self.get(url, range: "2000000-", over: client)
                #expect(rest.body.count == 1_000_000)
            }
        }
    }

    @Test("an Ollama folder's models and single files are in the registry, private repositories only with the token")
    func registry() async throws {
        let folder = try TemporaryFolder()
        var settings = try Self.settings(folder)
        let layers = [SimulatedLayer("model", "w"), SimulatedLayer("license", "MIT")]
        try folder.write("ollama/manifests/registry.ollama.ai/library/tiny/1b", OllamaSimulator.manifest(layers))
        for layer in layers {
            try folder.write("ollama/blobs/\(layer.digest.fileName)", String(decoding: layer.bytes, as: UTF8.self))
        }
        let configuration = OllamaSimulator.configuration
        try folder.write("ollama/blobs/\(Digest.of([UInt8](configuration.utf8)).fileName)", configuration)
        settings.ollamaModels = folder.path + "/ollama"
        settings.ollamaFiles = [("single", folder.path + "/repositories/u/m-GGUF/m-Q8_0.gguf")]
        settings.privateRepositories = ["u/m-GGUF"]
        settings.token = "hf_tester"
        try await HubServer.run(settings) { server in
            #expect(server.models == ["library/single:latest", "library/tiny:1b"])
            try await HubFixture.run { transport, _ in
                let address = server.hub.address
                let registry = OllamaRegistry(transport: transport) { _ in address }
                let tiny = try await registry.resolve(HubFixture.reference("ollama.com/library/tiny:1b"))
                #expect(tiny.files.map(\.digest) == layers.map(\.digest))
                let license = try #require(tiny.files.last)
                #expect(try await registry.content(of: license, upTo: 100) == layers[1].bytes)
                let single = try await registry.resolve(HubFixture.reference("ollama.com/library/single"))
                #expect(single.weights.first?.digest == Digest.of([UInt8](Self.weights.utf8)))
                for token in [nil, "hf_tester"] {
                    let hub = HuggingFaceHub(
                        settings: try HuggingFaceSettings(endpoint: address, token: token), transport: transport)
                    let found = try? await hub.resolve(HubFixture.reference("hf.co/u/m-GGUF"))
                    #expect((found != nil) == (token != nil))
                }
            }
        }
    }

    @Test("what cannot be served is said")
    func errors() async throws {
        let folder = try TemporaryFolder()
        var settings = HubServer.Settings()
        settings.repositories = folder.path + "/nothing"
        await #expect(throws: SimulatorError.self) { try await HubServer.run(settings) { _ in } }
        settings = try Self.settings(folder)
        settings.gatedRepositories = ["u/nosuch"]
        await #expect(throws: SimulatorError.self) { try await HubServer.run(settings) { _ in } }
        settings.gatedRepositories = []
        settings.ollamaFiles = [("a//b", folder.path + "/repositories/u/m-GGUF/m-Q8_0.gguf")]
        await #expect(throws: SimulatorError.self) { try await HubServer.run(settings) { _ in } }
    }
}
