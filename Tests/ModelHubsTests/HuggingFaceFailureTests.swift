import Foundation
import HubSimulator
import ModelHubs
import Security
import Testing

@Suite("What the Hugging Face Hub refuses")
struct HuggingFaceFailureTests {
    static let files = [SimulatedFile("m-Q4_K_M.gguf", "weights")]

    @Test("a gated repository says where to accept its licence, and whether a token is missing")
    func gated() async throws {
        var repository = SimulatedRepository("meta/Gated-GGUF", files: Self.files)
        repository.gate = "manual"
        repository.readers = ["hf_reader"]
        for (token, admitted) in [(nil, false), ("hf_other", false), ("hf_reader", true)] as [(String?, Bool)] {
            try await HubFixture.huggingFace([repository], token: token) { hub, simulator, _ in
                let reference = try HubFixture.reference("hf.co/meta/Gated-GGUF")
                if admitted {
                    _ = try await hub.resolve(reference)
                } else {
                    let error = await failure { try await hub.resolve(reference) }
                    #expect(
                        error
                            == .gated(
                                repository: "meta/Gated-GGUF", page: "\(simulator.hub.address)/meta/Gated-GGUF",
                                hasToken: token != nil))
                }
            }
        }
    }

    @Test("a private or absent repository names the way to see it", arguments: [nil, "hf_other"])
    func privateRepository(token: String?) async throws {
        var repository = SimulatedRepository("me/Private-GGUF", files: Self.files)
        repository.isPrivate = true
        repository.readers = ["hf_owner"]
        try await HubFixture.huggingFace([repository], token: token) { hub, simulator, _ in
            for name in ["me/Private-GGUF", "me/Absent-GGUF"] {
                let error = await failure { try await hub.resolve(HubFixture.reference("hf.co/\(name)")) }
                #expect(
                    error
                        == .repositoryNotFound(
                            repository: name, host: simulator.hub.place, hasToken: token != nil))
            }
        }
        try await HubFixture.huggingFace([repository], token: "hf_owner") { hub, _, _ in
            _ = try await hub.resolve(HubFixture.reference("hf.co/me/Private-GGUF"))
        }
    }

    @Test("a missing revision, quantization and file each say so")
    func missing() async throws {
        try await HubFixture.huggingFace([SimulatedRepository("u/r-GGUF", files: Self.files)]) { hub, _, _ in
            #expect(
                await failure { try await hub.resolve(HubFixture.reference("u/r-GGUF@v9")) }
                    == .revisionNotFound(revision: "v9", repository: "u/r-GGUF"))
            #expect(
                await failure { try await hub.resolve(HubFixture.reference("u/r-GGUF:Q8_0")) }
                    == .fileNotFound(name: "Q8_0", repository: "u/r-GGUF", choices: ["Q4_K_M"]))
            #expect(
                await failure { try await hub.resolve(HubFixture.reference("u/r-GGUF:other.gguf")) }
                    == .fileNotFound(name: "other.gguf", repository: "u/r-GGUF", choices: ["m-Q4_K_M.gguf"]))
        }
    }

    @Test("a file that only Xet serves is refused before anything is downloaded")
    func xet() async throws {
        let file = SimulatedFile("m-Q8_0.gguf", "huge", statedByteCount: 500_000_000_000)
        try await HubFixture.huggingFace([SimulatedRepository("u/huge-GGUF", files: [file])]) { hub, _, _ in
            #expect(
                await failure { try await hub.resolve(HubFixture.reference("u/huge-GGUF:Q8_0")) }
                    == .fileTooLarge(name: "m-Q8_0.gguf", byteCount: 500_000_000_000))
        }
    }

    @Test("names in a listing that lead out of the repository are no files")
    func hostileListing() async throws {
        let files = [
            SimulatedFile("../../etc/evil-Q4_K_M.gguf", "evil"), SimulatedFile("/abs-Q4_K_M.gguf", "evil"),
            SimulatedFile("good-Q8_0.gguf", "good"),
        ]
        try await HubFixture.huggingFace([SimulatedRepository("u/mixed-GGUF", files: files)]) { hub, _, _ in
            let model = try await hub.resolve(HubFixture.reference("hf.co/u/mixed-GGUF"))
            #expect(model.files.map(\.path.description) == ["good-Q8_0.gguf"])
        }
    }

    @Test("a hub that says one hash in its listing and another for the file is not believed")
    func contradiction() async throws {
        let other = String(repeating: "a", count: 64)
        var behaviour = HuggingFaceSimulator.Behaviour()
        behaviour.alter = { request, response in
            guard request.uri.contains("/resolve/") else { return }
            response.headers.removeAll { $0.0 == "X-Linked-Etag" }
            response.headers.append(("X-Linked-Etag", "\"\(other)\""))
        }
        try await HubFixture.huggingFace([SimulatedRepository("u/r-GGUF", files: Self.files)], behaviour: behaviour) {
            hub, _, _ in
            #expect(
                await failure { try await hub.resolve(HubFixture.reference("hf.co/u/r-GGUF")) }
                    == .pinMismatch(
                        name: "m-Q4_K_M.gguf", fact: "SHA-256", expected: Self.files[0].digest.hexadecimal,
                        found: other))
        }
    }

    @Test(
        "an answer that is no answer of a hub says what it is",
        arguments: [
            (SimulatedResponse(200, text: "<html>log in</html>", type: "text/html"), "web page"),
            (SimulatedResponse(200, text: "{\"id\":7}"), "not the JSON"),
            (SimulatedResponse(200, text: "{\"id\":\"u/r\"}"), "no commit"),
            (SimulatedResponse(200, text: "{\"id\":\"u/r\",\"sha\":\"../../x\"}"), "no commit"),
            (SimulatedResponse(418, text: "{}"), "HTTP 418"),
            (SimulatedResponse(302), "no address"),
        ])
    func nonsense(answer: SimulatedResponse, words: String) async throws {
        var behaviour = HuggingFaceSimulator.Behaviour()
        behaviour.interrupt = { _ in answer }
        try await HubFixture.huggingFace([], behaviour: behaviour) { hub, _, _ in
            let error = await failure { try await hub.resolve(HubFixture.reference("hf.co/u/r")) }
            #expect(error?.description.contains(words) == true, "\(String(describing: error))")
        }
    }

    @Test("a refused token is told from a missing repository")
    func badToken() async throws {
        var behaviour = HuggingFaceSimulator.Behaviour()
        behaviour.interrupt = { _ in
            SimulatedResponse(
                401, headers: [("X-Error-Message", "Invalid credentials in Authorization header")], text: "{}")
        }
        try await HubFixture.huggingFace([], token: "hf_old", behaviour: behaviour) { hub, simulator, _ in
            let error = await failure { try await hub.resolve(HubFixture.reference("hf.co/u/r")) }
            #expect(
                error
                    == .tokenRefused(
                        host: simulator.hub.place, reason: "Invalid credentials in Authorization header"))
        }
    }
}
