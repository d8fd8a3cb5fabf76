import Foundation
import ModelHubs
import Security
import Testing

@Suite("Names of models")
struct ModelReferenceTests {
    /// A parser for a machine with one model file and one folder whose name is like a repository's.
    static let parser = ModelReferenceParser(fileExists: {
        ["models/here/tiny.gguf", "owner/shadowed", "a/b/c/d"].contains($0)
    })

    @Test(
        "each form that people write has its one meaning",
        arguments: [
            ("tinyllama", "tinyllama"),
            ("llama3.2:1b", "llama3.2:1b"),
            ("hf.co/user/repo", "hf.co/user/repo"),
            ("hf.co/user/repo:Q4_K_M", "hf.co/user/repo:Q4_K_M"),
            ("HF.CO/user/repo:latest", "hf.co/user/repo"),
            ("huggingface.co/user/repo:q8_0", "hf.co/user/repo:q8_0"),
            ("hf.co/user/repo@v1.0:Q4_0", "hf.co/user/repo@v1.0:Q4_0"),
            ("hf.co/user/repo@refs/pr/3", "hf.co/user/repo@refs/pr/3"),
            ("hf.co/user/repo:sub/model-Q4_0.gguf", "hf.co/user/repo:sub/model-Q4_0.gguf"),
            ("user/repo:Q4_K_M", "hf.co/user/repo:Q4_K_M"),
            ("user/repo:ud-q4_k_xl", "hf.co/user/repo:ud-q4_k_xl"),
            ("user/repo:model.gguf", "hf.co/user/repo:model.gguf"),
            ("user/repo@main", "hf.co/user/repo@main"),
            ("user/repo/sub/model.gguf", "hf.co/user/repo:sub/model.gguf"),
            ("https://huggingface.co/user/repo", "hf.co/user/repo"),
            ("https://huggingface.co/user/repo/", "hf.co/user/repo"),
            ("https://hf.co/user/repo:Q4_K_M", "hf.co/user/repo:Q4_K_M"),
            ("https://huggingface.co/user/repo/tree/main", "hf.co/user/repo@main"),
            ("https://huggingface.co/user/repo/tree/main/Q8_0", "hf.co/user/repo@main:Q8_0"),
            ("https://huggingface.co/user/repo/blob/main/m.gguf", "hf.co/user/repo@main:m.gguf"),
            ("https://huggingface.co/user/repo/resolve/main/d/m.gguf?download=true", "hf.co/user/repo@main:d/m.gguf"),
            ("https://huggingface.co/user/repo/resolve/refs%2Fpr%2F1/m.gguf", "hf.co/user/repo@refs/pr/1:m.gguf"),
            ("https://huggingface.co/user/repo/blob/refs/pr/1/m.gguf", "hf.co/user/repo@refs/pr/1:m.gguf"),
            ("huggingface.co/user/repo/blob/main/m.gguf", "hf.co/user/repo@main:m.gguf"),
            ("https://huggingface.co/api/models/user/repo", "hf.co/user/repo"),
            ("hf://user/repo:Q4_K_M", "hf.co/user/repo:Q4_K_M"),
            ("ollama.com/library/x:tag", "ollama.com/library/x:tag"),
            ("ollama.com/x", "ollama.com/library/x:latest"),
            ("https://ollama.com/library/llama3.2:1b", "ollama.com/library/llama3.2:1b"),
            ("registry.ollama.ai/user/x:tag", "ollama.com/user/x:tag"),
            ("ollama://x:tag", "ollama.com/library/x:tag"),
            ("registry.example.com/user/x:tag", "registry.example.com/user/x:tag"),
            ("localhost:5000/user/x", "localhost:5000/user/x:latest"),
            ("https://example.com/models/m.gguf?x=1", "https://example.com/models/m.gguf?x=1"),
            ("http://127.0.0.1:8080/m.gguf", "http://127.0.0.1:8080/m.gguf"),
            ("http://[::1]:8080/m.gguf", "http://[::1]:8080/m.gguf"),
            ("/models/m.gguf", "/models/m.gguf"),
            ("../m.gguf", "../m.gguf"),
            ("~/models", "~/models"),
            ("m.gguf", "./m.gguf"),
            ("dir/m.GGUF", "./dir/m.GGUF"),
            ("models/here/tiny.gguf", "./models/here/tiny.gguf"),
            ("a/b/c/d", "./a/b/c/d"),
            ("file:///models/a%20b.gguf", "/models/a b.gguf"),
        ])
    func oneMeaning(text: String, meaning: String) throws {
        #expect(try Self.parser.reference(text).description == meaning)
    }

    @Test("a digest after “#” pins the content of an address")
    func pinnedAddress() throws {
        let digest = Digest.of([1, 2, 3])
        let reference = try Self.parser.reference("https://example.com/m.gguf#sha256=\(digest.hexadecimal)")
        guard case .web(let web) = reference else {
            Issue.record("read as \(reference)")
            return
        }
        #expect(web.digest == digest)
        #expect(web.url.absoluteString == "https://example.com/m.gguf")
    }

