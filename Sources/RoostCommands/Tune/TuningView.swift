import Foundation
import Roost
import Terminal

/// A tuning as people read it.
struct TuningView {
    let report: TuningReport

    func print(on console: Console) {
        console.print(
            "\(report.model), measured for \(HumanReadable.duration(.seconds(report.seconds))) \(when)")
        if report.wasBusy, let load = report.loadBefore {
            console.print(
                console.styled("The machine was busy", .yellow)
                    + ": others used \(Int((load * 100).rounded())) % of the processors. Tune again when it is quiet.")
        }
        var table = Table([
            .left("SETTING"), .left("COMPUTED"), .left("DEFAULT"), .right("TOKENS/S"), .left("BEST OTHER"),
            .right("TIMES AS FAST"), .left("95 % INTERVAL"), .left("RESULT", isFlexible: true),
        ])
        for stage in report.stages { table.add(cells(of: stage)) }
        console.print(table)
        for stage in report.stages {
            for candidate in stage.candidates where candidate.problem != nil {
                console.print("\(name(of: stage.setting)) \(candidate.value): \(candidate.problem ?? "")".printable)
            }
        }
        for line in conclusion { console.print(line) }
    }

    private var when: String { HumanReadable.relative(report.startedAt, to: .now) }

    private func cells(of stage: TuningStage) -> [String] {
        let statistics = SampleStatistics(
            stage.defaultSamples.isEmpty ? stage.candidates.first?.samples ?? [] : stage.defaultSamples)
        let ratio = stage.verdict.ratio
        return [
            name(of: stage.setting), work(of: stage), stage.candidates.first?.value ?? "",
            statistics.map { HumanReadable.fixed($0.median, $0.median < 10 ? 2 : 1) } ?? "-",
            stage.challenger?.value ?? "-", ratio.map { HumanReadable.fixed($0.estimate, 3) } ?? "-",
            ratio.map { "\(HumanReadable.fixed($0.low, 3)) to \(HumanReadable.fixed($0.high, 3))" } ?? "-",
            result(of: stage),
        ]
    }

    private func result(of stage: TuningStage) -> String {
        let text =
            switch stage.verdict.outcome {
            case .faster: "\(stage.winner?.value ?? "") is faster"
            case .notFaster: "the default is best"
            case .uncertain: "no clear difference: default"
            case .onlyCandidate: "nothing else to try"
            case .noTime: "no time to measure: default"
            }
        return stage.isNoisy ? text + " (noisy)" : text
    }

    private func name(of setting: TuningStage.Setting) -> String {
        switch setting {
        case .threads: "threads"
        case .batchThreads: "threads, prompts"
        case .microBatch: "micro-batch"
        case .flashAttention: "flash attention"
        }
    }

    private func work(of stage: TuningStage) -> String {
        let text =
            switch stage.work {
            case .decode: "decode"
            case .prefill: "prompt of \(stage.tokenCount)"
            case .both: "prompt and decode"
            }
        return stage.depth > 0 ? "\(text) at \(stage.depth)" : text
    }

    private var conclusion: [String] {
        guard !report.settings.isDefault else { return ["The defaults are best."] }
        let settings = report.settings
        let chosen = [
            settings.threadCount.map { "threads \($0)" }, settings.batchThreadCount.map { "threads for prompts \($0)" },
            settings.microBatchSize.map { "micro-batch \($0)" },
            settings.flashAttention.map { "flash attention \($0.rawValue)" },
        ].compactMap { $0 }
        var lines = ["Used from now on: \(chosen.joined(separator: ", "))."]
        for (name, comparison) in [("decode", report.confirmation?.decode), ("prompts", report.confirmation?.prefill)] {
            guard let comparison, let ratio = comparison.ratio, let before = SampleStatistics(comparison.defaults),
                let after = SampleStatistics(comparison.tuned)
            else { continue }
            lines.append(
                "All together, \(name): \(HumanReadable.fixed(before.median, 1)) → "
                    + "\(HumanReadable.fixed(after.median, 1)) tokens/s, \(HumanReadable.fixed(ratio.estimate, 3)) times "
                    + "as fast (\(HumanReadable.fixed(ratio.low, 3)) to \(HumanReadable.fixed(ratio.high, 3))).")
        }
        return lines
    }
}
