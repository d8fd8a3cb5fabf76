import Foundation
import Hardware
import Inference
import OffloadTrial
import Planning
import RemoteDevices

/// A trial that is made.
struct TrialRun {
    let trial: OffloadTrial
    private let remotes: [RemoteProcess]

    /// Starts the devices.
    init(_ trial: OffloadTrial) throws {
        self.trial = trial
        remotes = try trial.deviceByteCounts.map(RemoteProcess.init)
    }

    func run() async throws -> OffloadOutcome {
        for remote in remotes {
            guard remote.isListening(), remote_device_add(remote.endpoint) else { throw POSIXError(.ECONNREFUSED) }
        }
        var outcome = OffloadOutcome(devices: Engine.devices, graphics: Engine.graphics.map(\.name))
        for load in trial.loads { outcome.loads.append(await make(load)) }
        return outcome
    }

    private func make(_ load: OffloadTrial.Load) async -> OffloadOutcome.Load {
        var outcome = OffloadOutcome.Load()
        let (free, resident) = (freeByteCounts, residentByteCounts)
        do {
            outcome.plan = try await plan(load)
            let options = outcome.plan?.options ?? load.options
            outcome.estimate = try FileEstimator(file: load.file).estimates([options]).first
            let model = try await LoadedModel.load(at: load.file, options: options)
            outcome.memory = model.memory
            outcome.taken = free.minus(freeByteCounts)
            outcome.tokens = try await tokens(model, load)
            outcome.grown = residentByteCounts.minus(resident)
            await model.unload()
        } catch let error as InferenceError {
            outcome.error = error
        } catch {
            outcome.error = .loadFailed(path: load.file.path, reason: "\(error)")
        }
        outcome.left = free.minus(freeByteCounts)
        return outcome
    }

    private func plan(_ load: OffloadTrial.Load) async throws -> ModelPlan? {
        guard let request = load.request else { return nil }
        let machine = PlannedMachine(MachineDetector().detect(), devices: Engine.graphics)
        let bytes = try Data(contentsOf: load.file)
        let headers = ModelHeaderSet(weights: [ModelHeaderFile(bytes: bytes, fileByteCount: Int64(bytes.count))])
        let chooser = SettingsChooser(
            machine: machine, estimator: load.planIsExact ? FileEstimator(file: load.file) : nil)
        return try await chooser.plan(headers: headers, request: request)
    }

    private func tokens(_ model: LoadedModel, _ load: OffloadTrial.Load) async throws -> [Int32] {
        var options = GenerationOptions.greedy
        options.maxTokens = load.tokenCount
        options.ignoreEndOfGeneration = true
        let request = GenerationRequest(.text(load.prompt, addSpecial: true), options: options)
        for try await event in model.generate(request) {
            if case .finished(let result) = event { return result.tokens }
        }
        return []
    }

    private var freeByteCounts: [String: Int64] {
        Dictionary(uniqueKeysWithValues: Engine.devices.filter(\.isGraphics).map { ($0.name, $0.freeByteCount) })
    }

    private var residentByteCounts: [String: Int64] {
        Dictionary(uniqueKeysWithValues: remotes.enumerated().map { ("RPC\($0)", $1.residentByteCount) })
    }
}

extension [String: Int64] {
    fileprivate func minus(_ other: [String: Int64]) -> [String: Int64] {
        merging(other) { $0 - $1 }
    }
}

/// The engine of this process, which alone has its devices.
private struct FileEstimator: MemoryEstimator {
    let file: URL

    func estimates(of headers: ModelHeaderSet, options: [LoadOptions]) async throws -> [MemoryEstimate] {
        try estimates(options)
    }

    func estimates(_ options: [LoadOptions]) throws -> [MemoryEstimate] {
        try EngineEstimator.estimates(of: ModelFileSet(file), options: options, name: file.lastPathComponent)
    }
}
