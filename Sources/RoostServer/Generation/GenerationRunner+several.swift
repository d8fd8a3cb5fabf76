import Roost

extension GenerationRunner {
    /// Runs jobs side by side as one generation: the choices of the first, then those of the next, numbered through.
    /// When one fails, all end.
    ///
    /// - Parameter jobs: at least one, all with one number of choices.
    /// - Throws: `APIError`.
    func start(_ jobs: [GenerationJob], for context: RoostRequestContext) async throws -> StartedGeneration {
        guard jobs.count > 1, let first = jobs.first else {
            guard let job = jobs.first else { throw APIError.failure("Nothing was asked for.") }
            return try await start(job, for: context)
        }
        let started = try await startAll(jobs, for: context)
        let choiceCount = first.request.choiceCount
        let (events, sink) = GenerationEvents.makeStream()
        let reading = Task {
            await withTaskGroup(of: Void.self) { group in
                for (index, generation) in started.enumerated() {
                    group.addTask {
                        do {
                            for try await event in generation.events {
                                sink.yield(event.renumbered(by: index * choiceCount))
                            }
                        } catch {
                            sink.finish(throwing: error)
                        }
                    }
                }
            }
            sink.finish()
        }
        sink.onEnd {
            reading.cancel()
            for generation in started { generation.cancel() }
        }
        var job = first
        job.request.choiceCount = choiceCount * jobs.count
        // Whoever goes away or shuts down ends all of them, so that one of them tells it.
        return StartedGeneration(
            job: job, submitted: started[0].submitted, loadDuration: started[0].loadDuration,
            warnings: started[0].warnings, events: events, interruption: started[0].interruption,
            cancel: { sink.finish(throwing: CancellationError()) })
    }

    private func startAll(
        _ jobs: [GenerationJob], for context: RoostRequestContext
    ) async throws -> [StartedGeneration] {
        try await withThrowingTaskGroup(of: (Int, StartedGeneration).self) { group in
            for (index, job) in jobs.enumerated() {
                group.addTask { (index, try await start(job, for: context)) }
            }
            var started: [(Int, StartedGeneration)] = []
            var failure: (any Error)?
            while let result = await group.nextResult() {
                switch result {
                case .success(let generation): started.append(generation)
                case .failure(let error):
                    failure = failure ?? error
                    group.cancelAll()
                }
            }
            guard let failure else { return started.sorted { $0.0 < $1.0 }.map(\.1) }
            for (_, generation) in started { generation.cancel() }
            throw failure
        }
    }
}

extension GenerationEvent {
    /// The event with the number of its choice moved on.
    fileprivate func renumbered(by offset: Int) -> GenerationEvent {
        switch self {
        case .queued, .promptProgress: return self
        case .delta(var delta):
            delta.choice += offset
            return .delta(delta)
        case .finished(var result):
            result.choice += offset
            return .finished(result)
        }
    }
}
