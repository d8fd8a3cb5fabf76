import Foundation
import ModelFormats

/// How long it takes to know a model from its file: opening (mapped and copied), its summary, and the validator.
///
/// `Benchmarks/gguf_open.py` measures the same file with gguf-py.
struct GGUFOpenBenchmark {
    /// Times of one kind of work, in milliseconds.
    struct Times {
        let name: String
        let median: Double
        let minimum: Double
        let maximum: Double
    }

    let file: URL
    /// Runs of each kind, interleaved, after one that does not count.
    var runs = 30

    func run() throws -> [Times] {
        let kinds: [(name: String, work: () throws -> Void)] = [
            ("open mapped", { _ = ModelSummary(header: try GGUFReader.open(file).header) }),
            ("open copied", { _ = ModelSummary(header: try GGUFReader.open(file, access: .copied).header) }),
            ("validate", { try GGUFValidator(requiresTensors: false).validate(file) }),
        ]
        var samples = [[Double]](repeating: [], count: kinds.count)
        let clock = ContinuousClock()
        for round in 0...runs {
            for (index, kind) in kinds.enumerated() {
                let elapsed = try clock.measure(kind.work)
                if round > 0 { samples[index].append(elapsed / .milliseconds(1)) }
            }
        }
        return zip(kinds, samples).map { kind, samples in
            let sorted = samples.sorted()
            return Times(
                name: kind.name, median: sorted[sorted.count / 2], minimum: sorted.first ?? 0,
                maximum: sorted.last ?? 0)
        }
    }
}
