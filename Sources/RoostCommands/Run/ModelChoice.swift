import Foundation
import Roost
import Terminal

/// Finds the model that the argument of `roost run` means.
struct ModelChoice {
    let manager: ModelManager
    let error: Console

    /// The model of `argument`: a name; the path of a GGUF file, which is taken into the store (linked, so that it
    /// costs no disk space where the file system allows); or with `nil` the active model.
    ///
    /// Throws `RunError`, `ModelStoreError`.
    func model(for argument: String?) async throws -> ModelRecord {
        guard let argument else {
            guard let active = try await manager.activeModel() else { throw RunError.noModel }
            return active
        }
        if Self.isPath(argument) { return try await imported(argument) }
        do {
            return try await manager.model(named: argument)
        } catch let ModelStoreError.notFound(name, suggestions) {
            // A file without a telling name, such as a blob of another program's.
            if FileManager.default.fileExists(atPath: argument) { return try await imported(argument) }
            throw RunError.unknownModel(name: name.display, suggestions: suggestions.map(\.display))
        }
    }

    private static func isPath(_ argument: String) -> Bool {
        argument.lowercased().hasSuffix(".gguf") || argument.hasPrefix("/") || argument.hasPrefix("./")
            || argument.hasPrefix("../") || argument.hasPrefix("~/")
    }

    private func imported(_ path: String) async throws -> ModelRecord {
        let file = URL(fileURLWithPath: NSString(string: path).expandingTildeInPath)
        guard FileManager.default.fileExists(atPath: file.path) else { throw RunError.missingFile(path: path) }
        let known = Set(try await manager.downloadedModels().map(\.name))
        let bar = error.isTerminal ? ProgressBar("Importing", console: error) : nil
        defer { bar?.finish() }
        let model = try await manager.importModel(at: file) { progress in
            bar?.update(completed: progress.completed, total: progress.total)
        }
        bar?.finish()
        if !known.contains(model.name) {
            error.print("Imported \(path) as “\(model.name.display)”; “roost run \(model.name.display)” runs it again.")
        }
        return model
    }
}
