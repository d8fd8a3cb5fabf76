import Foundation
import Roost
import Terminal

/// Finds the model that the argument of `roost run` means.
struct ModelChoice {
    let manager: ModelManager
    let error: Console

    /// The model of `argument`: a name, which is pulled when neither the store nor an engine has it; the path of a GGUF file, which is taken into the store (linked, so that it
    /// costs no disk space where the file system allows); or with `nil` the active model.
    ///
    /// Throws `RunError`, `ModelStoreError`, `DownloadError`, `RoostError`.
    func model(for argument: String?) async throws -> RunModel {
        guard let argument else {
            guard let active = try await manager.activeModel() else { throw RunError.noModel }
            return .stored(active)
        }
        if Self.isPath(argument) { return .stored(try await imported(argument)) }
        if let offer = try await manager.offeredModel(named: argument) { return .remote(offer) }
        do {
            return .stored(try await manager.model(named: argument))
        } catch let ModelStoreError.notFound(name, suggestions) {
            // A file without a telling name, such as a blob of another program's.
            if FileManager.default.fileExists(atPath: argument) { return .stored(try await imported(argument)) }
            do {
                return .stored(try await pulled(argument))
            } catch let reason as ModelHubError {
                throw RunError.unknownModel(
                    name: name.display, suggestions: suggestions.map(\.display), reason: "\(reason)")
            }
        }
    }

    private static func isPath(_ argument: String) -> Bool {
        argument.lowercased().hasSuffix(".gguf") || argument.hasPrefix("/") || argument.hasPrefix("./")
            || argument.hasPrefix("../") || argument.hasPrefix("~/")
    }

    private func pulled(_ name: String) async throws -> ModelRecord {
        let download = try await manager.download(name)
        let run = DownloadRun(manager: manager, isJSON: false, results: error)
        guard let record = try await run.finish([download]).first else { throw CancellationError() }
        return record
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
