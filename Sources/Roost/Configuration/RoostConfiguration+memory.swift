import Foundation
import Hardware
import Sizes
import Workers

extension RoostConfiguration {
    /// `worker` that runs models in the process that asks.
    private static let noWorker = "none"

    /// Runs each model in a process of `program`, unless `worker` names another one or `none`.
    public mutating func useWorkers(of program: URL) {
        guard workerExecutable == nil, environment["ROOST_WORKER"] != Self.noWorker else { return }
        workerExecutable = program
    }

    /// Reads what bounds the models in memory and how they are loaded.
    ///
    /// - Throws: `RoostError.invalidSetting`.
    mutating func readMemorySettings(_ value: (String) -> String?) throws {
        func flag(_ name: String) throws -> Bool? { try DownloadSettings.isOn(value(name), name: name) }
        func limit(_ name: String) throws -> MemoryLimit? {
            guard let text = value(name) else { return nil }
            guard let limit = MemoryLimit(text) else {
                throw RoostError.invalidSetting(
                    name: name, value: text, rule: "an amount of memory such as 8GiB, 6G or 80%")
            }
            return limit
        }
        memoryLimit = try limit("ROOST_MAX_RAM_USAGE") ?? memoryLimit
        graphicsMemoryLimit = try limit("ROOST_GPU_MEMORY_USAGE") ?? graphicsMemoryLimit
        prefersGraphics = try flag("ROOST_PREFER_GPU") ?? prefersGraphics
        if let text = value("ROOST_PREFIX_CACHE") {
            load.prefixByteLimit = try Self.byteCount(text, setting: "ROOST_PREFIX_CACHE")
        }
        if let text = value("ROOST_PARALLEL_REQUESTS") {
            guard let count = Int(text), (1...256).contains(count) else {
                throw RoostError.invalidSetting(
                    name: "ROOST_PARALLEL_REQUESTS", value: text, rule: "a number of requests, 1 to 256")
            }
            load.parallelRequestCount = count
        }
        if let isOn = try flag("ROOST_SPECULATION") { load.speculation = isOn }
        if let isOn = try flag("ROOST_ALLOW_UNSANDBOXED") { allowsUnsandboxed = isOn }
        pinnedModels = Self.names(in: value("ROOST_PINNED_MODELS"))
        draftModels = try Self.pairs(in: value("ROOST_DRAFT_MODELS"), setting: "ROOST_DRAFT_MODELS")
        workerExecutable = value("ROOST_WORKER").flatMap {
            $0 == Self.noWorker ? nil : URL(fileURLWithPath: NSString(string: $0).expandingTildeInPath)
        }
    }

    private static func pairs(in text: String?, setting: String) throws -> [String: String] {
        var pairs: [String: String] = [:]
        for pair in names(in: text) {
            let sides = pair.split(separator: "=", omittingEmptySubsequences: false)
                .map { $0.trimmingCharacters(in: .whitespaces) }
            guard sides.count == 2, !sides.contains(""), pairs.updateValue(sides[1], forKey: sides[0]) == nil else {
                throw RoostError.invalidSetting(
                    name: setting, value: pair, rule: "a model and the one that proposes for it, qwen3:8b=qwen3:0.6b")
            }
        }
        return pairs
    }

    private static func byteCount(_ text: String, setting: String) throws -> Int64 {
        guard let count = SizeText.byteCount(in: text), count == 0 || count >= 1, count < 9e18 else {
            throw RoostError.invalidSetting(
                name: setting, value: text, rule: "bytes such as 512MiB, 1G or 0 for none")
        }
        return Int64(count.rounded())
    }

    /// Bytes that the computed prompts of all models may take on the disk.
    private static let savedPrefixByteLimit: Int64 = 4 << 30

    /// Where computed prompts are kept. A folder that cannot be used or trusted costs speed and nothing else.
    private var prefixStore: PrefixStore? {
        guard load.prefixByteLimit > 0 else { return nil }
        return try? PrefixStore(
            folder: homeDirectory.appending(path: "cache/prefixes", directoryHint: .isDirectory),
            secret: homeDirectory.appending(path: "keys/prefixes"), byteLimit: Self.savedPrefixByteLimit)
    }

    /// How models come into memory.
    var launcher: any ModelLauncher {
        guard let program = workerProgram else { return InProcessLauncher(prefixes: prefixStore) }
        return WorkerLauncher(program)
    }

    /// What workers run; `nil` when models run in this process.
    var workerProgram: WorkerProgram? {
        guard let workerExecutable else { return nil }
        var program = WorkerProgram(
            executable: workerExecutable, version: RoostVersion.number,
            logFolder: homeDirectory.appending(path: "logs", directoryHint: .isDirectory))
        program.prefixes = prefixStore
        program.allowsUnsandboxed = allowsUnsandboxed
        return program
    }
}
