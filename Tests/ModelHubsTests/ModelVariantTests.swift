import ModelHubs
import Testing

@Suite("Which file of a repository is meant")
struct ModelVariantTests {
    static func listing(_ names: String...) -> [ListedFile] {
        names.compactMap { RepositoryPath($0).map { ListedFile(path: $0, byteCount: 10) } }
    }

    @Test(
        "a file's name tells its quantization",
        arguments: [
            ("phi-2.Q4_K_M.gguf", "Q4_K_M"), ("model-q8_0.gguf", "Q8_0"), ("Phi-3-mini-4k-instruct-q4.gguf", "Q4"),
            ("x-UD-Q4_K_XL-00001-of-00002.gguf", "UD-Q4_K_XL"), ("gpt-oss-20b-mxfp4.gguf", "MXFP4"),
            ("m-IQ2_XXS.gguf", "IQ2_XXS"), ("m.BF16.gguf", "BF16"), ("mmproj-F16.gguf", "F16"),
            ("embeddinggemma-300m-qat-Q8_0.gguf", "Q8_0"), ("qwen1_5-0_5b-chat_q4_0.gguf", "Q4_0"),
            ("m-Q4_K_M_imat.gguf", "Q4_K_M"), ("m-TQ1_0.gguf", "TQ1_0"),
        ])
    func label(name: String, expected: String) { #expect(QuantizationLabel(inFileName: name)?.description == expected) }

    @Test(
        "a name without a quantization has none", arguments: ["model.gguf", "qwen3-8b.gguf", "q.gguf", "Q9_Z.gguf", ""])
    func noLabel(name: String) { #expect(QuantizationLabel(inFileName: name) == nil) }

    @Test("a shard's name gives the names of the others")
    func shards() throws {
        let shard = try #require(ShardName("d/m-Q4_0-00002-of-00003.gguf"))
        #expect(shard.index == 2 && shard.count == 3 && shard.stem == "d/m-Q4_0")
        #expect(shard.path(ofPart: 3) == "d/m-Q4_0-00003-of-00003.gguf")
    }

    @Test(
        "what only looks like a shard is none",
        arguments: [
            "m-00004-of-00003.gguf", "m-00000-of-00003.gguf", "m-1-of-3.gguf", "m-00001-of-99999.gguf",
            "-00001-of-00003.gguf", "m-0000a-of-00003.gguf", "m-00001-of-00003.bin", "m-+0001-of-00003.gguf",
        ])
    func noShards(name: String) { #expect(ShardName(name) == nil) }

    @Test("without a wish it is Q4_K_M, then Q8_0, then the first; companions are never it")
    func automatic() throws {
        let all = Self.listing(
            "README.md", "mmproj-model-f16.gguf", "m-imatrix.gguf", "m-BF16.gguf", "m-Q8_0.gguf", "m-Q4_K_M.gguf")
        func chosen(_ files: [ListedFile]) throws -> String {
            try ModelVariant.choose(.automatic, from: files, in: "u/r").name
        }
        #expect(try chosen(all) == "m-Q4_K_M")
        #expect(try chosen(Array(all.dropLast(1))) == "m-Q8_0")
        #expect(try chosen(Array(all.dropLast(2))) == "m-BF16")
        #expect(ModelVariant.all(in: all).map(\.name) == ["m-BF16", "m-Q4_K_M", "m-Q8_0"])
    }

    @Test(
        "a wish is met in any letter case, by label, folder, ending or file name",
        arguments: [
            ("q4_k_m", "m-Q4_K_M"), ("UD-Q4_K_XL", "m-UD-Q4_K_XL"), ("special", "m-special"), ("Q5", "m-Q5_0"),
            ("big", "big/other"),
        ])
    func wishes(wish: String, expected: String) throws {
        let files = Self.listing(
            "m-Q4_K_M.gguf", "m-UD-Q4_K_XL.gguf", "m-special.gguf", "m-Q5_0.gguf", "big/other.gguf")
        #expect(try ModelVariant.choose(.quantization(wish), from: files, in: "u/r").name == expected)
    }

    @Test("a wish for a file takes all parts of a split model, and asks for those that are missing")
    func splitFiles() throws {
        let files = Self.listing("Q8_0/m-00001-of-00002.gguf", "Q8_0/m-00002-of-00002.gguf", "s-00001-of-00003.gguf")
        let path = try #require(RepositoryPath("m-00002-of-00002.gguf"))
        let variant = try ModelVariant.choose(.file(path), from: files, in: "u/r")
        #expect(variant.files.map(\.path.fileName) == ["m-00001-of-00002.gguf", "m-00002-of-00002.gguf"])
        #expect(variant.quantization?.description == "Q8_0")
        #expect(variant.byteCount == 20)
        let broken = try #require(RepositoryPath("s-00001-of-00003.gguf"))
        #expect(throws: ModelHubError.missingShards(name: "s", missing: [2, 3], count: 3)) {
            try ModelVariant.choose(.file(broken), from: files, in: "u/r")
        }
    }

    @Test("what fits several files is answered with the files, what fits none with what there is")
    func noOneFits() throws {
        let files = Self.listing("a-Q4_0.gguf", "b-Q4_0.gguf", "a-Q8_0.gguf")
        #expect(throws: ModelHubError.ambiguous(text: "u/r", choices: ["u/r:a-Q4_0.gguf", "u/r:b-Q4_0.gguf"])) {
            try ModelVariant.choose(.quantization("Q4_0"), from: files, in: "u/r")
        }
        #expect(throws: ModelHubError.fileNotFound(name: "Q2_K", repository: "u/r", choices: ["Q4_0", "Q8_0"])) {
            try ModelVariant.choose(.quantization("Q2_K"), from: files, in: "u/r")
        }
        let others = Self.listing("model.safetensors", "README.md")
        #expect(throws: ModelHubError.noModelFile(repository: "u/r", found: "safetensors files")) {
            try ModelVariant.choose(.automatic, from: others, in: "u/r")
        }
    }

    @Test("a model's projector is that of its folder, half precision first")
    func projectors() throws {
        let files = Self.listing(
            "m-Q4_K_M.gguf", "mmproj-Q8_0.gguf", "mmproj-F16.gguf", "mmproj-BF16.gguf", "sub/mmproj-F32.gguf",
            "sub/x-Q8_0.gguf")
        let variants = ModelVariant.all(in: files)
        let top = try #require(variants.first { $0.folder.isEmpty })
        let below = try #require(variants.first { $0.folder == "sub" })
        #expect(ModelVariant.projector(for: top, among: files)?.name == "mmproj-F16")
        #expect(ModelVariant.projector(for: below, among: files)?.name == "sub/mmproj-F32")
    }

    @Test("without half precision a projector of the model's own quantization comes first; names tell whose it is")
    func projectorChoice() throws {
        func chosen(_ model: String, _ projectors: String...) -> String? {
            let files = Self.listing(model) + projectors.flatMap { Self.listing($0) }
            return ModelVariant.all(in: files).first.flatMap { ModelVariant.projector(for: $0, among: files)?.name }
        }
        #expect(
            chosen("m-Q6_K.gguf", "mmproj-m-Q8_0.gguf", "mmproj-m-Q6_K.gguf", "mmproj-m-BF16.gguf") == "mmproj-m-Q6_K")
        #expect(chosen("m-Q6_K.gguf", "mmproj-m-Q8_0.gguf", "mmproj-m-BF16.gguf") == "mmproj-m-BF16")
        #expect(chosen("big-9b-Q4_0.gguf", "mmproj-big-2b-F16.gguf", "mmproj-big-9b-Q8_0.gguf") == "mmproj-big-9b-Q8_0")
        #expect(chosen("m-Q4_0.gguf") == nil)
    }

    @Test("a projector is no model, even when it is asked for")
    func projectorIsNoModel() throws {
        let files = Self.listing("m-Q4_0.gguf", "mmproj-F16.gguf")
        let path = try #require(RepositoryPath("MMPROJ-F16.gguf"))
        let error = #expect(throws: ModelHubError.self) {
            try ModelVariant.choose(.file(path), from: files, in: "u/m")
        }
        #expect(error?.description.contains("ask for the model") == true)
        #expect(throws: ModelHubError.self) {
            try ModelVariant.choose(.automatic, from: Self.listing("mmproj-F16.gguf"), in: "u/m")
        }
    }
}
