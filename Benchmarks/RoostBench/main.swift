import Foundation

// `make bench` runs this. Every figure stands beside the peers', taken in the same run.
let environment = ProcessInfo.processInfo.environment

func fail(_ message: String, status: Int32) -> Never {
    FileHandle.standardError.write(Data((message + "\n").utf8))
    exit(status)
}

func need(_ name: String) -> URL {
    guard let value = environment[name], !value.isEmpty else {
        fail("\(name) is not set; run the benchmarks with `make bench`.", status: 64)
    }
    return URL(fileURLWithPath: value)
}

let arguments = Array(CommandLine.arguments.dropFirst())
if arguments.count == 4, arguments[0] == "measure", let work = SpeedMeasurement.Work(rawValue: arguments[1]),
    let threadCount = Int(arguments[3])
{
    do {
        let measurement = SpeedMeasurement(model: URL(fileURLWithPath: arguments[2]), threadCount: threadCount)
        print(try await measurement.run(work))
        exit(0)
    } catch {
        fail("\(error)", status: 1)
    }
}

let known = ["gguf", "speed"]
let chosen = arguments.isEmpty ? known : arguments
if let unknown = chosen.first(where: { !known.contains($0) }) {
    fail("There is no benchmark “\(unknown)”; there are \(known.joined(separator: ", ")).", status: 64)
}

let model = need("ROOST_TEST_MODEL")
do {
    if chosen.contains("gguf") {
        try GGUFOpenBenchmark(
            file: model, python: environment["ROOST_BENCH_PYTHON"].map { URL(fileURLWithPath: $0) },
            script: URL(fileURLWithPath: "Benchmarks/gguf_open.py")
        ).run()
    }
    if chosen.contains("speed") {
        let threads = environment["ROOST_BENCH_THREADS"].flatMap(Int.init)
        let rounds = environment["ROOST_BENCH_ROUNDS"].flatMap(Int.init)
        try SpeedBenchmark(
            model: model, llamaBench: need("ROOST_ENGINE_TOOLS").appendingPathComponent("llama-bench"),
            threadCount: threads ?? ProcessInfo.processInfo.activeProcessorCount, rounds: rounds ?? 11
        ).run()
    }
} catch {
    fail("\(error)", status: 1)
}
