import Foundation
import Hardware
import Inference
import ModelStore
public import Planning
import Workers

extension ModelManager {
    /// What was predicted for loads on this machine and what they took, the newest first.
    ///
    /// - Throws: `ModelStoreError`.
    public nonisolated func predictions() async throws -> [PlanPrediction] { try await planner.predictions.all() }

    /// How a model would be loaded, what it would take and how fast it can be: of a model in the store, of a file here,
    /// of one at a hub of which only the header is fetched.
    ///
    /// ```swift
    /// let planned = try await roost.plan("hf.co/bartowski/Llama-3.3-70B-Instruct-GGUF:Q4_K_M")
    /// print(planned.plan.fits, planned.plan.neededByteCount, planned.plan.advice)
    /// ```
    ///
    /// - Parameters:
    ///   - name: what `pull` takes; `nil` is the active model.
    ///   - request: what is fixed; everything else is chosen. `nil` is what the configuration fixes.
    ///   - machine: what to plan for; `nil` is this machine with the limits of the configuration, for which the engine
    ///     gives exact figures.
    ///   - options: which of the source's variants is meant.
    /// - Throws: what ``header(of:options:refreshing:)`` throws; `PlanningError`; `InferenceError`.
    public nonisolated func plan(
        _ name: String? = nil, request: PlanRequest? = nil, on machine: PlannedMachine? = nil,
        options: DownloadOptions = DownloadOptions()
    ) async throws -> PlannedModel {
        try await refuseRemote(name, "planned")
        let header = try await header(of: name, options: options)
        var request = request ?? PlanRequest(others: configuration.load)
        let target: PlannedMachine
        if let machine { target = machine } else { target = await plannedMachine() }
        if target.isHere, request.tuning == nil, case .store(let stored) = header.place,
            let record = try? await store.model(named: stored)
        {
            request.tuning = await tunings.settings(for: record)
        }
        let headers = try await headerSet(of: header, for: request)
        let chooser = SettingsChooser(
            machine: target,
            estimator: await planner.estimator(named: header.name, architecture: header.summary.architecture))
        return PlannedModel(
            header: header, machine: target, plan: try await chooser.plan(headers: headers, request: request))
    }

    /// How fast a model of the store can be at most on this machine, by what was measured of it
    /// (`roost hardware --measure`); `nil` when nothing was, or its header cannot be read.
    public nonisolated func speedLimit(of record: ModelRecord, options: LoadOptions? = nil) async -> SpeedExpectation? {
        let machine = await plannedMachine()
        guard machine.ceiling != nil, let header = try? await header(of: record),
            let geometry = ModelGeometry([header.whole]),
            let plan = try? await SettingsChooser(machine: machine)
                .plan(geometry: geometry, request: PlanRequest(others: options ?? configuration.load))
        else { return nil }
        return plan.speed
    }

    /// This machine as plans see it: what models may take of its memory and of its GPUs' by the configuration, models in
    /// memory counted as if they were not, and what was measured of it.
    public nonisolated func plannedMachine() async -> PlannedMachine {
        await planner.machine(await residency.room())
    }

    private nonisolated func headerSet(of header: ModelHeader, for request: PlanRequest) async throws -> ModelHeaderSet
    {
        var headers = header.headerSet
        guard request.others.speculation, case .store(let name) = header.place,
            let draft = try await draft(for: name)
        else { return headers }
        headers.draft = try await HeaderReader.part(at: draft, draft.lastPathComponent, digest: nil).headerFile
        return headers
    }
}

extension RoostConfiguration {
    /// What plans may take.
    var planLimits: PlanLimits {
        PlanLimits(memory: memoryLimit, graphics: graphicsMemoryLimit, prefersGraphics: prefersGraphics)
    }
}

extension ModelStore {
    /// What was measured last of a machine; `nil` when nothing was, or it cannot be read.
    func ceiling(of machine: Machine) async -> MachineCeiling? {
        (try? await measurement(of: machine)).flatMap { $0.map(MachineCeiling.init) }
    }
}
