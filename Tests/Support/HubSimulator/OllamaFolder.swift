import Foundation
import Security

/// The models of a simulated registry: those of an Ollama models folder, and single files under a name.
struct OllamaFolder: Sendable {
    /// By `namespace/model:tag`.
    var manifests: [String: SimulatedContent] = [:]
    /// By hexadecimal SHA-256.
    var contents: [String: SimulatedContent] = [:]

    /// Adds the models of `manifests/<host>/<namespace>/<model>/<tag>` with the blobs beside them.
    mutating func add(folder: String) throws {
        for path in try RepositoryFolder.paths(below: folder + "/manifests") {
            let parts = path.split(separator: "/")
            guard parts.count == 4, let data = FileManager.default.contents(atPath: "\(folder)/manifests/\(path)")
            else {
                continue
            }
            manifests["\(parts[1])/\(parts[2]):\(parts[3])"] = .bytes([UInt8](data))
        }
        for name in try RepositoryFolder.names(in: folder + "/blobs") where name.hasPrefix("sha256-") {
            let path = "\(folder)/blobs/\(name)"
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            guard let digest = Digest(hexadecimal: String(name.dropFirst(7))),
                let count = (attributes[.size] as? NSNumber)?.int64Value
            else { continue }
            contents[digest.hexadecimal] = .file(path: path, byteCount: count)
        }
    }

    /// Adds a model that is one GGUF file. Reads it whole; blocks.
    mutating func add(_ name: String, file path: String) throws {
        let parts = name.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        let places = parts[0].split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, places.count <= 2, !places.contains(""), !parts.contains("") else {
            throw SimulatorError.invalid(
                setting: "a model's name", value: name, rule: "it must be [namespace/]model[:tag]")
        }
        let (content, digest) = try SimulatedContent.file(at: path)
        let configuration = [UInt8](#"{"model_format":"gguf"}"#.utf8)
        let manifest = OllamaModel.manifest(
            layers: [("model", digest, content.byteCount)], configuration: Digest.of(configuration),
            byteCount: configuration.count)
        let place = places.count == 1 ? "library/" + parts[0] : parts[0]
        manifests["\(place):\(parts.count == 2 ? parts[1] : "latest")"] = .bytes([UInt8](manifest.utf8))
        contents[digest.hexadecimal] = content
        contents[Digest.of(configuration).hexadecimal] = .bytes(configuration)
    }
}
