import Foundation
import Synchronization

/// Roost's server beside llama-server: the same requests, the same engine build, the same threads, in turns.
struct ServingBenchmark {
    /// One server's figure in one round.
    struct Sample: Codable {
        let workload: String
        let server: String
        let round: Int
        /// Tokens per second, or seconds.
        let figure: Double
        let answers: [ServingAnswer]
    }

    let workloads: [ServingWorkload]
    let model: URL
    let tools: URL
    let roost: URL
    let threadCount: Int
    let rounds: Int
    /// Where the servers' homes and logs and the samples go.
    let folder: URL

    /// `keep` gets all samples so far after each workload, so that a run that is broken off has measured something.
    func run(keep: ([Sample]) throws -> Void) async throws {
        print("\(model.lastPathComponent), \(threadCount) threads, \(rounds) rounds in turns with llama-server")
        var samples: [Sample] = []
        for workload in workloads {
            var comparison = Comparison(name: workload.title, unit: workload.isTime ? "ms" : "tokens/s")
            for round in 1...rounds {
                var figures: [String: Double] = [:]
                // Who goes first changes, so that a drift of the machine does not favour one.
                let peers = try peers(for: workload)
                for peer in round % 2 == 1 ? peers : peers.reversed() {
                    let sample = try await measure(workload, on: peer, round: round)
                    samples.append(sample)
                    figures[peer.title] = sample.figure
                }
                if let ours = figures["Roost"], let peer = figures["llama-server"] {
                    let scale = workload.isTime ? 1000.0 : 1.0
                    comparison.add(ours: ours * scale, peer: peer * scale)
                }
                FileHandle.standardError.write(Data("\(workload.name): round \(round) of \(rounds)\n".utf8))
            }
            report(comparison, workload)
            try keep(samples)
        }
    }

    private func report(_ comparison: Comparison, _ workload: ServingWorkload) {
        comparison.printLine(peerName: "llama-server")
        guard let ratio = comparison.ratio else { return }
        let times = workload.isTime ? 1 / ratio.median : ratio.median
        print(
            String(
                format: "  %.2f times as good as llama-server; the goal is %.2f: %@", times, workload.goal,
                times >= workload.goal ? "reached" : "missed"))
        // Each line when it is there, also into a file.
        fflush(nil)
    }

