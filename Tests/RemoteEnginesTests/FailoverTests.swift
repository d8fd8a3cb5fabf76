import Foundation
import Inference
import Synchronization
import Testing
import Waiting

@testable import RemoteEngines

@Suite struct FailoverTests {
    /// Answers properly.
    private static let good: ScriptedEngine.Handler = { _, connection in
        try await connection.beginStream()
        try await connection.text("good")
        try await connection.done()
    }

    /// Asks two engines for one model: the first, which is asked first, and a good one.
    private func ask(
        _ first: @escaping ScriptedEngine.Handler, _ change: (inout RemoteEngine) -> Void = { _ in },
        _ body: (Outcome, EngineRouter, ScriptedEngine, ScriptedEngine) async throws -> Void
    ) async throws {
        try await ScriptedEngine.run(first) { bad in
            try await ScriptedEngine.run(Self.good) { good in
                let engines = try [
                    RemoteEngine.at(bad.address, name: "bad") {
                        $0.priority = 1
                        change(&$0)
                    }, RemoteEngine.at(good.address, name: "good"),
                ]
                try await withRouter(engines) { router in
                    let model = try #require(await router.model(named: "m"))
                    try await body(await Outcome(model.chat([.user("Hi")])), router, bad, good)
                }
            }
        }
    }

