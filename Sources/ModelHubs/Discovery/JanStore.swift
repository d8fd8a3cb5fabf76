import Foundation
import Security

/// Jan: `llamacpp/models/<id>/model.yml` in its data folder, beside the model or with the path to it.
public struct JanStore: LocalModelStore {
    /// A reader of Jan's data folders.
    public init() {}

    /// ``LocalStoreIdentifier/jan``.
    public var identifier: LocalStoreIdentifier { .jan }

    /// Jan's data folders on Linux and macOS.
    public func folders(_ paths: StorePaths) -> [String] {
        let dataHome = paths.variable("XDG_DATA_HOME") ?? paths.homeDirectory + "/.local/share"
        return [
            dataHome + "/Jan/data", paths.homeDirectory + "/.local/share/Jan/data",
            paths.homeDirectory + "/Library/Application Support/Jan/data",
        ]
    }

    /// Reads every `model.yml`.
    public func scan(_ folder: String) -> DiscoveryReport {
        var report = DiscoveryReport()
        let models = folder + "/llamacpp/models"
        for entry in FileTree.files(below: models, depth: 5) where entry.path.hasSuffix("/model.yml") {
            let path = models + "/" + entry.path
            let id = String(entry.path.dropLast("/model.yml".count))
            guard let data = FileTree.content(of: path, upTo: 1 << 20) else {
                report.problems.append(
                    DiscoveryProblem(store: identifier, path: path, reason: "it is too long or cannot be read"))
                continue
            }
            let facts = FlatYAML(String(decoding: data, as: UTF8.self))
            switch file(facts["model_path"], .model, facts["model_sha256"], in: folder) {
            case .failure(let problem):
                report.problems.append(DiscoveryProblem(store: identifier, path: path, reason: problem.reason))
            case .success(let weights):
                var files = [weights]
                if facts["mmproj_path"] != nil,
                    case .success(let projector) = file(
                        facts["mmproj_path"], .projector, facts["mmproj_sha256"], in: folder)
                {
                    files.append(projector)
                }
                report.models.append(DiscoveredModel(store: identifier, name: id, files: files))
            }
        }
        return report
    }

    private struct Problem: Error {
        let reason: String
    }

    /// A path is relative to the data folder and stays in it, or absolute: a model that Jan uses where it lies.
    private func file(
        _ text: String?, _ role: ModelFileRole, _ digest: String?, in folder: String
    ) -> Result<DiscoveredFile, Problem> {
        guard let text, !text.isEmpty else { return .failure(Problem(reason: "it names no model_path")) }
        let isAbsolute = text.hasPrefix("/")
        guard isAbsolute || RepositoryPath(text) != nil else {
            return .failure(Problem(reason: "its path “\(text.shown)” leads out of Jan's folder"))
        }
        let path = isAbsolute ? text : folder + "/" + text
        guard path.lowercased().hasSuffix(".gguf"), let entry = FileTree.entry(at: path), entry.kind == .file else {
            return .failure(Problem(reason: "its model file “\(text.shown)” is not there"))
        }
        return .success(
            DiscoveredFile(
                role: role, path: URL(fileURLWithPath: path).resolvingSymlinksInPath().path,
                byteCount: entry.byteCount, claimedDigest: digest.flatMap { Digest(hexadecimal: $0.lowercased()) }))
    }
}
