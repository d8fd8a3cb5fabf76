import Foundation
import Roost
import Testing

@Suite("The configuration file")
struct ConfigurationFileTests {
    private func withHome(_ text: String?, _ body: (String) throws -> Void) throws {
        let home = FileManager.default.temporaryDirectory.appending(path: "roost-config-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: home, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: home) }
        if let text { try Data(text.utf8).write(to: home.appending(path: "config.toml")) }
        try body(home.path)
    }

    @Test("Its values hold where the environment has none")
    func values() throws {
        let text = """
            max_concurrent_downloads = 5
            limit_rate = "2M"
            offline = true
            auto_resume = false
            catalogs = ["a.json", "https://catalog.example/b.json"]
            https_proxy = "http://proxy.example:3128"
            """
        try withHome(text) { home in
            let configuration = try RoostConfiguration.fromEnvironment(["ROOST_HOME": home])
            #expect(configuration.downloads.maximumConcurrentDownloads == 5)
            #expect(configuration.downloads.bandwidthLimit == 2_000_000)
            #expect(configuration.downloads.offlineSetting == "ROOST_OFFLINE")
            #expect(!configuration.downloads.resumesAutomatically)
            #expect(configuration.catalogs == ["a.json", "https://catalog.example/b.json"])

            let other = try RoostConfiguration.fromEnvironment(["ROOST_HOME": home, "ROOST_LIMIT_RATE": "none"])
            #expect(other.downloads.bandwidthLimit == nil)
            #expect(other.downloads.maximumConcurrentDownloads == 5)
        }
    }

    @Test("Each setting tells where it comes from, without passwords")
    func origins() throws {
        try withHome("https_proxy = \"http://me:secret@proxy.example\"\n") { home in
            let values = try RoostConfiguration.settings(["ROOST_HOME": home, "ROOST_LIMIT_RATE": "5k"])
            let byKey = Dictionary(uniqueKeysWithValues: values.map { ($0.setting.key, $0) })
            #expect(byKey["limit_rate"]?.origin == .environment)
            #expect(byKey["limit_rate"]?.text == "5k")
            #expect(byKey["https_proxy"]?.origin == .file)
            #expect(byKey["https_proxy"]?.text?.contains("secret") == false)
            #expect(byKey["https_proxy"]?.text?.contains("proxy.example") == true)
            #expect(byKey["offline"]?.origin == .standard)
        }
    }

    @Test(
        "What breaks the rules is told with its place",
        arguments: [
            ("limit_rat = 5", "limit_rat"), ("x = ", "line 1"), ("limit_rate = { a = 1 }", "limit_rate"),
            ("max_concurrent_downloads = 0", "ROOST_MAX_CONCURRENT_DOWNLOADS"),
        ])
    func refusals(text: String, part: String) throws {
        try withHome(text) { home in
            let error = try #require(throws: RoostError.self) {
                try RoostConfiguration.fromEnvironment(["ROOST_HOME": home])
            }
            #expect("\(error)".contains(part), "\(error)")
        }
    }
}
