import Foundation
import HubSimulator
import LoopbackSockets
import ModelHubs
import NIOHTTP1
import Synchronization
import Testing

@Suite("Requests over real connections")
struct TransportTests {
    static let token = "hf_canary_token"

    /// A hub whose every answer of a kind leads to `target`, on another port: another origin.
    static func behaviour(_ part: String, leadsTo target: String, status: Int) -> HuggingFaceSimulator.Behaviour {
        var behaviour = HuggingFaceSimulator.Behaviour()
        behaviour.interrupt = { request in
            request.uri.contains(part) ? SimulatedResponse(status, headers: [("Location", target)]) : nil
        }
        return behaviour
    }

    @Test("the token reaches the hub and never the storage behind it")
    func storageGetsNoToken() async throws {
        try await HubFixture.huggingFace([HuggingFaceHubTests.plain], token: Self.token) { hub, simulator, _ in
            let model = try await hub.resolve(HubFixture.reference("user/Tiny-GGUF:Q8_0"))
            let file = try #require(model.weights.first)
            let location = try await hub.locate(file)
            #expect(!simulator.hub.requests.isEmpty)
            #expect(simulator.hub.requests.allSatisfy { $0.token == Self.token })
            #expect(file.sources[0].headers(for: location.url).isEmpty)
            #expect(file.sources[0].headers(for: file.sources[0].url).map(\.value) == ["Bearer " + Self.token])
        }
    }

    @Test("a redirect to another machine takes no token along", arguments: [301, 302, 303, 307, 308])
    func redirectedElsewhere(status: Int) async throws {
        try await LoopbackServer.run({ _ in SimulatedResponse(200, text: "{}") }) { stranger in
            for part in ["/api/models/", "/resolve/"] {
                let behaviour = Self.behaviour(part, leadsTo: stranger.address + "/stolen", status: status)
                try await HubFixture.huggingFace(
                    [HuggingFaceHubTests.plain], token: Self.token, behaviour: behaviour
                ) { hub, simulator, _ in
                    _ = try? await hub.resolve(HubFixture.reference("user/Tiny-GGUF:Q8_0"))
                    #expect(simulator.hub.requests.contains { $0.token == Self.token })
                }
            }
            // The API's redirect was followed, bare; the file's was left to the downloader.
            #expect(stranger.requests.count == 1)
            for request in stranger.requests {
                #expect(!request.headers.contains { $0.value.contains("canary") || $0.name.lowercased() == "cookie" })
            }
        }
    }

    @Test("the next page of a search is not fetched from another machine")
    func pageElsewhere() async throws {
        try await LoopbackServer.run({ _ in SimulatedResponse(200, text: "[]") }) { stranger in
            let link = "<\(stranger.address)/api/models?cursor=1>; rel=\"next\""
            var behaviour = HuggingFaceSimulator.Behaviour()
            behaviour.alter = { _, response in response.headers.append(("Link", link)) }
            try await HubFixture.huggingFace(
                [HuggingFaceHubTests.plain], token: Self.token, behaviour: behaviour
            ) { hub, _, _ in
                let error = await failure { try await hub.search(ModelSearch("tiny")) }
                #expect(error?.description.contains("another machine") == true)
                _ = await failure { try await hub.resolve(HubFixture.reference("hf.co/user/Tiny-GGUF")) }
            }
            #expect(stranger.requests.isEmpty)
        }
    }

    @Test(
        "a redirect into an inner network is refused",
        arguments: ["http://169.254.169.254/latest/meta-data", "http://example.com/x", "file:///etc/passwd"])
    func innerNetwork(target: String) async throws {
        let behaviour = Self.behaviour("/api/models/", leadsTo: target, status: 302)
        try await HubFixture.huggingFace([], token: Self.token, behaviour: behaviour) { hub, _, _ in
            let error = await failure { try await hub.resolve(HubFixture.reference("hf.co/u/r")) }
            guard case .refusedRedirect = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }

    @Test("a redirect loop ends")
    func loop() async throws {
        let behaviour = Self.behaviour("/api/models/", leadsTo: "/api/models/u/r", status: 307)
        try await HubFixture.huggingFace([], behaviour: behaviour) { hub, simulator, _ in
            let error = await failure { try await hub.resolve(HubFixture.reference("hf.co/u/r")) }
            #expect(
                error
                    == .tooManyRedirects(
                        location: simulator.hub.address + "/api/models/u/r", limit: HubTransport.maximumRedirects))
            #expect(simulator.hub.requests.count == HubTransport.maximumRedirects + 1)
        }
    }

    @Test("a hub that refuses HEAD is asked with GET", arguments: [405, 501])
    func headRefused(status: Int) async throws {
        var behaviour = HuggingFaceSimulator.Behaviour()
        behaviour.interrupt = { $0.method == .HEAD ? SimulatedResponse(status) : nil }
        try await HubFixture.huggingFace([HuggingFaceHubTests.plain], behaviour: behaviour) { hub, _, _ in
            let model = try await hub.resolve(HubFixture.reference("user/Tiny-GGUF:Q8_0"))
            let file = try #require(model.weights.first)
            #expect(try await hub.locate(file).byteCount == 21)
        }
    }

