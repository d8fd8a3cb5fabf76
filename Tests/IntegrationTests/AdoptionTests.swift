import Foundation
import ModelFixtures
import Security
import Testing

/// `roost discover` and `roost adopt` on folders of the documented layouts.
@Suite("Adopting other programs' models")
final class AdoptionTests: Sendable {
    private let folder: URL
    private let roost: BuiltProgram

    init() throws {
        folder = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
            .appending(path: "roost-adopt-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        var roost = try BuiltProgram(home: folder.appending(path: "home"))
        roost.environment = [
            "HOME": folder.path, "XDG_CACHE_HOME": folder.path + "/cache", "XDG_CONFIG_HOME": folder.path + "/.config",
            "XDG_DATA_HOME": folder.path + "/.local/share", "HF_HOME": folder.path + "/huggingface",
            "OLLAMA_MODELS": folder.path + "/ollama",
        ]
        self.roost = roost
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    private func write(_ model: TinyModel, _ path: String) throws -> URL {
        let file = folder.appending(path: path)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try model.write(to: file)
        return file
    }

    private func write(_ text: String, _ path: String) throws {
        let file = folder.appending(path: path)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
    }

    private func inode(_ file: URL) throws -> UInt64 {
        let attributes = try FileManager.default.attributesOfItem(atPath: file.path)
        return try #require((attributes[.systemFileNumber] as? NSNumber)?.uint64Value)
    }

    /// A model in Ollama's store: the blob, a configuration, a manifest.
    private func writeOllama() throws -> URL {
        let bytes = [UInt8](try Data(contentsOf: try write(.llama(), "ollama.gguf")))
        let config = #"{"model_format":"gguf","model_family":"llama","file_type":"Q8_0"}"#
        let template = "{{ .Prompt }}"
        for (bytes, isWeights) in [(bytes, true), ([UInt8](config.utf8), false), ([UInt8](template.utf8), false)] {
            let place = folder.appending(path: "ollama/blobs/" + Digest.of(bytes).fileName)
            try FileManager.default.createDirectory(
                at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(bytes).write(to: place)
            _ = isWeights
        }
        func layer(_ kind: String, _ bytes: [UInt8]) -> String {
            #"{"mediaType":"application/vnd.ollama.image.\#(kind)","digest":"\#(Digest.of(bytes))","size":\#(bytes.count)}"#
        }
        try write(
            """
            {"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.v2+json",
            "config":{"mediaType":"application/vnd.docker.container.image.v1+json","digest":"\(Digest.of([UInt8](config.utf8)))",
            "size":\(config.utf8.count)},
            "layers":[\(layer("model", bytes)),\(layer("template", [UInt8](template.utf8)))]}
            """, "ollama/manifests/registry.ollama.ai/library/smallest/1b")
        return folder.appending(path: "ollama/blobs/" + Digest.of(bytes).fileName)
    }

    @Test("Models of Ollama, LM Studio, Jan and llama.cpp are found, linked, and survive the original")
    func allStores() async throws {
        let originals = [
            ("smallest:1b", "ollama", try writeOllama()),
            ("maker/studio", "lmstudio", try write(.qwen2(), ".lmstudio/models/maker/studio/studio-Q8_0.gguf")),
            ("jan-tiny", "jan", try write(.gemma3(), ".local/share/Jan/data/llamacpp/models/jan-tiny/model.gguf")),
            ("cached", "llama.cpp", try write(.llama(chatTemplate: "x"), "cache/llama.cpp/maker_cached.gguf")),
        ]
        try write(
            "model_path: llamacpp/models/jan-tiny/model.gguf\nname: jan-tiny\nsize_bytes: 1\n",
            ".local/share/Jan/data/llamacpp/models/jan-tiny/model.yml")

        let list = try await roost.run("discover", "--json")
        let found = try #require(
            try JSONSerialization.jsonObject(with: Data(list.output.utf8)) as? [[String: Any]], "\(list)")
        #expect(Set(found.compactMap { $0["store"] as? String }) == Set(originals.map(\.1)), "\(list)")

        for (index, model) in found.enumerated() {
            let name = try #require(model["name"] as? String)
            let store = try #require(model["store"] as? String)
            let adopted = try await roost.run("adopt", name, "--from", store, "--as", "mine:v\(index)")
            #expect(adopted.status == 0, "\(adopted)")
        }
        let names = try await roost.run("list", "--quiet").output.split(separator: "\n")
        #expect(names.count == 4)
        let inodes = try Set(originals.map { try inode($0.2) })
        let blobs = try FileManager.default.contentsOfDirectory(
            at: folder.appending(path: "home/blobs"), includingPropertiesForKeys: nil)
        #expect(inodes.isSubset(of: Set(try blobs.map(inode))))

        for original in originals { try FileManager.default.removeItem(at: original.2) }
        let verified = try await roost.run("verify", "--all")
        #expect(verified.status == 0, "\(verified)")
        for name in names {
            let answer = try await roost.run("run", String(name), "Hello", "--max-tokens", "2", "--raw")
            #expect(answer.status == 0, "\(answer)")
        }
    }

    @Test(
        "The cache of the real huggingface_hub is adopted without a copy, also instead of a download",
        .enabled(if: RealHubClient.python != nil, "ROOST_TEST_PYTHON_HUB is not set"))
    func realCache() async throws {
        let place = "repositories/maker/tiny-GGUF/tiny-Q8_0.gguf"
        let bytes = [UInt8](try Data(contentsOf: try write(.llama(), place)))
        let cached = try await RealHubClient.downloaded("maker/tiny-GGUF", "tiny-Q8_0.gguf", folder: folder)
        let found = try await roost.run("discover", "--quiet")
        #expect(found.output == "maker/tiny-GGUF:Q8_0\n", "\(found)")
        let adopted = try await roost.run("adopt", "--all")
        #expect(adopted.status == 0, "\(adopted)")
        let blob = folder.appending(path: "home/blobs/" + Digest.of(bytes).fileName)
        #expect(try inode(blob) == inode(cached))
        try FileManager.default.removeItem(at: folder.appending(path: "huggingface"))
        #expect(try await roost.run("verify", "--all").status == 0)
    }
}
