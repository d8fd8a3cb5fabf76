import Foundation
import ModelFixtures
import ModelStore
import Testing

@Suite("A model name")
struct ModelNameTests {
    @Test(
        "is a name and a tag, latest when none is given",
        arguments: [
            ("gemma3", "gemma3", "latest"), ("gemma3:latest", "gemma3", "latest"), ("gemma3:270m", "gemma3", "270m"),
            ("user/model:tag", "user/model", "tag"), ("hf.co/user/repo:Q4_K_M", "hf.co/user/repo", "Q4_K_M"),
            ("hf.co/user/repo.v2-GGUF", "hf.co/user/repo.v2-GGUF", "latest"),
            ("localhost:5000/user/model:tag", "localhost:5000/user/model", "tag"),
            ("localhost:5000/model", "localhost:5000/model", "latest"), ("a", "a", "latest"), ("_a:_", "_a", "_"),
            ("UD:Q4_K_XL", "UD", "Q4_K_XL"), ("sha256:0123", "sha256", "0123"),
        ])
    func parts(text: String, name: String, tag: String) throws {
        let parsed = try ModelName(parsing: text)
        #expect(parsed.name == name)
        #expect(parsed.tag == tag)
        #expect(parsed.description == name + ":" + tag)
        #expect(try ModelName(parsing: parsed.description) == parsed)
        #expect(try ModelName(parsing: parsed.display) == parsed)
    }

    @Test("is shown without the tag latest")
    func display() throws {
        #expect(try ModelName(parsing: "gemma3:LATEST").display == "gemma3")
        #expect(try ModelName(parsing: "gemma3:270m").display == "gemma3:270m")
    }

    @Test("keeps its letter case, which does not tell names apart")
    func letterCase() throws {
        let upper = try ModelName(parsing: "User/Model:Q4_K_M")
        let lower = try ModelName(parsing: "user/model:q4_k_m")
        #expect(upper == lower)
        #expect(Set([upper, lower]).count == 1)
        #expect(upper.description == "User/Model:Q4_K_M")
        #expect(!(upper < lower) && !(lower < upper))
    }

    static let hostile: [(text: String, rule: String)] = [
        ("", "at least one"), (" ", "only the letters"), ("a b", "only the letters"), ("a\n", "only the letters"),
        ("a\0", "only the letters"), ("\u{1B}[31mred", "only the letters"), ("a\u{202E}b", "only the letters"),
        ("modèle", "only the letters"), ("模型", "only the letters"), ("ａ", "only the letters"),
        ("a\\b", "only the letters"), ("a;rm -rf", "only the letters"), ("$(id)", "only the letters"),
        ("a%2f..", "only the letters"), ("a@b", "only the letters"), ("~root", "only the letters"),
        ("..", "starts with"), ("../../etc/passwd", "starts with"), ("a/../b", "starts with"), ("a..b", "“..”"),
        ("a:..", "starts with"), ("a:b..c", "“..”"), (".", "starts with"), (".hidden", "starts with"),
        ("-rf", "starts with"), ("a:-b", "starts with"), ("/etc/passwd", "empty"), ("a/", "empty"), ("a//b", "empty"),
        ("/", "empty"), ("a:", "tag must follow"), (":", "tag must follow"), (":tag", "empty"), ("a:b:c", "one “:”"),
        ("a/b:c:d", "one “:”"), ("a:b/c", "before the tag"), ("h:0/m", "before the tag"),
        ("h:99999/m", "before the tag"),
        ("h:+80/m", "only the letters"), ("h:1:2/m", "before the tag"), ("a/h:80/m", "before the tag"),
        ("https://hf.co/a/b", "before the tag"), (String(repeating: "a", count: 256), "255 bytes"),
        (String(repeating: "a/", count: 5000) + "a", "255 bytes"),
    ]

    @Test("is refused with the rule it breaks", arguments: hostile.indices)
    func refusal(index: Int) throws {
        let (text, rule) = Self.hostile[index]
        #expect(ModelName(text) == nil)
        let error = #expect(throws: ModelStoreError.self) { try ModelName(parsing: text) }
        let description = try #require(error).description
        #expect(description.contains(rule), "\(description)")
        let controls = description.unicodeScalars.filter { $0.properties.generalCategory == .control }
        #expect(controls.isEmpty, "no control character reaches a terminal")
        #expect(description.utf8.count < 1000)
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode([ModelName].self, from: JSONEncoder().encode([text]))
        }
    }

    @Test("may have 255 bytes with its tag and no more")
    func longest() throws {
        let text = String(repeating: "a", count: 251) + ":tag"
        #expect(try ModelName(parsing: text).description.utf8.count == 255)
        #expect(ModelName("a" + text) == nil)
        // The implied tag counts too, or a name could not be read back.
        #expect(ModelName(String(repeating: "a", count: 248))?.description.utf8.count == 255)
        #expect(ModelName(String(repeating: "a", count: 249)) == nil)
    }

    @Test("is text in JSON")
    func coding() throws {
        let name = try ModelName(parsing: "hf.co/user/repo")
        let data = try JSONEncoder().encode([name])
        #expect(
            String(decoding: data, as: UTF8.self).replacingOccurrences(of: "\\", with: "")
                == #"["hf.co/user/repo:latest"]"#)
        #expect(try JSONDecoder().decode([ModelName].self, from: data) == [name])
    }

    @Test(
        "is made from a file's name",
        arguments: [
            ("gemma-3-270m-Q4_K_M.gguf", "gemma-3-270m-Q4_K_M"), ("Gemma 3 (270M).GGUF", "Gemma-3-270M"),
            ("..hidden..gguf", "hidden"), ("a..b.gguf", "a.b"), ("模型 7B.gguf", "7B"), ("-x-.gguf", "x"),
            ("model", "model"), ("a:b/c.gguf", "a-b-c"),
        ])
    func fromFileName(file: String, name: String) {
        #expect(ModelName(fileName: file)?.description == name + ":latest")
    }

    @Test(
        "is not made from a file's name without a letter or digit",
        arguments: ["模型.gguf", ".gguf", "", "...", "---.gguf"])
    func unusableFileName(file: String) {
        #expect(ModelName(fileName: file) == nil)
    }

    @Test("made from any file's name is a name")
    func fromRandomFileNames() {
        var generator = SeededGenerator(seed: 11)
        let alphabet = Array("ab.-_:/ é模\u{0}\n9Z")
        for _ in 0..<5000 {
            let length = Int.random(in: 0...300, using: &generator)
            let file = String((0..<length).map { _ in alphabet.randomElement(using: &generator) ?? "a" })
            if let name = ModelName(fileName: file) {
                #expect(ModelName(name.description) == name)
            }
        }
    }
}
