import Foundation
import Hardware
import Inference
import Planning
import Roost

/// One surrounding's part of ``TuneBenchmark``, as a process of its own that may be inside a control group.
struct TuneMeasurement {
    let model: URL
    let rounds: Int
    let seconds: Double
    let quota: Double?

    private static let contextLength = 2048
    private static let promptTokenCount = 512
    private static let generatedTokenCount = 64

    func run() async throws -> TuneReport {
        let machine = await Machine.current()
        var report = TuneReport(quota: quota, fingerprint: machine.fingerprint, tuning: try await tune())
        let contenders = TuneContender.allCases
        let questions = contenders.map { contender in
            SpeedQuestion(
                options: contender.options(
                    machine, tuned: report.tuning.settings, contextLength: Self.contextLength),
                promptTokenCount: Self.promptTokenCount, generatedTokenCount: Self.generatedTokenCount)
        }
        for (contender, question) in zip(contenders, questions) {
            report.options[contender.rawValue] = question.options
            report.speeds[contender.rawValue] = TuneReport.Speeds()
        }
        let meter = try await InProcessMeter.start(
            ModelFileSet(model), name: model.lastPathComponent, options: questions[0].options,
            contextLimit: contenders.count)
        // Each makes its context and its threads before anything counts.
        for question in questions { _ = try await meter.answer(question) }
        for round in 0..<rounds {
            // Who is first changes, so that nobody has the same neighbours each time.
            for place in contenders.indices {
                let index = (place + round) % contenders.count
                let answer = try await meter.answer(questions[index])
                report.speeds[contenders[index].rawValue]?.decode += answer.generationRates(questions[index])
                report.speeds[contenders[index].rawValue]?.prefill += answer.promptRates(questions[index])
            }
            FileHandle.standardError.write(Data("round \(round + 1) of \(rounds)\n".utf8))
        }
        return report
    }

    /// As `roost tune` does, in a store of its own.
    private func tune() async throws -> TuningReport {
        let home = FileManager.default.temporaryDirectory.appending(path: "roost-bench-tune-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: home) }
        var configuration = RoostConfiguration(homeDirectory: home)
        configuration.load.gpuLayerCount = 0
        let manager = try await ModelManager(configuration: configuration)
        _ = try await manager.importModel(at: model, as: "model")
        let report = try await manager.tune("model", seconds: seconds)
        await manager.shutdown()
        return report
    }
}
