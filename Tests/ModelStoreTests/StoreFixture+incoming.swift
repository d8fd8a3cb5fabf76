import Foundation
import ModelFixtures
import Security

@testable import ModelStore

extension StoreFixture {
    static let provenance = Provenance(
        hub: "huggingface", reference: "hf.co/tiny/llama:F32", repository: "tiny/llama", revision: "0123abc",
        retrievedAt: Date(timeIntervalSince1970: 1_700_000_000), license: "apache-2.0")

    /// Writes a file into the store's folder for whole downloads and describes it as a download does.
    func arrived(
        _ bytes: [UInt8], role: StoreFileRole, index: Int? = nil, count: Int? = nil, name: String = "file.gguf",
        isVerified: Bool = true
    ) throws -> IncomingFile {
        let digest = Digest.of(bytes)
        let url = root.appendingPathComponent("incoming").appendingPathComponent(digest.fileName)
        try Data(bytes).write(to: url)
        return IncomingFile(
            role: role, index: index, count: count, name: name, digest: digest, byteCount: Int64(bytes.count), url: url,
            isVerified: isVerified, source: "https://example.org/\(name)")
    }

    /// A model in three parts with a projector, a template and a licence, as a pull brings it.
    func splitModel(_ name: ModelName = "split", seed: UInt64 = 1, isVerified: Bool = true) throws -> IncomingModel {
        var files = try TinyModel.llama(seed: seed).parts(3).enumerated().map { index, part in
            try arrived(
                try part.bytes(), role: .shard, index: index, count: 3, name: "tiny-0000\(index + 1)-of-00003.gguf",
                isVerified: isVerified)
        }
        files.append(try arrived(try TinyModel.projector().bytes(), role: .projector, name: "mmproj.gguf"))
        files.append(try arrived(Array("{% for m in messages %}{{ m.content }}{% endfor %}".utf8), role: .template))
        return IncomingModel(
            name: name, files: files, provenance: Self.provenance, licenseText: "Do what you like.\n")
    }

    /// A model in one file.
    func singleModel(_ name: ModelName = "single", seed: UInt64 = 1, isVerified: Bool = true) throws -> IncomingModel {
        let file = try arrived(try TinyModel.llama(seed: seed).bytes(), role: .model, isVerified: isVerified)
        return IncomingModel(name: name, files: [file], provenance: Self.provenance)
    }
}
