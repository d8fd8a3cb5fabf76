import Foundation
import Roost

/// One thing that was looked at; the words are those of `roost doctor --json`.
struct Finding: Encodable, Sendable, Hashable {
    /// How it is, the worst last.
    enum State: String, Encodable, Sendable, CaseIterable {
        case good, notice, problem
    }

    let subject: String
    let state: State
    let message: String
    var remedy: String?
}

/// Looks at what can be told of the server's health in little time. Answers are kept for a moment: the machine's load is
/// watched for a part of a second for each.
actor Examiner {
    private static let lifetime = Duration.seconds(2)
    private static let interval = Duration.milliseconds(100)

    /// What was found, before it is known who asks.
    private struct Examination: Sendable {
        let settings: [Finding]
        let models: Result<[ModelRecord], any Error>
        let warnings: [HealthWarning]
    }

    private let manager: ModelManager
    private var last: (time: ContinuousClock.Instant, task: Task<Examination, Never>)?

    init(manager: ModelManager) { self.manager = manager }

    /// What a caller may know of: nothing of models that it may not use.
    func findings(for caller: Caller) async -> [Finding] {
        let found = await examination()
        return found.settings + [Self.store(found.models, for: caller)]
            + found.warnings.filter { $0.isKnown(to: caller) }.map { warning in
                Finding(
                    subject: warning.kind.rawValue, state: warning.severity == .problem ? .problem : .notice,
                    message: warning.message, remedy: warning.remedy)
            }
    }

    private func examination() async -> Examination {
        if let last, ContinuousClock.now - last.time < Self.lifetime { return await last.task.value }
        let task = Task { [manager] in await Self.examine(manager) }
        last = (.now, task)
        return await task.value
    }

    private static func examine(_ manager: ModelManager) async -> Examination {
        let configuration = manager.configuration
        let models: Result<[ModelRecord], any Error>
        do { models = .success(try await manager.downloadedModels()) } catch { models = .failure(error) }
        var warnings = await Machine.healthWarnings(
            diskPaths: [configuration.homeDirectory.path], interval: interval)
        warnings += (try? await manager.speedWarnings()) ?? []
        return Examination(settings: [engine, isolation(configuration)], models: models, warnings: warnings)
    }

    private static var engine: Finding {
        let devices = Engine.devices
        guard !devices.isEmpty else {
            return Finding(
                subject: "engine", state: .problem, message: "The engine finds no processor to compute on.",
                remedy: "Build the engine again on this machine.")
        }
        return Finding(
            subject: "engine", state: .good,
            message: "llama.cpp \(Engine.version) on \(devices.map(\.name).joined(separator: ", ")).")
    }

    private static func isolation(_ configuration: RoostConfiguration) -> Finding {
        if configuration.workerExecutable == nil {
            return Finding(
                subject: "isolation", state: .notice,
                message: "Models run in Roost's own process: a hostile model file could do what that may do.",
                remedy: "Leave worker out of the settings, or run only models that you trust.")
        }
        if configuration.allowsUnsandboxed {
            return Finding(
                subject: "isolation", state: .notice,
                message: "Models have processes of their own, but may run without a sandbox (allow_unsandboxed).",
                remedy: "Unset allow_unsandboxed unless you trust all models.")
        }
        return Finding(subject: "isolation", state: .good, message: "Each model has a sandboxed process of its own.")
    }

    private static func store(_ found: Result<[ModelRecord], any Error>, for caller: Caller) -> Finding {
        do {
            let models = try found.get().filter { caller.mayUse(model: $0.name) }
            let damaged = models.filter { $0.files.contains(where: \.isDamaged) }
            guard damaged.isEmpty else {
                return Finding(
                    subject: "store", state: .problem,
                    message: "Damaged: \(damaged.map(\.name.display).joined(separator: ", ")).",
                    remedy: "Get them again with “roost pull”.")
            }
            return Finding(
                subject: "store", state: models.isEmpty ? .notice : .good,
                message: models.isEmpty ? "There are no models yet." : "\(models.count) models.",
                remedy: models.isEmpty ? "Add one: “roost pull NAME”." : nil)
        } catch {
            return Finding(
                subject: "store", state: .problem, message: "\(error)", remedy: "See what “roost doctor” says.")
        }
    }
}