    private func peers(for workload: ServingWorkload) throws -> [any ServedPeer] {
        let folder = folder.appendingPathComponent("\(workload.name)-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let setup = { try PeerSetup(model: model, workload: workload, threadCount: threadCount, folder: folder) }
        return [RoostPeer(program: roost, try setup()), LlamaServerPeer(tools: tools, try setup())]
    }

    private func measure(_ workload: ServingWorkload, on peer: any ServedPeer, round: Int) async throws -> Sample {
        if workload.kind == .firstAnswer {
            let prompt = workload.prompts?.first ?? ""
            // The first run reads the file into the page cache.
            _ = try peer.firstAnswer(to: prompt, tokenCount: workload.outputTokens[0])
            let times = try (0..<5).map { _ in
                try peer.firstAnswer(to: prompt, tokenCount: workload.outputTokens[0])
            }
            return sample(workload, peer, round, times.min() ?? 0, [])
        }
        try await peer.start()
        do {
            let result = try await figure(workload, on: peer, round: round)
            await peer.stop()
            return sample(workload, peer, round, result.figure, result.answers)
        } catch {
            await peer.stop()
            throw error
        }
    }

    private func sample(
        _ workload: ServingWorkload, _ peer: any ServedPeer, _ round: Int, _ figure: Double, _ answers: [ServingAnswer]
    ) -> Sample {
        Sample(workload: workload.name, server: peer.title, round: round, figure: figure, answers: answers)
    }

    private func figure(
        _ workload: ServingWorkload, on peer: any ServedPeer, round: Int
    ) async throws -> (figure: Double, answers: [ServingAnswer]) {
        let start = ContinuousClock.now
        let requests = workload.requests(round: round, model: peer.modelName)
        let base = peer.base
        switch workload.kind {
        case .throughput:
            let answers = try await together(requests, at: workload.parallel, base: base)
            let seconds = (ContinuousClock.now - start) / .seconds(1)
            return (Double(answers.reduce(0) { $0 + $1.outputTokenCount }) / seconds, answers)
        case .gap:
            let answers = try await disturbed(
                requests, by: workload.disturbance(round: round, model: peer.modelName), base)
            return (try Self.gapPercentile(answers), answers)
        case .sharedPrefix, .restart:
            var answers = [try await ServingAnswer.of(requests[0], from: base, since: start)]
            if workload.kind == .restart {
                await peer.stop()
                try await peer.start()
            }
            for request in requests.dropFirst() {
                answers.append(try await ServingAnswer.of(request, from: base, since: start))
            }
            guard let times = Spread(answers.dropFirst().compactMap(\.timeToFirstToken)) else {
                throw BenchError(description: "\(peer.title) gave no token.")
            }
            // Only the second request tells; later ones find its work.
            return (answers[1].timeToFirstToken ?? times.median, answers)
        case .copying:
            var answers: [ServingAnswer] = []
            for request in requests { answers.append(try await ServingAnswer.of(request, from: base, since: start)) }
            let seconds = answers.reduce(0.0) { $0 + $1.endTime - ($1.timeToFirstToken ?? 0) }
            return (Double(answers.reduce(0) { $0 + $1.outputTokenCount - 1 }) / seconds, answers)
        case .firstAnswer: return (0, [])
        }
    }

    /// All requests, `count` at a time.
    private func together(_ requests: [ServingRequest], at count: Int, base: String) async throws -> [ServingAnswer] {
        let start = ContinuousClock.now
        return try await withThrowingTaskGroup(of: ServingAnswer.self) { group in
            var waiting = requests[...]
            for request in waiting.prefix(count) {
                group.addTask { try await ServingAnswer.of(request, from: base, since: start) }
            }
            waiting = waiting.dropFirst(count)
            var answers: [ServingAnswer] = []
            for try await answer in group {
                answers.append(answer)
                if let request = waiting.popFirst() {
                    group.addTask { try await ServingAnswer.of(request, from: base, since: start) }
                }
            }
            return answers
        }
    }

    /// The streams, and a long prompt that comes when each of them has run a while. The last answer is the long one's.
    private func disturbed(
        _ requests: [ServingRequest], by long: ServingRequest, _ base: String
    ) async throws -> [ServingAnswer] {
        let start = ContinuousClock.now
        let (ready, signal) = AsyncStream<Void>.makeStream()
        let count = requests.count
        let started = Countdown(count) { signal.finish() }
        return try await withThrowingTaskGroup(of: (Int, ServingAnswer).self) { group in
            for (index, request) in requests.enumerated() {
                group.addTask {
                    let answer = try await ServingAnswer.of(request, from: base, since: start) { piece in
                        if piece == 16 { started.down() }
                    }
                    if answer.pieceTimes.count < 16 { started.down() }
                    return (index, answer)
                }
            }
            group.addTask {
                for await _ in ready {}
                return (count, try await ServingAnswer.of(long, from: base, since: start))
            }
            var answers: [(Int, ServingAnswer)] = []
            for try await answer in group { answers.append(answer) }
            return answers.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    /// The 99th percentile of the gaps of all streams within the time of the long prompt's computation.
    static func gapPercentile(_ answers: [ServingAnswer]) throws -> Double {
        guard let long = answers.last, let first = long.timeToFirstToken else {
            throw BenchError(description: "The long prompt had no answer.")
        }
        let window = long.sentAt...(long.sentAt + first)
        var gaps: [Double] = []
        for answer in answers.dropLast() {
            let times = answer.pieceTimes.map { $0 + answer.sentAt }
            for (before, after) in zip(times, times.dropFirst())
            where after >= window.lowerBound && before <= window.upperBound {
                gaps.append(after - before)
            }
        }
        gaps.sort()
        guard !gaps.isEmpty else { throw BenchError(description: "The streams had ended before the long prompt came.") }
        return gaps[min(gaps.count - 1, Int((Double(gaps.count) * 0.99).rounded(.up)) - 1)]
    }
}

/// Calls `action` when it was counted down to zero.
private final class Countdown: Sendable {
    private let rest: Mutex<Int>
    private let action: @Sendable () -> Void

    init(_ count: Int, action: @escaping @Sendable () -> Void) {
        rest = Mutex(count)
        self.action = action
    }

    func down() {
        let isZero = rest.withLock { rest in
            rest -= 1
            return rest == 0
        }
        if isZero { action() }
    }
}
