public import Inference

/// Chooses how a model is loaded on a machine, with a reason for each setting.
///
/// ```swift
/// let machine = try PlannedMachine(parsing: "rtx 4090, 64GB ram")
/// let plan = try await SettingsChooser(machine: machine).plan(headers: headers, request: PlanRequest())
/// print(plan.fits, plan.contextLength, plan.choices.map(\.reason))
/// ```
public struct SettingsChooser: Sendable {
    /// What is planned for.
    public let machine: PlannedMachine
    private let estimator: (any MemoryEstimator)?

    /// A chooser for a machine.
    ///
    /// - Parameter estimator: the engine of this machine, which gives exact figures; not asked for a machine that is only
    ///   described. `nil` computes them from the header.
    public init(machine: PlannedMachine, estimator: (any MemoryEstimator)? = nil) {
        self.machine = machine
        self.estimator = machine.isHere ? estimator : nil
    }

    /// A plan for a model of which the beginnings of its files are known.
    ///
    /// - Throws: `PlanningError`; what the estimator throws.
    public func plan(headers: ModelHeaderSet, request: PlanRequest = PlanRequest()) async throws -> ModelPlan {
        try await plan(headers: headers, geometry: ModelGeometry(files: headers.weights.map(\.bytes)), request: request)
    }

    /// The same for headers that were read already.
    ///
    /// - Parameter geometry: the sizes of the model of `headers`.
    /// - Throws: `PlanningError`; what the estimator throws.
    public func plan(
        headers: ModelHeaderSet, geometry: ModelGeometry, request: PlanRequest = PlanRequest()
    ) async throws -> ModelPlan {
        let bytes = headers.all.reduce(Int64(0)) { $0.addingClamped($1.fileByteCount) }
        let exact = estimator.map { (estimator: $0, headers: headers) }
        let form = ClosedForm(geometry, repacking: machine.repacking, headers: headers)
        return try await plan(form, fileByteCount: bytes, request, exact)
    }

    /// A plan for a model whose sizes are known, by the closed form.
    ///
    /// - Throws: `PlanningError`.
    public func plan(geometry: ModelGeometry, request: PlanRequest = PlanRequest()) async throws -> ModelPlan {
        let form = ClosedForm(geometry, repacking: machine.repacking)
        return try await plan(form, fileByteCount: geometry.weightByteCount, request, nil)
    }

    private func plan(
        _ form: ClosedForm, fileByteCount: Int64, _ request: PlanRequest,
        _ exact: (estimator: any MemoryEstimator, headers: ModelHeaderSet)?
    ) async throws -> ModelPlan {
        let request = request.resolved()
        try request.validate()
        let geometry = form.geometry
        let source = EstimateSource(form: form, machine: machine, exact: exact)
        let search = PlanSearch(
            geometry: geometry, machine: machine, request: request, source: source, fileByteCount: fileByteCount)
        var found: FoundSettings
        if let quick = try await confirmed(search) { found = quick } else { found = try await search.find() }
        // Computed prompts take what is left.
        let rest = max(0, machine.memoryByteCount - machine.neededByteCount(found.memory))
        found.options.prefixByteLimit = min(found.options.prefixByteLimit, rest)
        let speed = SpeedModel(
            geometry: geometry, machine: machine, options: found.options, context: form.context(found.options),
            graphics: source.used(by: found.options)
        ).expectation()
        var plan = ModelPlan(
            fits: found.fits, options: found.options, contextLength: form.context(found.options).contextLength,
            memory: found.memory, neededByteCount: machine.neededByteCount(found.memory),
            choices: PlanExplanation(search: search, found: found).choices(), speed: speed, advice: [],
            isExact: source.isExact)
        plan.advice = PlanAdvice(search: search, found: found).sentences()
        return plan
    }

    /// The part of the need by which a plan that does not fit is clear without asking the engine about every other one.
    private static let clearShortage = 0.05

    /// What the closed form finds, with the engine's figures, where these agree with it; `nil` where each step of the
    /// search has to be asked about. Each question starts a process that reads the header.
    private func confirmed(_ search: PlanSearch) async throws -> FoundSettings? {
        // For the CPU the closed form is right to a percent; for GPUs it says too much, and would leave layers out.
        guard search.source.isExact, machine.usedGraphics.isEmpty else { return nil }
        var quick = search
        quick.source = EstimateSource(form: search.source.form, machine: machine, exact: nil)
        var found = try await quick.find()
        guard let memory = try await search.source.estimates([found.options]).first else { return nil }
        let isClear =
            found.fits
            ? machine.fits(memory)
            : Double(machine.shortage(of: memory)) > Double(machine.neededByteCount(memory)) * Self.clearShortage
        // A shorter context than was wanted may be longer by the engine's figures.
        guard isClear, !found.fits || found.options.contextLength == search.neededLength else { return nil }
        found.memory = memory
        return found
    }
}
