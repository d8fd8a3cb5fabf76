import Foundation
import Hardware
import Inference
import ModelFormats
import ModelStore
import Planning
import Workers

/// Chooses how models are loaded where nobody has said, and keeps what came of it.
struct ModelLoadPlanner: LoadPlanner {
    let configuration: RoostConfiguration
    let store: ModelStore
    let tunings: TuningLookup
    let predictions: PredictionLog
    /// Other models of the family of the one with this name.
    let alternatives: @Sendable (String) async -> [ModelAlternative]

    /// The part of the memory that a load may need by the closed form without the engine being asked for exact figures,
    /// which takes a process and some tenths of a second.
    private static let roomyShare = 0.85

    init(
        configuration: RoostConfiguration, store: ModelStore, tunings: TuningLookup,
        alternatives: @escaping @Sendable (String) async -> [ModelAlternative]
    ) {
        self.configuration = configuration
        self.store = store
        self.tunings = tunings
        self.alternatives = alternatives
        predictions = PredictionLog(store: store, tunings: tunings)
    }

    /// The engine's own figures, from a locked process; `nil` when models run in this one, where no header is given to
    /// the engine only to be looked at.
    func estimator(named name: String, architecture: String?) async -> (any MemoryEstimator)? {
        guard let program = configuration.workerProgram else { return nil }
        let engine = WorkerEstimator(program, name: name)
        guard let ratio = await predictions.correction(for: architecture), ratio > 1 else { return engine }
        return CorrectedEstimator(base: engine, ratio: ratio)
    }

    // MARK: Before loading

    func plan(_ request: ModelRequest) async -> LoadPlan {
        let options = request.options ?? request.defaultOptions
        guard let headers = try? await Self.headers(of: request.files) else { return LoadPlan(options: options) }
        let machine = await self.machine()
        guard let plan = try? await plan(headers, machine, PlanRequest(others: options), request.name) else {
            return LoadPlan(options: options)
        }
        var load = LoadPlan(options: plan.options, estimate: plan.memory)
        if plan.fits {
            let changesQuality = plan.quantizesCache(beyond: options)
            load.retreats = plan.advice.map { LoadRetreat(message: $0, changesQuality: changesQuality) }
        } else {
            load.refusal = plan.advice + (await offers(request, geometry: try? ModelGeometry(headers), machine))
        }
        return load
    }

    /// By the closed form where there is plenty, else by the engine.
    private func plan(
        _ headers: ModelHeaderSet, _ machine: PlannedMachine, _ request: PlanRequest, _ name: String
    ) async throws -> ModelPlan {
        if machine.usedGraphics.isEmpty {
            let plan = try await SettingsChooser(machine: machine).plan(headers: headers, request: request)
            if Double(plan.neededByteCount) < Double(machine.memoryByteCount) * Self.roomyShare { return plan }
        }
        let estimator = await estimator(named: name, architecture: headers.architecture)
        do {
            return try await SettingsChooser(machine: machine, estimator: estimator)
                .plan(headers: headers, request: request)
        } catch let error as InferenceError {
            // A header that the engine cannot read fails again, and better said, when it is loaded.
            guard estimator != nil, case .estimateFailed = error else { throw error }
            return try await SettingsChooser(machine: machine).plan(headers: headers, request: request)
        }
    }

    /// This machine as if no model were in memory: those that are can go.
    private func machine() async -> PlannedMachine {
        let machine = await Machine.current()
        return PlannedMachine(
            machine, limits: configuration.planLimits, devices: Engine.graphics,
            ceiling: await store.ceiling(of: machine))
    }

    // MARK: When memory is short

