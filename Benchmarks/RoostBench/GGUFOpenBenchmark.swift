import CLlama
import Foundation
import ModelFormats

/// How long it takes to know a model from its file: Roost's reader against llama.cpp's (in this process) and gguf-py's.
struct GGUFOpenBenchmark {
    let file: URL
    /// A Python that has the package `gguf`; `nil` leaves it out.
    let python: URL?
    let script: URL
    /// Runs of each kind, taken in turns, after one that does not count.
    var runs = 20

    func run() throws {
        let path = file.path
        let kinds: [(name: String, work: () throws -> Void)] = [
            ("open and summary, mapped", { _ = ModelSummary(header: try GGUFReader.open(file).header) }),
            (
                "open and summary, copied",
                { _ = ModelSummary(header: try GGUFReader.open(file, access: .copied).header) }
            ),
            ("open and validate", { try GGUFValidator(requiresTensors: false).validate(file) }),
            (
                "llama.cpp gguf_init_from_file",
                {
                    let context = gguf_init_from_file(path, gguf_init_params(no_alloc: true, ctx: nil))
                    guard context != nil else { throw BenchError(description: "llama.cpp could not open \(path).") }
                    gguf_free(context)
                }
            ),
        ]
        var samples = [[Double]](repeating: [], count: kinds.count)
        for round in 0...runs {
            for (index, kind) in kinds.enumerated() {
                let elapsed = try ContinuousClock().measure(kind.work)
                if round > 0 { samples[index].append(elapsed / .milliseconds(1)) }
            }
        }
        print("\(file.lastPathComponent), opened \(runs) times in turns:")
        for (kind, samples) in zip(kinds, samples) { printLine(kind.name, samples) }
        if let python { printLine("gguf-py", try measurePython(python)) }
        let peer = kinds.count - 1
        guard let ratio = Spread(zip(samples[peer], samples[0]).map { $0 / $1 }) else { return }
        print(
            String(
                format: "llama.cpp takes %.1f times as long as Roost mapped (%.1f to %.1f)", ratio.median, ratio.least,
                ratio.most))
    }

    private func printLine(_ name: String, _ samples: [Double]) {
        guard let spread = Spread(samples) else { return }
        let padded = name.padding(toLength: 30, withPad: " ", startingAt: 0)
        print(
            String(
                format: "  %@ median %9.2f ms (%.2f to %.2f)", padded, spread.median, spread.least, spread.most))
    }

    /// gguf-py takes seconds: it makes an array of every token.
    private func measurePython(_ python: URL) throws -> [Double] {
        let data = try ProgramOutput.of(python, [script.path, file.path, "3"])
        guard let samples = try? JSONDecoder().decode([Double].self, from: data) else {
            throw BenchError(description: "gguf-py could not open \(file.path); its message is above.")
        }
        return samples
    }
}
