import Foundation
import ModelHubs
import Testing

@Suite("Settings of the Hugging Face Hub")
struct HuggingFaceSettingsTests {
    @Test("a token comes from HF_TOKEN, then HF_TOKEN_PATH, then $HF_HOME/token, then the cache folder")
    func tokens() throws {
        let folder = try TemporaryFolder()
        let pathFile = try folder.write("elsewhere", "hf_path\n")
        try folder.write("hf/token", "hf_home\n")
        try folder.write(".cache/huggingface/token", "hf_cache")
        try folder.write("xdg/huggingface/token", "hf_xdg")
        let home = ["HF_HOME": folder.path + "/hf"]
        let cases: [([String: String], String?)] = [
            (home.merging(["HF_TOKEN": " hf_env ", "HF_TOKEN_PATH": pathFile]) { $1 }, "hf_env"),
            (home.merging(["HF_TOKEN": "", "HF_TOKEN_PATH": pathFile]) { $1 }, "hf_path"),
            (home, "hf_home"), ([:], "hf_cache"), (["XDG_CACHE_HOME": folder.path + "/xdg"], "hf_xdg"),
            (["HF_HOME": "~/hf"], "hf_home"), (["HF_HOME": folder.path + "/none"], nil),
        ]
        for (environment, token) in cases {
            let settings = try HuggingFaceSettings(environment: environment, homeDirectory: folder.path)
            let url = try #require(URL(string: "https://huggingface.co/api"))
            #expect(settings.credential?.authorization(for: url) == token.map { "Bearer " + $0 })
        }
    }

    @Test("the token belongs to the mirror when there is one")
    func mirror() throws {
        let settings = try HuggingFaceSettings(
            environment: ["HF_ENDPOINT": "https://mirror.example/hf/", "HF_TOKEN": "hf_x"], homeDirectory: "/none")
        #expect(settings.endpoint.absoluteString == "https://mirror.example/hf")
        let own = try #require(URL(string: "https://huggingface.co/api"))
        #expect(settings.credential?.authorization(for: own) == nil)
    }

    @Test(
        "an endpoint that would send the token in the clear, or is none, is refused",
        arguments: [
            "http://mirror.example", "mirror.example", "ftp://x", "https://user:secret@x", "https://x?y", "https://",
        ])
    func endpoints(text: String) {
        let error = #expect(throws: ModelHubError.self) { try HuggingFaceSettings(endpoint: text) }
        #expect(error?.description.contains("secret") == false)
        #expect(error?.description.contains("HF_ENDPOINT") == true)
    }

    @Test("a token that is none is refused and not shown")
    func badTokens() throws {
        let error = #expect(throws: ModelHubError.self) { try HuggingFaceSettings(token: "hf_canary\nX: y") }
        #expect(error?.description.contains("canary") == false)
    }

    @Test(
        "offline mode is on for the usual words",
        arguments: [("1", true), ("ON", true), ("true", true), ("0", false), ("", false)])
    func offline(value: String, isOn: Bool) throws {
        let settings = try HuggingFaceSettings(environment: ["HF_HUB_OFFLINE": value], homeDirectory: "/none")
        #expect((settings.offlineSetting != nil) == isOn)
    }
}
