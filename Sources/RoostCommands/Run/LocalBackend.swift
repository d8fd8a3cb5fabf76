import Roost

/// Computes here: in this process, or in one of its own for each model.
struct LocalBackend: ChatBackend {
    let manager: ModelManager

    func load(
        _ model: RunModel, settings: RunSettings, progress: @escaping @Sendable (Double) -> Void
    ) async throws {
        try await manager.load(
            model.name.description, options: settings.load, keepAlive: .forever, progress: progress)
    }

    func answer(
        _ input: RunInput, by model: RunModel, settings: RunSettings
    ) -> any RunEvents {
        // The process ends with the conversation; until then nothing else wants the memory.
        let (name, options, load) = (model.name.description, settings.generation, settings.load)
        let events =
            switch input {
            case .conversation(let messages):
                manager.chat(messages, model: name, options: options, load: load, keepAlive: .forever)
            case .text(let text): manager.stream(text, model: name, options: options, load: load, keepAlive: .forever)
            }
        return events.compactMap { RunEvent($0) }
    }

    func memory(of model: RunModel) async -> RunMemory? {
        guard let status = await status(of: model) else { return nil }
        let process = status.activity.processIdentifier
        return RunMemory(
            modelByteCount: status.memory.totalByteCount,
            peakProcessByteCount: (process.map(ProcessMemory.of) ?? .current())?.peakResidentByteCount)
    }

    func retreats(of model: RunModel) async -> [LoadRetreat] { await status(of: model)?.retreats ?? [] }

    private func status(of model: RunModel) async -> LoadedModelStatus? {
        guard let record = model.record else { return nil }
        return try? await manager.loadedModels().first { $0.record.digest == record.digest }
    }

    func close() async { await manager.shutdown() }
}