    func retreat(
        from plan: LoadPlan, of request: ModelRequest, after error: InferenceError, availableByteCount: Int64?
    ) async -> LoadPlan? {
        guard let headers = try? await Self.headers(of: request.files), let geometry = try? ModelGeometry(headers)
        else {
            return nil
        }
        var machine = await self.machine()
        if let availableByteCount { machine.memoryByteCount = min(machine.memoryByteCount, max(0, availableByteCount)) }
        let asked = request.options ?? request.defaultOptions
        let steps = RecoverySteps(
            after: plan.options, of: geometry, on: machine,
            request: PlanRequest(contextLength: asked.contextLength, others: asked)
        ).steps().filter(\.isAutomatic)
        let candidates = steps.compactMap { step in step.options.map { (step: step, options: $0) } }
        guard !candidates.isEmpty else { return nil }
        let form = ClosedForm(geometry, repacking: machine.repacking)
        let estimates = candidates.map { candidate in
            form.estimate(
                candidate.options, graphics: machine.usedGraphics.map(\.name),
                shares: machine.usedGraphics.map { Double($0.memoryByteCount) })
        }
        // The first that is known to do; where nothing is, one step at a time.
        let index = estimates.firstIndex { machine.fits($0) } ?? 0
        let (step, options) = candidates[index]
        return LoadPlan(
            options: options, estimate: estimates[index],
            retreats: plan.retreats + [
                LoadRetreat(message: "Memory was short. \(step.sentence)", changesQuality: step.changesQuality)
            ])
    }

    /// Smaller files of the same model or family that would fit, in a sentence each, the best first.
    private func offers(_ request: ModelRequest, geometry: ModelGeometry?, _ machine: PlannedMachine) async -> [String]
    {
        guard let geometry else { return [] }
        let steps = RecoverySteps(
            after: request.options ?? request.defaultOptions, of: geometry, on: machine, request: PlanRequest())
        return steps.steps(alternatives: await alternatives(request.name)).filter { $0.alternative != nil }
            .prefix(2).map(\.sentence)
    }

    // MARK: Afterwards

    func learn(_ outcome: LoadOutcome, of request: ModelRequest) async {
        guard let estimate = outcome.plan.estimate, var predicted = outcome.plan.memory else { return }
        // The engine does not account for the logits; of a mapped file it counts the part that it has copied, too.
        predicted.computeByteCount -= estimate.outputByteCount
        if outcome.plan.options.memoryMap { predicted.weightsByteCount += estimate.repackedByteCount }
        let headers = try? await Self.headers(of: request.files)
        await predictions.keep(
            PlanPrediction(
                model: request.name, architecture: headers?.architecture ?? "unknown", time: .now,
                options: outcome.plan.options, predicted: predicted, predictedByteCount: estimate.usualByteCount,
                predictedMostByteCount: estimate.processByteCount,
                actual: outcome.memory, peakByteCount: outcome.peakByteCount, tokenCount: outcome.tokenCount),
            of: request.key)
    }

    /// The headers of files on this machine.
    private static func headers(of files: ModelFileSet) async throws -> ModelHeaderSet {
        func header(_ url: URL) async throws -> ModelHeaderFile {
            let part = try await HeaderReader.part(at: url, url.lastPathComponent, digest: nil)
            return ModelHeaderFile(bytes: part.bytes, fileByteCount: part.fileByteCount)
        }
        var weights: [ModelHeaderFile] = []
        for url in files.weights { weights.append(try await header(url)) }
        var headers = ModelHeaderSet(weights: weights)
        if let draft = files.draft { headers.draft = try await header(draft) }
        if let projector = files.projector { headers.projector = try await header(projector) }
        return headers
    }
}

extension ModelHeaderSet {
    /// `general.architecture`; `nil` when it cannot be read.
    var architecture: String? {
        guard let first = weights.first, case .complete(let header)? = try? GGUFReader.header(from: first.bytes) else {
            return nil
        }
        return header.metadata.string("general.architecture")
    }
}

extension ModelPlan {
    /// Whether the cache is kept in a coarser type than was asked for.
    fileprivate func quantizesCache(beyond options: LoadOptions) -> Bool {
        self.options.keyCacheType != options.keyCacheType || self.options.valueCacheType != options.valueCacheType
    }
}

extension ModelGeometry {
    /// Throws `PlanningError.unreadableHeader`.
    fileprivate init(_ headers: ModelHeaderSet) throws { try self.init(files: headers.weights.map(\.bytes)) }
}