    @Test(
        "a name that can be meant for several places is answered with one choice for each",
        arguments: [
            ("user/repo", ["hf.co/user/repo", "ollama.com/user/repo:latest"]),
            ("user/model:7b", ["hf.co/user/model:7b", "ollama.com/user/model:7b"]),
            ("owner/shadowed", ["./owner/shadowed", "hf.co/owner/shadowed", "ollama.com/owner/shadowed:latest"]),
        ])
    func ambiguity(text: String, choices: [String]) throws {
        #expect(throws: ModelHubError.ambiguous(text: text, choices: choices)) {
            try Self.parser.reference(text)
        }
        for choice in choices { #expect(try Self.parser.reference(choice).description == choice) }
    }

    @Test(
        "hostile and broken names are refused",
        arguments: [
            "", " ", "a b", "name:", ":tag", "a:b:c", "name\n", "na\u{0}me", "na\u{1b}[31mme", "na\u{202e}me", "-x",
            ".hidden", "a..b", "user/..", "user/../repo", "user/re..po", "user//repo", "/hf.co\u{7}", "user/repo:",
            "user/repo:Q4/../../etc", "user/repo:../../etc/passwd.gguf", "hf.co/user", "hf.co", "hf.co/", "hf.co/a/b/c",
            "hf.co/user/repo@", "hf.co/user/repo@-x", "hf.co/user/repo@a/../b", "hf.co/user/repo:a\\b.gguf",
            "hf.co/user/repo.git", "hf.co/us--er/repo", "https://", "https:///m.gguf", "ftp://x/m.gguf",
            "javascript://x/m.gguf", "https://huggingface.co/datasets/user/repo",
            "https://huggingface.co/user/repo/blob/main/..%2f..%2fetc%2fpasswd",
            "https://huggingface.co/user/repo/resolve/main/a%00.gguf",
            "https://huggingface.co/user/repo/settings/main/x", "https://example.com/%2e%2e/m.gguf",
            "https://example.com/a%0d%0aHost:x/m.gguf", "https://user:secret@example.com/m.gguf",
            "https://example.com/m.gguf#sha256=12", "https://example.com/m.gguf#x", "ollama.com/a/b/c", "ollama.com/",
            "localhost:99999/user/x", "localhost:5000/x", "x/y/z/w", "file://host/m.gguf", "file:///a%00b",
            String(repeating: "a", count: 81), "user/" + String(repeating: "r", count: 97),
            "/" + String(repeating: "p", count: 5000),
        ])
    func refusals(text: String) {
        do {
            let reference = try Self.parser.reference(text)
            Issue.record("read as \(reference)")
        } catch let error as ModelHubError {
            guard case .invalidReference = error else {
                Issue.record("refused as \(error)")
                return
            }
            #expect(!error.description.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x202e })
            #expect(error.description.count < 400)
            #expect(!error.description.contains("secret"))
        } catch {
            Issue.record(error)
        }
    }

    @Test(
        "plain http is only for this machine",
        arguments: ["http://example.com/m.gguf", "http://192.168.1.2/m.gguf", "http://127.0.0.1.evil.test/m.gguf"])
    func plainHTTP(text: String) {
        #expect(throws: ModelHubError.insecureAddress(text)) { try Self.parser.reference(text) }
    }

    @Test("a mirror's addresses are read like the hub's own")
    func mirror() throws {
        var parser = Self.parser
        parser.huggingFaceHosts.insert("127.0.0.1:8080")
        let reference = try parser.reference("http://127.0.0.1:8080/user/repo/resolve/main/m.gguf")
        #expect(reference.description == "hf.co/user/repo@main:m.gguf")
    }

    @Test("every accepted text reads back from its description, and holds nothing hostile", arguments: 0..<40)
    func readsBack(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let pieces = [
            "a", "user", "repo", "hf.co", "ollama.com", "huggingface.co", "/", "/", ":", "@", ".", "..", "-", "--", "_",
            "https://", "http://", "hf://", "file://", "127.0.0.1", "localhost", ":5000", "Q4_K_M", ".gguf", "%2e",
            "%00", "%2f", "\u{0}", "\u{202e}", "ü", " ", "~", "\\", "resolve", "blob", "tree", "main", "refs/pr/1",
            "?x=1", "#sha256=", String(repeating: "0", count: 64), "[::1]", "-00001-of-00002", "\n",
        ]
        var accepted = 0
        for _ in 0..<2000 {
            let text = (0...random.below(9)).map { _ in pieces[random.below(pieces.count)] }.joined()
            guard let readings = try? Self.parser.readings(of: text) else { continue }
            #expect(!readings.isEmpty)
            for reading in readings {
                accepted += 1
                let written = reading.description
                #expect(try Self.parser.readings(of: written).contains(reading), "\(text) → \(written)")
                #expect(!written.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x202e })
                if case .path = reading { continue }
                if case .web(let web) = reading {
                    #expect(!web.url.pathComponents.contains(".."), "\(text) → \(written)")
                    continue
                }
                #expect(!written.contains("/../") && !written.hasSuffix("/.."), "\(text) → \(written)")
            }
        }
        #expect(accepted > 20)
    }
}

/// Numbers that are the same for the same seed (SplitMix64).
struct SeededRandom {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func below(_ count: Int) -> Int {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return Int((value ^ (value >> 31)) % UInt64(count))
    }
}
