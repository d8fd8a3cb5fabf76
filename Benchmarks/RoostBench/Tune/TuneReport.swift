import Foundation
import Inference
import Planning

/// What was measured in one surrounding: on the whole machine, or within a quota.
struct TuneReport: Codable {
    /// What all contenders reached, in turns: the i-th runs of all belong together.
    struct Speeds: Codable {
        var decode: [Double] = []
        var prefill: [Double] = []
    }

    /// Cores of the quota; `nil` without one.
    var quota: Double?
    var fingerprint: String
    /// The options of each contender.
    var options: [String: LoadOptions] = [:]
    /// What the tuner found, with its samples.
    var tuning: TuningReport
    /// Tokens per second of each contender.
    var speeds: [String: Speeds] = [:]

    /// The comparisons that matter.
    private static let pairs: [(TuneContender, TuneContender)] = [
        (.roost, .llamaCpp), (.tuned, .llamaCpp), (.roost, .ollama), (.tuned, .ollama), (.tuned, .roost),
    ]

    func printTable() {
        let place = quota.map { "within a quota of \($0) cores" } ?? "on the whole machine"
        print("\nSettings on one engine, \(place), \(speeds.values.first?.decode.count ?? 0) rounds in turns:")
        for contender in TuneContender.allCases {
            guard let speed = speeds[contender.rawValue], let options = options[contender.rawValue],
                let decode = SampleStatistics(speed.decode), let prefill = SampleStatistics(speed.prefill)
            else { continue }
            print(
                "  \(padded(contender.rawValue)) decode \(number(decode)), prefill \(number(prefill)) tokens/s; "
                    + "threads \(options.threadCount ?? 0)/\(options.batchThreadCount ?? 0), batch \(options.batchSize)/"
                    + "\(options.microBatchSize), flash attention \(options.flashAttention.rawValue)")
        }
        for (first, second) in Self.pairs {
            guard let ours = speeds[first.rawValue], let theirs = speeds[second.rawValue] else { continue }
            for (work, one, other) in [
                ("decode", ours.decode, theirs.decode), ("prefill", ours.prefill, theirs.prefill),
            ] {
                guard let ratio = PairedRatio(one, to: other) else { continue }
                print(
                    String(
                        format: "  %@ against %@, %@: %.3f times (95 %%: %.3f to %.3f, %d pairs)", first.rawValue,
                        second.rawValue, work, ratio.estimate, ratio.low, ratio.high, ratio.pairCount))
            }
        }
        if tuning.wasBusy, let load = tuning.loadBefore {
            print("  The machine was busy (\(Int(load * 100)) %) before the tuner ran.")
        }
    }

    private func number(_ statistics: SampleStatistics) -> String {
        String(format: "%.1f ± %.1f", statistics.median, statistics.medianAbsoluteDeviation)
    }

    private func padded(_ text: String) -> String { text.padding(toLength: 22, withPad: " ", startingAt: 0) }
}
