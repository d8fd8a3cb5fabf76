import Foundation
import Hardware
import Inference
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
        let engine = LeanEstimator(WorkerEstimator(program, name: name))
        guard let ratio = await predictions.correction(for: architecture), ratio > 1 else { return engine }
        return CorrectedEstimator(base: engine, ratio: ratio)
    }

    // MARK: Before loading

    func plan(_ request: ModelRequest, room: LoadRoom) async -> LoadPlan {
        let options = request.options ?? request.defaultOptions
        guard let files = try? await FileHeaders(of: request.files) else { return LoadPlan(options: options) }
        let machine = await self.machine(room)
        var wanted = PlanRequest(others: options)
        wanted.tuning = await tunings.settings(forName: request.name)
        guard let (plan, addedByteCount) = try? await plan(files, machine, wanted, request.name) else {
            return LoadPlan(options: options)
        }
        var load = LoadPlan(options: plan.options, estimate: plan.memory, ownMemoryDevices: machine.ownMemoryDevices)
        load.addedByteCount = addedByteCount
        if plan.fits {
            let changesQuality = plan.quantizesCache(beyond: options)
            load.retreats = plan.advice.map { LoadRetreat(message: $0, changesQuality: changesQuality) }
        } else {
            load.refusal = plan.advice + (await offers(request, files, machine))
        }
        return load
    }

    /// By the closed form where there is plenty, else by the engine, with the bytes that were added to its figures.
    private func plan(
        _ files: FileHeaders, _ machine: PlannedMachine, _ request: PlanRequest, _ name: String
    ) async throws -> (plan: ModelPlan, addedByteCount: Int64?) {
        let chooser = SettingsChooser(machine: machine)
        if machine.usedGraphics.isEmpty, files.set.draft == nil, files.set.projector == nil {
            let plan = try await chooser.plan(headers: files.set, geometry: files.geometry, request: request)
            if Double(plan.neededByteCount) < Double(machine.memoryByteCount) * Self.roomyShare { return (plan, nil) }
        }
        let estimator = await estimator(named: name, architecture: files.geometry.architecture)
        do {
            let plan = try await SettingsChooser(machine: machine, estimator: estimator)
                .plan(headers: files.set, geometry: files.geometry, request: request)
            let added = (estimator as? CorrectedEstimator)?.addedByteCount(in: plan.memory) ?? 0
            return (plan, plan.isExact ? added : nil)
        } catch let error as InferenceError {
            // A header that the engine cannot read fails again, and better said, when it is loaded.
            guard estimator != nil, case .estimateFailed = error else { throw error }
            return (try await chooser.plan(headers: files.set, geometry: files.geometry, request: request), nil)
        }
    }

    /// This machine with the memory that a model may have.
    func machine(_ room: LoadRoom) async -> PlannedMachine {
        let machine = await Machine.current()
        return PlannedMachine(
            machine, limits: configuration.planLimits, devices: Engine.graphics,
            availableByteCount: room.availableByteCount, freedByteCounts: room.freedByteCounts,
            ceiling: await store.ceiling(of: machine))
    }

    // MARK: When memory is short

    func retreat(
        from plan: LoadPlan, of request: ModelRequest, after error: InferenceError, room: LoadRoom
    ) async -> LoadPlan? {
        guard let files = try? await FileHeaders(of: request.files) else { return nil }
        let machine = await self.machine(room)
        let asked = request.options ?? request.defaultOptions
        let steps = RecoverySteps(
            after: plan.options, of: files.geometry, on: machine, request: PlanRequest(others: asked),
            headers: files.set
        ).steps().filter(\.isAutomatic)
        // The first that is known to do; where nothing is, one step at a time.
        guard let step = steps.first(where: { $0.memory.map(machine.fits) ?? false }) ?? steps.first,
            let options = step.options, let memory = step.memory
        else { return nil }
        return LoadPlan(
            options: options, estimate: memory, ownMemoryDevices: machine.ownMemoryDevices,
            retreats: plan.retreats + [
                LoadRetreat(message: "Memory was short. \(step.sentence)", changesQuality: step.changesQuality)
            ])
    }

    /// Smaller files of the same model or family that would fit, in a sentence each, the best first.
    private func offers(_ request: ModelRequest, _ files: FileHeaders, _ machine: PlannedMachine) async -> [String] {
        let steps = RecoverySteps(
            after: request.options ?? request.defaultOptions, of: files.geometry, on: machine, request: PlanRequest(),
            headers: files.set)
        return steps.steps(alternatives: await alternatives(request.name)).filter { $0.alternative != nil }
            .prefix(2).map(\.sentence)
    }

    // MARK: Afterwards

    func learn(_ outcome: LoadOutcome, of request: ModelRequest) async {
        guard let estimate = outcome.plan.estimate else { return }
        let sum = { (part: KeyPath<DeviceMemory, Int64>) in estimate.devices.reduce(0) { $0 + $1[keyPath: part] } }
        // Of a mapped file the engine counts the part that it has copied, too.
        let copied = outcome.plan.options.memoryMap ? estimate.repackedByteCount : 0
        let predicted = ModelMemory(
            weightsByteCount: sum(\.weightsByteCount) + copied, contextByteCount: sum(\.contextByteCount),
            computeByteCount: sum(\.computeByteCount))
        await predictions.keep(
            PlanPrediction(
                model: request.name, architecture: outcome.architecture, time: .now,
                options: outcome.plan.options, predicted: predicted, predictedByteCount: estimate.usualByteCount,
                predictedMostByteCount: estimate.processByteCount,
                addedByteCount: outcome.plan.addedByteCount, actual: outcome.memory,
                peakByteCount: outcome.peakByteCount, tokenCount: outcome.tokenCount),
            of: request.key)
    }
}

/// The headers of a model's files on this machine.
private struct FileHeaders {
    let set: ModelHeaderSet
    let geometry: ModelGeometry

    /// Throws `ModelStoreError`; `PlanningError.unreadableHeader`.
    init(of files: ModelFileSet) async throws {
        var weights: [ModelHeader.Part] = []
        for url in files.weights { weights.append(try await Self.part(url)) }
        guard let geometry = ModelGeometry(weights.map(\.header)) else {
            throw PlanningError.unreadableHeader(reason: "it names no architecture, layers or width")
        }
        self.geometry = geometry
        var set = ModelHeaderSet(weights: weights.map(\.headerFile))
        if let draft = files.draft { set.draft = try await Self.part(draft).headerFile }
        if let projector = files.projector { set.projector = try await Self.part(projector).headerFile }
        self.set = set
    }

    private static func part(_ url: URL) async throws -> ModelHeader.Part {
        try await HeaderReader.part(at: url, url.lastPathComponent, digest: nil)
    }
}

extension PlannedMachine {
    /// Those of its GPUs that take nothing of the machine's memory.
    fileprivate var ownMemoryDevices: Set<String> { Set(graphics.filter { !$0.sharesSystemMemory }.map(\.name)) }
}

extension ModelPlan {
    /// Whether the cache is kept in a coarser type than was asked for.
    fileprivate func quantizesCache(beyond options: LoadOptions) -> Bool {
        self.options.keyCacheType != options.keyCacheType || self.options.valueCacheType != options.valueCacheType
    }
}
