import Foundation
import Testing

@testable import RemoteEngines

@Suite struct EngineTableTests {
    private func engine(_ table: [String: EngineSetting], environment: [String: String] = [:]) throws -> RemoteEngine {
        try #require(try EngineTable(environment: environment).engines(in: ["cluster": table]).first)
    }

    @Test func `a table says everything about an engine`() throws {
        let engine = try engine(
            [
                "url": .text("https://gpu.example:8443/v1"), "kind": .text("vllm"), "api_key_env": .text("K"),
                "weight": .integer(3), "priority": .integer(1), "models": .texts(["a", "b=c"]), "prefer": .flag(true),
                "timeout": .integer(30), "connect_timeout": .number(0.5), "ca_file": .text("/ca.pem"),
            ], environment: ["K": " sk-secret-1 \n"])
        #expect(engine.kind == .vllm && engine.weight == 3 && engine.priority == 1 && engine.isPreferred)
        #expect(engine.silenceTimeout == .seconds(30) && engine.connectTimeout == .seconds(0.5))
        #expect(engine.address.api("chat/completions") == "https://gpu.example:8443/v1/chat/completions")
        #expect(engine.address.root("health") == "https://gpu.example:8443/health")
        #expect(engine.key?.authorization == "Bearer sk-secret-1")
        var dumped = ""
        dump(engine, to: &dumped)
        #expect(!"\(engine) \(dumped) \(String(reflecting: engine))".contains("sk-secret-1"))
    }

    @Test(arguments: [
        ("weight", EngineSetting.integer(0), "engines.cluster.weight"),
        ("weight", .integer(1001), "1 to 1000"), ("priority", .text("first"), "engines.cluster.priority"),
        ("kind", .text("tgi"), "llama-server"), ("models", .integer(3), "engines.cluster.models"),
        ("timeout", .number(-1), "seconds"), ("prefer", .text("yes"), "true or false"),
        ("wieght", .integer(3), "engines.cluster.wieght"), ("client_key", .text("/k"), "both of them"),
        ("url", .text("ftp://x"), "engines.cluster.url"), ("url", .text("http://host:0"), "engines.cluster.url"),
        ("url", .text("http://me:pw@127.0.0.1"), "api_key_env"),
        ("url", .text("http://127.0.0.1/?key=pw"), "without"),
        ("url", .text("http://gpu.example:8000"), "insecure = true"),
        ("url", .text("http://169.254.169.254/"), "engines.cluster.url"),
    ])
    func `what breaks a rule is refused with its place`(key: String, value: EngineSetting, part: String) throws {
        var table: [String: EngineSetting] = ["url": .text("http://127.0.0.1:8080")]
        table[key] = value
        let error = #expect(throws: RemoteEngineError.self) { try engine(table) }
        #expect("\(error.map { "\($0)" } ?? "")".contains(part))
        #expect(!"\(error.map { "\($0)" } ?? "")".contains("pw"))
    }

    @Test func `http goes to this machine and to inner networks, elsewhere when it is said`() throws {
        for host in ["127.0.0.1", "[::1]", "localhost", "10.1.2.3", "192.168.0.9", "vllm.default.svc.cluster.local"] {
            #expect(throws: Never.self) { try EngineAddress(parsing: "http://\(host):8000") }
        }
        #expect(throws: RemoteEngineError.self) { try EngineAddress(parsing: "http://8.8.8.8") }
        #expect(try EngineAddress(parsing: "http://8.8.8.8", allowsInsecure: true).description == "http://8.8.8.8/v1")
        #expect(try EngineAddress(parsing: "https://x.example/openai/v1/").apiPath == "/openai/v1")
        #expect(try EngineAddress(parsing: "http://[::1]:80").origin == "http://[::1]")
    }

    @Test func `a key that is missing is its engine's problem alone`() throws {
        let one = try engine(["url": .text("http://127.0.0.1"), "api_key_env": .text("NOT_SET")])
        #expect(one.key == nil && one.keyProblem?.contains("NOT_SET") == true)
        let file = FileManager.default.temporaryDirectory.appending(path: "key-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data("k-123\n".utf8).write(to: file)
        let two = try engine(["url": .text("http://127.0.0.1"), "api_key_file": .text(file.path)])
        #expect(two.key == EngineKey("k-123") && two.keyProblem == nil)
        try Data("two words".utf8).write(to: file)
        #expect(try engine(["url": .text("http://127.0.0.1"), "api_key_file": .text(file.path)]).keyProblem != nil)
    }

    @Test func `a list names engines for quick use`() throws {
        let table = EngineTable(environment: [:])
        let engines = try table.engines(listed: "a=http://127.0.0.1:1, b=https://x.example", setting: "ROOST_ENGINES")
        #expect(engines.map(\.name) == ["a", "b"])
        #expect(try table.engines(listed: "", setting: "ROOST_ENGINES").isEmpty)
        for text in ["a", "=http://127.0.0.1", "a=http://127.0.0.1,a=http://127.0.0.1", "A b=http://127.0.0.1"] {
            #expect(throws: RemoteEngineError.self) { try table.engines(listed: text, setting: "ROOST_ENGINES") }
        }
    }
}
