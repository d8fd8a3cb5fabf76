import Foundation
import Roost
import Testing

@Suite struct EngineConfigurationTests {
    private func configuration(_ text: String, _ environment: [String: String] = [:]) throws -> RoostConfiguration {
        let home = FileManager.default.temporaryDirectory.appending(path: "roost-engines-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: home, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: home) }
        try Data(text.utf8).write(to: home.appending(path: "config.toml"))
        let environment = environment.merging(["ROOST_HOME": home.path]) { $1 }
        return try RoostConfiguration.fromEnvironment(environment)
    }

    private static let table = """
        limit_rate = "2M"

        [engines.cluster]
        url = "https://gpu.example/v1"
        kind = "vllm"
        api_key_env = "CLUSTER_KEY"
        weight = 3
        models = ["llama3.3:*", "qwen3:32b=Qwen/Qwen3-32B"]

        [engines.local]
        url = "http://127.0.0.1:8080"
        timeout = 2.5
        """

    @Test func `tables of the file and a list of the environment are engines together`() throws {
        let configuration = try configuration(
            Self.table, ["CLUSTER_KEY": "secret-1", "ROOST_ENGINES": "local=http://127.0.0.1:9, quick=http://[::1]:7"])
        #expect(configuration.engines.map(\.name) == ["local", "quick", "cluster"])
        #expect(configuration.engines[0].address.port == 9)
        #expect(configuration.engines[2].weight == 3 && configuration.engines[2].kind == .vllm)
        #expect(configuration.engines[2].key == EngineKey("secret-1"))
        #expect(configuration.engines[2].models.rules.count == 2)
        #expect(configuration.downloads.bandwidthLimit == 2_000_000)
    }

    @Test func `a missing key does not keep other commands from working`() throws {
        let configuration = try configuration(Self.table)
        #expect(configuration.engines.first?.keyProblem?.contains("CLUSTER_KEY") == true)
        #expect(configuration.engines.last?.silenceTimeout == .seconds(2.5))
    }

    @Test(arguments: [
        ("[engines.a]\nurl = \"http://127.0.0.1\"\nwieght = 3", "engines.a.wieght"),
        ("[engines.a]\nweight = 3", "engines.a.url"), ("[engines.a]\nurl = \"http://8.8.8.8\"", "insecure"),
        ("[engines.\"A B\"]\nurl = \"http://127.0.0.1\"", "lower-case"),
        ("[engines.a]\nurl = \"http://127.0.0.1\"\nmodels = [\"a**\"]", "engines.a.models"),
        ("[engines.a.b]\nurl = \"http://127.0.0.1\"", "engines"),
    ])
    func `what breaks a rule is told with its file and place`(text: String, part: String) throws {
        let error = #expect(throws: RoostError.self) { try configuration(text) }
        #expect("\(error.map { "\($0)" } ?? "")".contains(part))
        #expect("\(error.map { "\($0)" } ?? "")".contains("config.toml"))
    }

    @Test func `the settings' list names the engines and no secret`() throws {
        let home = FileManager.default.temporaryDirectory.appending(path: "roost-engines-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: home, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: home) }
        try Data(Self.table.utf8).write(to: home.appending(path: "config.toml"))
        let value = try #require(
            try RoostConfiguration.settings(["ROOST_HOME": home.path, "CLUSTER_KEY": "secret-1"])
                .first { $0.setting.key == "engines" })
        #expect(value.text == "cluster, local" && value.origin == .file)
    }
}
