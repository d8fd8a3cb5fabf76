import Foundation
import HubSimulator
import LoopbackSockets
import ModelHubs
import Testing

@Suite("Running programs beside Roost")
struct ProviderTests {
    @Test("each is asked in its own way, and one that is not there does not hold up the others")
    func statuses() async throws {
        let answers: LoopbackServer.Answer = { request in
            switch request.uri {
            case "/api/tags":
                SimulatedResponse(
                    200,
                    text: #"{"models":[{"name":"a:1b","size":7,"details":{"quantization_level":"Q4_0"}},{"name":"b"}]}"#
                )
            case "/v1/models": SimulatedResponse(200, text: #"{"object":"list","data":[{"id":"x"}]}"#)
            default: SimulatedResponse(401)
            }
        }
        try await LoopbackServer.run(answers) { server in
            try await LoopbackAddress.withClosed { closed in
                try await HubFixture.run { transport, fixture in
                    let address = try #require(URL(string: server.address))
                    let providers: [any ModelProvider] = [
                        OllamaProvider(address: address), OpenAICompatibleProvider(name: "jan", address: address),
                        OpenAICompatibleProvider(name: "keyed", address: address.appending(path: "locked")),
                        OllamaProvider(address: try #require(URL(string: closed.url))),
                    ]
                    let found = await ProviderDirectory(providers: providers, transport: transport).statuses()
                    #expect(found.map(\.isHealthy) == [true, true, false, false])
                    #expect(found[0].models?.map(\.name) == ["a:1b", "b"])
                    #expect(found[0].models?.first?.quantization == "Q4_0")
                    #expect(found[1].models?.map(\.name) == ["x"])
                    #expect(found[2].failure == .forbidden(host: server.place, reason: "it wants its API key"))
                    #expect(found[3].failure?.description.contains("connection refused") == true)
                    #expect(fixture.waited.isEmpty)
                }
            }
        }
    }

    @Test(
        "OLLAMA_HOST is read as Ollama reads it",
        arguments: [
            (nil, "http://127.0.0.1:11434"), ("0.0.0.0", "http://127.0.0.1:11434"), ("box:8080", "http://box:8080"),
            ("https://box.example", "https://box.example"), ("http://127.0.0.1:5/", "http://127.0.0.1:5"),
        ] as [(String?, String)])
    func ollamaHost(value: String?, address: String) throws {
        let environment = value.map { ["OLLAMA_HOST": $0] } ?? [:]
        #expect(try OllamaProvider(environment: environment).address.absoluteString == address)
        #expect(
            try ProviderDirectory.local(environment: environment).map(\.name) == [
                "ollama", "lmstudio", "jan", "jan-serve",
            ])
    }
}
