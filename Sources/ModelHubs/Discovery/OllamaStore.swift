import Foundation
import Security

/// Ollama: `manifests/<host>/<namespace>/<model>/<tag>` and `blobs/sha256-<hex>`.
public struct OllamaStore: LocalModelStore {
    /// A reader of Ollama's folders.
    public init() {}

    /// ``LocalStoreIdentifier/ollama``.
    public var identifier: LocalStoreIdentifier { .ollama }

    /// `$OLLAMA_MODELS`, the person's folder, and that of the system service.
    public func folders(_ paths: StorePaths) -> [String] {
        [
            paths.variable("OLLAMA_MODELS"), paths.homeDirectory + "/.ollama/models",
            "/usr/share/ollama/.ollama/models",
        ].compactMap { $0 }
    }

    /// Reads every manifest. Models without weights here (cloud models, single tensors) are none of ours.
    public func scan(_ folder: String) -> DiscoveryReport {
        var report = DiscoveryReport()
        for entry in FileTree.files(below: folder + "/manifests", depth: 4) {
            let parts = entry.path.split(separator: "/").map(String.init)
            guard parts.count == 4,
                let reference = OllamaReference(host: parts[0], namespace: parts[1], model: parts[2], tag: parts[3])
            else { continue }
            do {
                if let model = try model(reference, folder + "/manifests/" + entry.path, in: folder) {
                    report.models.append(model)
                }
            } catch let problem as Problem {
                report.problems.append(
                    DiscoveryProblem(
                        store: identifier, path: folder + "/manifests/" + entry.path, reason: problem.reason))
            } catch {
                report.problems.append(
                    DiscoveryProblem(
                        store: identifier, path: folder + "/manifests/" + entry.path,
                        reason: "its manifest cannot be read"))
            }
        }
        return report
    }

    private struct Problem: Error {
        let reason: String
    }

    private func model(_ reference: OllamaReference, _ path: String, in folder: String) throws -> DiscoveredModel? {
        guard let data = FileTree.content(of: path, upTo: OllamaManifest.maximumByteCount) else {
            throw Problem(reason: "its manifest is too long or cannot be read")
        }
        let manifest = try JSONDecoder().decode(OllamaManifest.self, from: data)
        let files = try manifest.parts.map { role, layer in
            // The digest type is the only way from the manifest's text to a path.
            let blob = folder + "/blobs/" + layer.digest.fileName
            guard let entry = FileTree.entry(at: blob), entry.kind == .file else {
                throw Problem(reason: "its file \(layer.digest.fileName) is not there")
            }
            guard entry.byteCount == layer.size else {
                throw Problem(
                    reason: "its file \(layer.digest.fileName) has \(entry.byteCount) bytes, not \(layer.size)")
            }
            return DiscoveredFile(role: role, path: blob, byteCount: entry.byteCount, claimedDigest: layer.digest)
        }
        guard let first = files.first else { return nil }
        switch first.role {
        case .model, .shard: break
        default: return nil
        }
        let isLibrary =
            reference.host == OllamaReference.defaultHost
            && reference.namespace == OllamaReference.libraryNamespace
        // Ollama keeps what it got from Hugging Face under that host.
        let repository =
            ["hf.co", "huggingface.co"].contains(reference.host)
            ? RepositoryName(owner: reference.namespace, name: reference.model) : nil
        let origin = repository.map {
            ModelReference.huggingFace(
                HuggingFaceReference(
                    repository: $0,
                    selection: reference.tag == OllamaReference.defaultTag ? .automatic : .quantization(reference.tag)))
        }
        return DiscoveredModel(
            store: identifier,
            name: isLibrary ? "\(reference.model):\(reference.tag)" : reference.description,
            origin: origin ?? .ollama(reference), files: files)
    }
}
