import Foundation
import HubSimulator
import ModelHubs
import Security
import Testing

@Suite("Models that other programs keep")
struct DiscoveryTests {
    static func run(
        _ folder: TemporaryFolder, _ environment: [String: String] = [:], _ stores: [any LocalModelStore]
    ) async throws -> DiscoveryReport {
        let paths = StorePaths(environment: environment, homeDirectory: folder.path)
        return try await ModelDiscovery(paths: paths, stores: stores).run()
    }

    static func digest(_ text: String) -> Digest { Digest.of([UInt8](text.utf8)) }

    // MARK: Ollama

    static func writeOllama(_ folder: TemporaryFolder, _ root: String, _ name: String, _ layers: [SimulatedLayer])
        throws
    {
        for layer in layers {
            try folder.write("\(root)/blobs/\(layer.digest.fileName)", String(decoding: layer.bytes, as: UTF8.self))
        }
        try folder.write("\(root)/manifests/\(name)", OllamaSimulator.manifest(layers))
    }

    @Test("Ollama's manifests lead to blobs, in the folder that OLLAMA_MODELS names too")
    func ollama() async throws {
        let folder = try TemporaryFolder()
        let layers = [SimulatedLayer("model", "weights"), SimulatedLayer("license", "MIT")]
        try Self.writeOllama(folder, ".ollama/models", "registry.ollama.ai/library/tiny/1b", layers)
        try Self.writeOllama(folder, ".ollama/models", "hf.co/user/Tiny-GGUF/Q8_0", layers)
        try Self.writeOllama(folder, "other", "registry.ollama.ai/me/mine/latest", layers)
        try Self.writeOllama(
            folder, "other", "registry.ollama.ai/library/cloud/latest", [SimulatedLayer("license", "x")])
        try Self.writeOllama(
            folder, "other", "registry.ollama.ai/library/parts/latest", [SimulatedLayer("tensor", "x")])
        try folder.write("other/blobs/\(layers[0].digest.fileName)-partial-0", "x")
        let report = try await Self.run(folder, ["OLLAMA_MODELS": folder.path + "/other"], [OllamaStore()])
            .inside(folder)
        #expect(report.problems.isEmpty)
        #expect(report.models.map(\.name) == ["hf.co/user/Tiny-GGUF:Q8_0", "ollama.com/me/mine:latest", "tiny:1b"])
        #expect(
            report.models.map { $0.origin?.description } == [
                "hf.co/user/Tiny-GGUF:Q8_0", "ollama.com/me/mine:latest", "ollama.com/library/tiny:1b",
            ])
        let weights = try #require(report.models.last?.files.first)
        #expect(weights.role == .model && weights.byteCount == 7 && weights.claimedDigest == Self.digest("weights"))
        #expect(FileManager.default.fileExists(atPath: weights.path))
    }

    @Test("Ollama's models with missing, short or hostile files are left out, with the reason")
    func brokenOllama() async throws {
        let folder = try TemporaryFolder()
        let root = ".ollama/models"
        let layer = SimulatedLayer("model", "weights")
        try folder.write("\(root)/manifests/registry.ollama.ai/library/gone/latest", OllamaSimulator.manifest([layer]))
        let short = SimulatedLayer("model", "whole")
        try Self.writeOllama(folder, root, "registry.ollama.ai/library/short/latest", [short])
        try folder.write("\(root)/blobs/\(short.digest.fileName)", "who")
        try folder.write("\(root)/manifests/registry.ollama.ai/library/torn/latest", "{\"layers\":")
        try folder.write("secret", "top")
        let hostile =
            #"{"layers":[{"mediaType":"application/vnd.ollama.image.model","digest":"sha256:../../../secret","size":3}]}"#
        try folder.write("\(root)/manifests/registry.ollama.ai/library/evil/latest", hostile)
        let report = try await Self.run(folder, [:], [OllamaStore()]).inside(folder)
        #expect(report.models.isEmpty)
        let reasons = report.problems.map(\.reason)
        #expect(reasons.count == 4)
        #expect(reasons.contains { $0.contains("is not there") })
        #expect(reasons.contains { $0.contains("3 bytes, not 5") })
        #expect(reasons.count { $0.contains("cannot be read") } == 2)
    }

    // MARK: Folders of plain files

    @Test("LM Studio's folders are publisher, model and file, with projectors and splits")
    func lmStudio() async throws {
        let folder = try TemporaryFolder()
        let root = ".lmstudio/models"
        try folder.write("\(root)/pub/One-GGUF/one-Q4_K_M.gguf", "1234567")
        try folder.write("\(root)/pub/One-GGUF/mmproj-one-F16.gguf", "eyes")
        try folder.write("\(root)/pub/Two-GGUF/two-Q4_0.gguf", "a")
        try folder.write("\(root)/pub/Two-GGUF/two-Q8_0.gguf", "b")
        try folder.write("\(root)/pub/Split-GGUF/s-00001-of-00002.gguf", "a")
        try folder.write("\(root)/pub/Split-GGUF/s-00002-of-00002.gguf", "b")
        try folder.write("\(root)/pub/Broken-GGUF/b-00001-of-00002.gguf", "a")
        try folder.write("\(root)/stray.gguf", "s")
        try folder.write(".cache/lm-studio/models/old/Old-GGUF/old.gguf", "o")
        let report = try await Self.run(folder, [:], [LMStudioStore()])
        #expect(
            report.models.map(\.name) == [
                "old/Old-GGUF", "pub/One-GGUF", "pub/Split-GGUF", "pub/Two-GGUF/two-Q4_0", "pub/Two-GGUF/two-Q8_0",
            ])
        #expect(report.models[1].files.map(\.role) == [.model, .projector])
        #expect(report.models[2].files.map(\.role) == [.shard(index: 1, count: 2), .shard(index: 2, count: 2)])
        #expect(report.models[3].origin?.description == "hf.co/pub/Two-GGUF")
        #expect(report.problems.count == 1)
    }

    @Test("Jan's model.yml leads to the file, inside its folder or at an absolute path")
    func jan() async throws {
        let folder = try TemporaryFolder()
        let root = ".local/share/Jan/data"
        try folder.write("\(root)/llamacpp/models/tiny/model.gguf", "weights")
        try folder.write(
            "\(root)/llamacpp/models/tiny/model.yml",
            """
            # written by Jan
            name: "Tiny: the model"
            model_path: llamacpp/models/tiny/model.gguf
            model_sha256: \(Self.digest("weights").hexadecimal)
            size_bytes: 7
            settings:
              model_path: ../../evil.gguf
            """)
        let elsewhere = try folder.write("downloads/big one.gguf", "big")
        try folder.write("\(root)/llamacpp/models/user/big/model.yml", "model_path: '\(elsewhere)' # there\n")
        try folder.write("evil.gguf", "evil")
        try folder.write("\(root)/llamacpp/models/out/model.yml", "model_path: ../../../../evil.gguf\n")
        try folder.write("\(root)/llamacpp/models/gone/model.yml", "model_path: llamacpp/models/gone/model.gguf\n")
        try folder.write("\(root)/llamacpp/models/empty/model.yml", "")
        let report = try await Self.run(folder, [:], [JanStore()])
        #expect(report.models.map(\.name) == ["tiny", "user/big"])
        #expect(report.models[0].files[0].claimedDigest == Self.digest("weights"))
        #expect(report.models[1].files[0].path == elsewhere)
        #expect(report.problems.count == 3)
        #expect(report.problems.contains { $0.reason.contains("leads out") })
    }

    // MARK: Hugging Face's layout

    static func writeCache(
        _ folder: TemporaryFolder, _ root: String, _ repository: String, commit: String, _ files: [String: String],
        main: Bool = true
    ) throws {
        let base = "\(root)/models--\(repository.replacing("/", with: "--"))"
        for (path, text) in files {
            let blob = Self.digest(text).hexadecimal
            try folder.write("\(base)/blobs/\(blob)", text)
            let up = String(repeating: "../", count: path.split(separator: "/").count + 1)
            try folder.link("\(base)/snapshots/\(commit)/\(path)", to: "\(up)blobs/\(blob)")
        }
        if main { try folder.write("\(base)/refs/main", commit) }
    }

    @Test("the Hugging Face cache's snapshots lead to blobs, whose names are their hashes")
    func huggingFace() async throws {
        let folder = try TemporaryFolder()
        let commits = [String(repeating: "a", count: 40), String(repeating: "b", count: 40)]
        let root = ".cache/huggingface/hub"
        try Self.writeCache(folder, root, "user/Tiny-GGUF", commit: commits[0], ["t-Q4_0.gguf": "old"], main: false)
        try Self.writeCache(
            folder, root, "user/Tiny-GGUF", commit: commits[1],
            ["t-Q4_0.gguf": "new", "sub/t-Q8_0.gguf": "eight", "README.md": "x"])
        try Self.writeCache(folder, root, "user/plain", commit: commits[0], ["model.safetensors": "x"])
        try folder.write("outside.gguf", "evil")
        try folder.link("\(root)/models--user--evil/snapshots/c/e.gguf", to: folder.path + "/outside.gguf")
        let report = try await Self.run(folder, [:], [HuggingFaceCache()])
        #expect(
            report.models.map { "\($0.name) \($0.revision?.prefix(1) ?? "")" }.sorted() == [
                "user/Tiny-GGUF:Q4_0 a", "user/Tiny-GGUF:Q4_0 b", "user/Tiny-GGUF:Q8_0 b",
            ])
        let new = try #require(report.models.first { $0.name.hasSuffix("Q4_0") && $0.revision == commits[1] })
        #expect(new.files[0].claimedDigest == Self.digest("new"))
        #expect(new.files[0].path.hasSuffix("/blobs/" + Self.digest("new").hexadecimal))
        #expect(new.origin?.description == "hf.co/user/Tiny-GGUF:Q4_0")
        #expect(report.problems.map(\.reason) == ["it is a link that leads out of the cache"])
    }

    @Test("a blob that the cache's repositories share is known by its SHA-256, not by the name of the shared file")
    func sharedBlobs() async throws {
        let folder = try TemporaryFolder()
        let root = ".cache/huggingface/hub"
        let xet = String(repeating: "c", count: 64)
        let digest = Self.digest("weights").hexadecimal
        let shared = try folder.write("\(root)/blobs/cc/\(xet)", "weights")
        try folder.link("\(root)/models--u--m/blobs/\(digest)", to: "../../blobs/cc/\(xet)")
        try folder.link(
            "\(root)/models--u--m/snapshots/\(String(repeating: "a", count: 40))/m.gguf", to: "../../blobs/\(digest)")
        let report = try await Self.run(folder, [:], [HuggingFaceCache()])
        #expect(report.problems.isEmpty)
        let file = try #require(report.models.first?.files.first)
        #expect(file.claimedDigest == Self.digest("weights"))
        #expect(file.path == shared)
    }

    @Test(
        "the cache is where the variables say",
        arguments: [
            (["HF_HUB_CACHE": "~/x"], "x"), (["HF_HOME": "~/h"], "h/hub"),
            (["XDG_CACHE_HOME": "~/c"], "c/huggingface/hub"), ([:], ".cache/huggingface/hub"),
        ])
    func cachePlaces(environment: [String: String], root: String) async throws {
        let folder = try TemporaryFolder()
        try Self.writeCache(folder, root, "u/m", commit: String(repeating: "a", count: 40), ["m.gguf": "w"])
        let report = try await Self.run(folder, environment, [HuggingFaceCache()])
        #expect(report.models.map(\.name) == ["u/m:m.gguf"])
    }

    @Test("llama.cpp's cache has both layouts")
    func llamaCpp() async throws {
        let folder = try TemporaryFolder()
        try Self.writeCache(folder, "lc", "u/m", commit: String(repeating: "a", count: 40), ["m-Q4_0.gguf": "w"])
        try folder.write("lc/user_repo_old-Q8_0.gguf", "old")
        try folder.write("lc/user_repo_old-Q8_0.gguf.json", "{}")
        let report = try await Self.run(folder, ["LLAMA_CACHE": folder.path + "/lc"], [LlamaCppCache()])
        #expect(report.models.map(\.name) == ["u/m:Q4_0", "user_repo_old-Q8_0"])
    }

    @Test("a folder that two programs share is reported once, and absent folders are no problem")
    func sharedFolder() async throws {
        let folder = try TemporaryFolder()
        try Self.writeCache(folder, "shared", "u/m", commit: String(repeating: "a", count: 40), ["m-Q4_0.gguf": "w"])
        let shared = folder.path + "/shared"
        let report = try await Self.run(
            folder, ["HF_HUB_CACHE": shared, "LLAMA_CACHE": shared], ModelDiscovery.allStores
        ).inside(folder)
        #expect(report.models.map(\.store) == [.huggingFace])
        #expect(report.problems.isEmpty)
    }
}

extension DiscoveryReport {
    /// Only what is in a folder of the test: the machine may have a model service of its own.
    fileprivate func inside(_ folder: TemporaryFolder) -> DiscoveryReport {
        var report = self
        report.models.removeAll { model in !model.files.allSatisfy { $0.path.hasPrefix(folder.path) } }
        report.problems.removeAll { !$0.path.hasPrefix(folder.path) }
        return report
    }
}