    @Test(arguments: [
        "429", "500", "502", "503", "401", "404", "reset", "close", "silence", "error", "empty", "302", "garbage",
        "line",
        "html",
    ])
    func `while no token has come another engine answers`(fault: String) async throws {
        let handler: ScriptedEngine.Handler = { _, connection in
            switch fault {
            case "reset": try await connection.reset()
            case "close":
                try await connection.beginStream()
                try await connection.event(#"{"choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}"#)
            case "silence": await connection.waitForEnd()
            case "error":
                try await connection.beginStream()
                try await connection.event(#"{"error":{"message":"no memory","code":503}}"#)
            case "garbage":
                try await connection.beginStream()
                try await connection.event("<html>")
            case "line":
                try await connection.beginStream()
                try await connection.write("data: " + String(repeating: "x", count: (1 << 20) + 10))
            case "empty": try await connection.beginStream()
            case "html": try await connection.answer(200, "<html></html>", type: "text/html")
            case "404": try await connection.answer(404, #"{"error":"model 'm' not found"}"#)
            case "302": try await connection.answer(302, "", headers: ["location": "http://127.0.0.1:1/"])
            default: try await connection.answer(Int(fault) ?? 500, #"{"error":{"message":"no"}}"#)
            }
        }
        for run in 1...10 {
            // The one that may not be silent for long was perhaps too slow for the questions about its health.
            var isPassedOver = false
            try await ask(handler) {
                // Long enough for those, on a machine that has much else to do.
                if fault == "silence" { $0.silenceTimeout = .seconds(5) }
            } _: { outcome, router, bad, good in
                isPassedOver = fault == "silence" && bad.posts.isEmpty && run < 10
                if isPassedOver { return }
                #expect(outcome.error == nil)
                #expect(outcome.text == "good")
                #expect(good.posts.count == 1)
                // A connection that ends before its answer begins may have been an old one: that is tried once more.
                #expect((1...2).contains(bad.posts.count))
                let statuses = await router.statuses()
                #expect(statuses.map(\.outstandingCount) == [0, 0])
                #expect(statuses[0].failedCount == (fault == "404" ? 0 : 1))
                #expect(statuses[0].state == (["429", "404"].contains(fault) ? .up : .failing))
            }
            if !isPassedOver { return }
        }
    }

    @Test func `an engine that is not there is passed over and then left alone`() async throws {
        try await ScriptedEngine.run(Self.good) { good in
            let changes = Mutex<[EngineChange]>([])
            let engines = try [
                RemoteEngine.at("http://127.0.0.1:1", name: "gone") {
                    $0.priority = 1
                    $0.models = ModelMapping([try .init(parsing: "m")])
                }, RemoteEngine.at(good.address, name: "good"),
            ]
            try await withRouter(
                engines, { $0.backoff.first = .seconds(600) },
                onChange: { change in
                    changes.withLock { $0.append(change) }
                }
            ) { router in
                let model = try #require(await router.model(named: "m"))
                for _ in 0..<5 { #expect(await Outcome(model.chat([.user("Hi")])).text == "good") }
                let status = try #require(await router.statuses().first)
                #expect(status.state == .down)
                #expect(status.problem == "connection refused")
                #expect(status.failedCount < 3)
                #expect(
                    changes.withLock { $0 } == [EngineChange(engine: "gone", isUp: false, reason: "connection refused")]
                )

                let alone = try #require(await router.model(named: "gone/m"))
                guard
                    case .unavailable("gone/m", let reasons)? = await Outcome(alone.chat([.user("Hi")])).error
                        as? RemoteEngineError
                else {
                    Issue.record("an engine that is down was asked")
                    return
                }
                #expect(reasons.first?.reason.contains("tried again in") == true)
            }
        }
    }

    @Test func `what one engine has not is asked of one that has it`() async throws {
        let able: ScriptedEngine.Handler = { request, connection in
            guard request.path != "/tokenize" else { return try await connection.answer(200, #"{"tokens":[1,2]}"#) }
            try await connection.beginStream()
            for index in 0..<2 {
                try await connection.event(#"{"choices":[{"index":\#(index),"delta":{"content":"a"}}]}"#)
            }
            try await connection.event("[DONE]")
        }
        try await ScriptedEngine.run(Self.good) { poor in
            try await ScriptedEngine.run(able) { able in
                let engines = try [
                    RemoteEngine.at(poor.address, name: "poor") {
                        $0.kind = .ollama
                        $0.priority = 1
                    }, RemoteEngine.at(able.address, name: "able") { $0.kind = .vllm },
                ]
                try await withRouter(engines) { router in
                    let model = try #require(await router.model(named: "m"))
                    #expect(try await model.tokenize("a") == [1, 2])
                    var two = GenerationRequest(.chat(ChatRequest([.user("Hi")])))
                    two.choiceCount = 2
                    #expect(await Outcome(model.generate(two)).results.map(\.text) == ["a", "a"])
                    #expect(poor.posts.isEmpty)
                    let alone = try #require(await router.model(named: "poor/m"))
                    guard
                        case .unsupported("poor", _, _)? = await Outcome(alone.generate(two)).error
                            as? RemoteEngineError
                    else {
                        Issue.record("an engine without such answers was asked for them")
                        return
                    }
                    let statuses = await router.statuses()
                    #expect(statuses.map(\.outstandingCount) == [0, 0])
                    #expect(statuses.map(\.failedCount) == [0, 0])
                }
            }
        }
    }

    @Test func `when all engines fail each is named with its reason`() async throws {
        let busy: ScriptedEngine.Handler = { _, connection in
            try await connection.answer(429, "{}", headers: ["retry-after": "7"])
        }
        try await ScriptedEngine.run(busy) { one in
            try await ScriptedEngine.run({ _, connection in try await connection.answer(503, #"{"error":"loading"}"#) })
            { two in
                try await withRouter([.at(one.address, name: "one"), .at(two.address, name: "two")]) { router in
                    let model = try #require(await router.model(named: "m"))
                    let error = await Outcome(model.chat([.user("Hi")])).error as? RemoteEngineError
                    let text = error.map { "\($0)" } ?? ""
                    #expect(text.contains("one: it has too many requests") && text.contains("two: HTTP 503: loading"))
                    #expect(one.posts.count == 1 && two.posts.count == 1)
                }
            }
        }
    }

    @Test func `what clients ask for does not take an engine down that is well`() async throws {
        let picky: ScriptedEngine.Handler = { request, connection in
            switch request.json["model"] as? String {
            case "m": try await Self.good(request, connection)
            case "poison": try await connection.answer(500, #"{"error":"template"}"#)
            default: try await connection.answer(404, #"{"error":"model not found"}"#)
            }
        }
        try await ScriptedEngine.run(models: ["m", "poison"], picky) { one in
            try await ScriptedEngine.run(models: ["m", "poison"], picky) { two in
                try await withRouter([.at(one.address, name: "one"), .at(two.address, name: "two")]) { router in
                    for _ in 0..<5 {
                        for name in ["one/nobody", "poison"] {
                            let model = try #require(await router.model(named: name))
                            let outcome = await Outcome(model.chat([.user("Hi")]))
                            #expect(outcome.error is RemoteEngineError)
                        }
                    }
                    // On a busy machine a look at their health may have come to nothing; three failures take one down.
                    #expect(await router.statuses().allSatisfy { $0.state != .down })
                    let model = try #require(await router.model(named: "m"))
                    #expect(await Outcome(model.chat([.user("Hi")])).text == "good")
                }
            }
        }
    }

    @Test func `an engine comes back by itself`() async throws {
        let isDown = Mutex(true)
        let handler: ScriptedEngine.Handler = { request, connection in
            if isDown.withLock({ $0 }) { return try await connection.answer(503, #"{"error":"loading"}"#) }
            if request.method == "GET" { return try await connection.answer(200, #"{"data":[{"id":"m"}]}"#) }
            try await Self.good(request, connection)
        }
        try await ScriptedEngine.run(raw: handler) { engine in
            let changes = Mutex<[Bool]>([])
            let remote = try RemoteEngine.at(engine.address, name: "e") { $0.healthInterval = .milliseconds(50) }
            try await withRouter(
                [remote], { $0.backoff.first = .milliseconds(20) },
                onChange: { change in
                    changes.withLock { $0.append(change.isUp) }
                }
            ) { router in
                #expect(try await eventually { await router.statuses().first?.state == .down })
                #expect(await router.model(named: "m") == nil)
                isDown.withLock { $0 = false }
                #expect(try await eventually { await router.statuses().first?.state == .up })
                let model = try #require(await router.model(named: "m"))
                #expect(await Outcome(model.chat([.user("Hi")])).text == "good")
                #expect(changes.withLock { $0 } == [false, true])
            }
        }
    }

    @Test func `a model that came to an engine a moment ago is found`() async throws {
        let models = Mutex(["m"])
        let handler: ScriptedEngine.Handler = { request, connection in
            guard request.method == "GET" else { return try await Self.good(request, connection) }
            let list = models.withLock { $0 }.map { #"{"id":"\#($0)"}"# }.joined(separator: ",")
            try await connection.answer(200, #"{"data":[\#(list)]}"#)
        }
        try await ScriptedEngine.run(raw: handler) { engine in
            try await withRouter([.at(engine.address, name: "e")], { $0.listAge = .zero }) { router in
                #expect(await router.model(named: "n") == nil)
                models.withLock { $0.append("n") }
                #expect(await router.model(named: "n") != nil)
                #expect(await router.offeredModels().map(\.name) == ["m", "n"])
            }
        }
    }

    @Test func `a redirect is not followed and the key reaches nobody else`() async throws {
        try await ScriptedEngine.run(Self.good) { other in
            let handler: ScriptedEngine.Handler = { request, connection in
                try await connection.answer(307, "", headers: ["location": other.address + request.path])
            }
            try await ScriptedEngine.run(raw: handler) { engine in
                let keyed = try RemoteEngine.at(engine.address, name: "e") {
                    $0.key = EngineKey("canary-secret")
                    $0.models = ModelMapping([try .init(parsing: "m")])
                }
                try await withRouter([keyed]) { router in
                    let model = try #require(await router.model(named: "m"))
                    let outcome = await Outcome(model.chat([.user("Hi")]))
                    #expect("\(outcome.error.map { "\($0)" } ?? "")".contains("not followed"))
                    _ = try? await model.embed(EmbeddingRequest([.text("a")]))
                    #expect(engine.requests.allSatisfy { $0.headers["authorization"] == "Bearer canary-secret" })
                    #expect(!engine.requests.isEmpty)
                    #expect(other.requests.isEmpty)
                    let status = await router.statuses()
                    #expect(!"\(status) \(String(describing: outcome.error))".contains("canary-secret"))
                }
            }
        }
    }

    @Test func `a key that is missing keeps its engine from being asked`() async throws {
        try await ScriptedEngine.run(Self.good) { engine in
            let remote = try RemoteEngine.at(engine.address, name: "e") {
                $0.keyProblem = "the environment variable K (api_key_env) is not set"
                $0.models = ModelMapping([try .init(parsing: "m")])
            }
            try await withRouter([remote]) { router in
                #expect(await router.statuses().first?.state == .misconfigured)
                let model = try #require(await router.model(named: "m"))
                let outcome = await Outcome(model.chat([.user("Hi")]))
                #expect("\(outcome.error.map { "\($0)" } ?? "")".contains("api_key_env"))
                #expect(engine.requests.isEmpty)
            }
        }
    }
}