    @Test(
        "a limited request waits as long as it is told to, and then goes on",
        arguments: [
            ("Retry-After", "7", 7), ("Retry-After", "Sun, 06 Nov 1994 08:49:47 GMT", 10),
            ("RateLimit", "\"api\";r=0;t=12", 12),
        ])
    func waits(header: String, value: String, seconds: Int) async throws {
        let left = Counter(2)
        var behaviour = HuggingFaceSimulator.Behaviour()
        behaviour.interrupt = { _ in
            left.takeOne() ? SimulatedResponse(429, headers: [(header, value)]) : nil
        }
        try await HubFixture.huggingFace([HuggingFaceHubTests.plain], behaviour: behaviour) { hub, _, fixture in
            _ = try await hub.search(ModelSearch("tiny"))
            #expect(fixture.waited == [.seconds(seconds), .seconds(seconds)])
        }
    }

    @Test("a wait that is too long, or comes too often, is an error that says when to come back")
    func givesUp() async throws {
        for (value, requests) in [("3600", 1), ("1", 3)] {
            var behaviour = HuggingFaceSimulator.Behaviour()
            behaviour.interrupt = { _ in SimulatedResponse(429, headers: [("Retry-After", value)]) }
            try await HubFixture.huggingFace([], behaviour: behaviour) { hub, simulator, _ in
                let error = await failure { try await hub.search(ModelSearch("x")) }
                #expect(error == .rateLimited(host: simulator.hub.place, seconds: Int(value)))
                #expect(simulator.hub.requests.count == requests)
            }
        }
    }

    @Test("a hub's own trouble is tried again, then reported", arguments: [408, 500, 502, 503, 504])
    func trouble(status: Int) async throws {
        for failures in [2, 3] {
            let left = Counter(failures)
            var behaviour = HuggingFaceSimulator.Behaviour()
            behaviour.interrupt = { _ in left.takeOne() ? SimulatedResponse(status) : nil }
            try await HubFixture.huggingFace([HuggingFaceHubTests.plain], behaviour: behaviour) { hub, simulator, _ in
                if failures == 2 {
                    let page = try await hub.search(ModelSearch("tiny"))
                    #expect(page.hits.count == 1)
                } else {
                    let error = await failure { try await hub.search(ModelSearch("tiny")) }
                    #expect(error == .unavailable(host: simulator.hub.place, status: status))
                }
            }
        }
    }

    @Test("a dropped connection is tried again; a closed port is reported")
    func connections() async throws {
        let left = Counter(1)
        var behaviour = HuggingFaceSimulator.Behaviour()
        behaviour.interrupt = { _ in left.takeOne() ? .dropped : nil }
        try await HubFixture.huggingFace([HuggingFaceHubTests.plain], behaviour: behaviour) { hub, _, _ in
            let page = try await hub.search(ModelSearch("tiny"))
            #expect(page.hits.count == 1)
        }
        try await LoopbackAddress.withClosed { closed in
            try await HubFixture.run(attempts: 1) { transport, _ in
                let hub = HuggingFaceHub(
                    settings: try HuggingFaceSettings(endpoint: closed.url), transport: transport)
                let error = await failure { try await hub.search(ModelSearch("x")) }
                #expect(error == .unreachable(host: "127.0.0.1:\(closed.port)", reason: "connection refused"))
            }
        }
    }

    @Test("an answer without end is cut off")
    func tooLong() async throws {
        let body = [UInt8](repeating: 0x20, count: HubTransport.maximumBodyByteCount + 1)
        var behaviour = HuggingFaceSimulator.Behaviour()
        behaviour.interrupt = { _ in SimulatedResponse(200, body: body) }
        try await HubFixture.huggingFace([], behaviour: behaviour) { hub, _, _ in
            let error = await failure { try await hub.search(ModelSearch("x")) }
            #expect(error?.description.contains("longer than 32768 KiB") == true, "\(String(describing: error))")
        }
    }

    @Test("no error text carries the token or a signature")
    func errorsKeepSecrets() async throws {
        let behaviour = Self.behaviour(
            "/api/models/", leadsTo: "http://user:hunter2@example.com/x?signature=secret#s", status: 302)
        try await HubFixture.huggingFace([], token: Self.token, behaviour: behaviour) { hub, _, _ in
            let error = await failure { try await hub.resolve(HubFixture.reference("hf.co/u/r")) }
            let text = "\(String(describing: error)) \(String(reflecting: error))"
            for secret in ["canary", "secret", "hunter2"] { #expect(!text.contains(secret)) }
        }
    }
}

/// Counts down over threads.
final class Counter: Sendable {
    private let left: Mutex<Int>

    init(_ count: Int) { left = Mutex(count) }

    func takeOne() -> Bool {
        left.withLock { left in
            guard left > 0 else { return false }
            left -= 1
            return true
        }
    }
}
