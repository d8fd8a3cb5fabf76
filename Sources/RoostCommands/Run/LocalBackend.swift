import Roost

/// Computes in this process.
struct LocalBackend: ChatBackend {
    let manager: ModelManager

    func load(
        _ model: ModelRecord, settings: RunSettings, progress: @escaping @Sendable (Double) -> Void
    ) async throws {
        try await manager.load(
            model.name.description, options: settings.load, keepAlive: .forever, progress: progress)
    }

    func answer(
        _ input: RunInput, by model: ModelRecord, settings: RunSettings
    ) -> AsyncThrowingStream<RunEvent, any Error> {
        AsyncThrowingStream { continuation in
            let task = Task {
                do {
                    // The process ends with the conversation; until then nothing else wants the memory.
                    try await manager.withModel(
                        model.name.description, options: settings.load, keepAlive: .forever
                    ) { loaded in
                        let events =
                            switch input {
                            case .conversation(let messages): loaded.chat(messages, options: settings.generation)
                            case .text(let text): loaded.generate(text, options: settings.generation)
                            }
                        for try await event in events { continuation.yield(RunEvent(event)) }
                    }
                    continuation.finish()
                } catch {
                    continuation.finish(throwing: error)
                }
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }

    func memory(of model: ModelRecord) async -> RunMemory? {
        guard let status = try? await manager.loadedModels().first(where: { $0.record.digest == model.digest }) else {
            return nil
        }
        return RunMemory(
            modelByteCount: status.memory.totalByteCount,
            peakProcessByteCount: ProcessMemory.current().peakResidentByteCount)
    }

    func close() async { await manager.shutdown() }
}
