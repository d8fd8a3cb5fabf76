import Foundation
import Inference
import Testing

@testable import RemoteEngines

@Suite struct EngineProbeTests {
    private static let never: ScriptedEngine.Handler = { _, connection in try await connection.answer(500, "{}") }

    @Test(arguments: [
        ("llamacpp", "x", EngineKind.llamaServer), ("me", "llama.cpp", .llamaServer), ("vllm", "uvicorn", .vllm),
        ("organization_owner", "x", .lmStudio), ("library", "x", .ollama), ("library", "roost/0.1.0", .roost),
        ("somebody", "x", .openAI),
    ])
    func `what an engine is shows in its list`(owner: String, server: String, kind: EngineKind) async throws {
        try await ScriptedEngine.run(models: ["m", "n"], owner: owner, server: server, Self.never) { engine in
            try await withRouter([.at(engine.address, name: "e")]) { router in
                let status = try #require(await router.statuses().first)
                #expect(status.kind == kind && status.state == .up)
                #expect(status.models.map(\.name) == ["m", "n"])
                #expect(status.latency != nil)
            }
        }
    }

    @Test func `facts are read from every form of list`() async throws {
        let handler: ScriptedEngine.Handler = { request, connection in
            switch request.path {
            case "/v1/models":
                try await connection.answer(
                    200,
                    #"{"data":[{"id":"q","owned_by":"vllm","max_model_len":4096,"created":1700000000},{"id":"g","meta":{"n_params":268098176,"n_ctx_train":32768,"size":1000,"n_embd":640}},{"id":"bad\nname"}]}"#
                )
            case "/api/tags":
                try await connection.answer(
                    200,
                    #"{"models":[{"name":"g:latest","size":5,"modified_at":"2025-01-02T03:04:05.123456789+01:00","details":{"family":"gemma3","parameter_size":"268M","quantization_level":"Q4_K_M"},"capabilities":["completion","vision"]},{"name":"cloud","remote_host":"https://x"}]}"#
                )
            default: try await connection.answer(200, "{}")
            }
        }
        try await ScriptedEngine.run(raw: handler) { engine in
            let engines = try [EngineKind.vllm, .ollama, .roost].map { kind in
                try RemoteEngine.at(engine.address, name: kind.rawValue) { $0.kind = kind }
            }
            try await withRouter(engines) { router in
                let statuses = await router.statuses()
                #expect(statuses[0].models.map(\.name) == ["q", "g"])
                #expect(statuses[0].models.map(\.facts.contextLength) == [4096, 32768])
                #expect(statuses[0].models.map(\.facts.parameterSize) == [nil, "268M"])
                #expect(statuses[0].models[0].facts.modifiedAt == Date(timeIntervalSince1970: 1_700_000_000))
                let gemma = try #require(statuses[1].models.first)
                #expect(gemma.facts.family == "gemma3" && gemma.facts.quantization == "Q4_K_M")
                #expect(gemma.can("vision") == true && gemma.can("tools") == false)
                #expect(gemma.facts.modifiedAt == Date(timeIntervalSince1970: 1_735_783_445))
                #expect(statuses[1].models.map(\.name) == ["g:latest", "cloud"])
                // What another Roost only passes on is not taken from it: two could pass a request to and fro.
                #expect(statuses[2].models.map(\.name) == ["g:latest"])
                let model = try #require(await router.model(named: "ollama/g"))
                #expect(model.info.hasChatTemplate && model.info.architecture == "gemma3")
                #expect(model.memory.totalByteCount == 0)
            }
        }
    }

    @Test(arguments: [
        (500, "{}", "HTTP 500"), (200, "<html>", "JSON"), (200, #"{"data":3}"#, "JSON"), (401, "{}", "api_key"),
        (302, "", "not followed"),
    ])
    func `an engine that does not answer as it should is told with the reason`(
        status: Int, body: String, part: String
    ) async throws {
        try await ScriptedEngine.run(raw: { _, connection in
            try await connection.answer(status, body, headers: ["location": "/else"])
        }) { engine in
            try await withRouter([.at(engine.address, name: "e")]) { router in
                let found = try #require(await router.statuses().first)
                #expect(found.state != .up)
                #expect(found.problem?.contains(part) == true, "\(found.problem ?? "")")
            }
        }
    }

    @Test func `a list without end is not read to its end`() async throws {
        try await ScriptedEngine.run(raw: { _, connection in
            try await connection.write("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n")
            let piece = [UInt8](repeating: 0x20, count: 1 << 20)
            while true { try await connection.write(piece) }
        }) { engine in
            try await withRouter([.at(engine.address, name: "e")]) { router in
                #expect(await router.statuses().first?.problem == "its answer is longer than 8 MiB")
            }
        }
    }

    @Test func `an engine that says nothing is given up after its time`() async throws {
        try await ScriptedEngine.run(raw: { _, connection in await connection.waitForEnd() }) { engine in
            try await withRouter([.at(engine.address, name: "e") { $0.healthTimeout = .milliseconds(100) }]) { router in
                #expect(await router.statuses().first?.problem == "no answer in time")
            }
        }
    }

    // MARK: Vectors and ranks

    @Test func `vectors come in any order and are scaled here`() async throws {
        let handler: ScriptedEngine.Handler = { request, connection in
            try await connection.answer(
                200,
                #"{"data":[{"index":1,"embedding":[0,5,1]},{"index":0,"embedding":[3,4,1]}],"usage":{"prompt_tokens":5}}"#
            )
        }
        try await ScriptedEngine.run(handler) { engine in
            try await withRouter([.at(engine.address, name: "e")]) { router in
                let model = try #require(await router.model(named: "m"))
                var request = EmbeddingRequest([.text("a"), .text("b")])
                request.dimensionCount = 2
                let result = try await model.embed(request)
                #expect(result.vectors == [[[0.6, 0.8]], [[0, 1]]])
                #expect(result.tokenCounts == [3, 2])
                request.inputs.append(.text("c"))
                await #expect(throws: RemoteEngineError.self) { try await model.embed(request) }
                request.pooling = .cls
                await #expect(throws: InferenceError.self) { try await model.embed(request) }
                #expect(try #require(engine.posts.first).json["input"] as? [String] == ["a", "b"])
            }
        }
    }

    @Test func `scores come in the order of the documents`() async throws {
        let handler: ScriptedEngine.Handler = { _, connection in
            try await connection.answer(
                200, #"{"results":[{"index":1,"relevance_score":2.5},{"index":0,"relevance_score":-1}]}"#)
        }
        try await ScriptedEngine.run(owner: "llamacpp", handler) { engine in
            try await withRouter([.at(engine.address, name: "e")]) { router in
                let model = try #require(await router.model(named: "m"))
                let result = try await model.rerank(RerankRequest(query: "q", documents: ["a", "b"]))
                #expect(result.scores == [-1, 2.5])
                await #expect(throws: RemoteEngineError.self) {
                    try await model.rerank(RerankRequest(query: "q", documents: ["a", "b", "c"]))
                }
            }
        }
    }
}
