import Foundation
import Inference

// make bench runs this. Every figure stands beside the peer's, taken in the same run.
let environment = ProcessInfo.processInfo.environment

func need(_ name: String) -> String {
    guard let value = environment[name], !value.isEmpty else {
        FileHandle.standardError.write(Data("\(name) is not set; run the benchmarks with `make bench`.\n".utf8))
        exit(64)
    }
    return value
}

let model = URL(fileURLWithPath: need("ROOST_TEST_MODEL"))
let tools = URL(fileURLWithPath: need("ROOST_ENGINE_TOOLS"))

do {
    let cores = environment["ROOST_BENCH_THREADS"].flatMap(Int.init) ?? ProcessInfo.processInfo.activeProcessorCount
    try await SpeedBenchmark(
        model: model, llamaBench: tools.appendingPathComponent("llama-bench"), threadCount: cores,
        rounds: environment["ROOST_BENCH_ROUNDS"].flatMap(Int.init) ?? 5
    ).run()
} catch {
    FileHandle.standardError.write(Data("\(error)\n".utf8))
    exit(1)
}
