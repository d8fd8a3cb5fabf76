import Foundation
import Inference

/// Decode and prefill speed against llama-bench: same model, same threads, same kernels, taken in turns.
///
/// Each turn is a process of its own on both sides: one run that does not count, then the best of some. So neither
/// side profits from being loaded longer, and what else the machine does, which only ever slows a run, counts little.
struct SpeedBenchmark {
    let model: URL
    let llamaBench: URL
    let threadCount: Int
    let rounds: Int

    /// Prints the comparisons and returns them.
    func run() throws -> [Comparison] {
        print("\(model.lastPathComponent), \(threadCount) threads, \(rounds) rounds in turns with llama-bench")
        return try SpeedMeasurement.Work.allCases.map { work in
            var comparison = Comparison(name: "\(work.rawValue) \(work.tokenCount)", unit: "tokens/s")
            for round in 1...rounds {
                // Who goes first changes, so that a drift of the machine does not favour one.
                var peer = round % 2 == 1 ? try llamaBenchSpeed(work) : nil
                let ours = try ourSpeed(work)
                if peer == nil { peer = try llamaBenchSpeed(work) }
                if let peer { comparison.add(ours: ours, peer: peer) }
                FileHandle.standardError.write(Data("\(work.rawValue): round \(round) of \(rounds)\n".utf8))
            }
            comparison.printLine(peerName: "llama-bench")
            return comparison
        }
    }

    private func ourSpeed(_ work: SpeedMeasurement.Work) throws -> Double {
        let output = try ProgramOutput.of(
            URL(fileURLWithPath: CommandLine.arguments[0]),
            ["measure", work.rawValue, model.path, "\(threadCount)"])
        guard
            let speed = Double(String(decoding: output, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines))
        else { throw BenchError(description: "The measurement gave no figure; its message is above.") }
        return speed
    }

    private struct Line: Decodable {
        var tokensPerSecond: [Double]

        enum CodingKeys: String, CodingKey {
            case tokensPerSecond = "samples_ts"
        }
    }

    private func llamaBenchSpeed(_ work: SpeedMeasurement.Work) throws -> Double {
        let output = try ProgramOutput.of(
            llamaBench,
            [
                "-m", model.path, "-t", "\(threadCount)", "-r", "\(SpeedMeasurement.repetitions)", "-ngl", "0",
                "-o", "json", "-p", work == .prefill ? "\(work.tokenCount)" : "0",
                "-n", work == .decode ? "\(work.tokenCount)" : "0",
            ], isQuiet: true)
        guard let best = try? JSONDecoder().decode([Line].self, from: output).first?.tokensPerSecond.max() else {
            throw BenchError(description: "llama-bench gave no figures; run it by hand to see why.")
        }
        return best
    }
}
