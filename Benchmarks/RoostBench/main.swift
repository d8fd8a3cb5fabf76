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

let words = Array(CommandLine.arguments.dropFirst())
do {
    // A turn of ours in one of the benchmarks, as a process of its own.
    if words.count == 4, words[0] == "measure", let work = SpeedMeasurement.Work(rawValue: words[1]),
        let threadCount = Int(words[3])
    {
        let measurement = SpeedMeasurement(model: URL(fileURLWithPath: words[2]), threadCount: threadCount)
        print(try await measurement.run(work))
        exit(0)
    }
    if words.count == 5, words[0] == "tune-child", let rounds = Int(words[2]), let seconds = Double(words[3]) {
        let measurement = TuneMeasurement(
            model: URL(fileURLWithPath: words[1]), rounds: rounds, seconds: seconds, quota: Double(words[4]))
        let encoder = JSONEncoder()
        encoder.dateEncodingStrategy = .iso8601
        print(String(decoding: try encoder.encode(try await measurement.run()), as: UTF8.self))
        exit(0)
    }
    if words.first == "download-child" {
        let result = try await DownloadMeasurement(Array(words.dropFirst())).run()
        print(String(decoding: try JSONEncoder().encode(result), as: UTF8.self))
        exit(0)
    }
} catch {
    fail("\(error)", status: 1)
}

let arguments: BenchArguments
do {
    arguments = try BenchArguments(words)
} catch {
    fail("\(error)", status: 64)
}

do {
    if arguments.chosen.contains("gguf") {
        try GGUFOpenBenchmark(
            file: need("ROOST_TEST_MODEL"),
            python: environment["ROOST_BENCH_PYTHON"].map { URL(fileURLWithPath: $0) },
            script: URL(fileURLWithPath: "Benchmarks/gguf_open.py")
        ).run()
    }
    let threadCount =
        environment["ROOST_BENCH_THREADS"].flatMap(Int.init) ?? ProcessInfo.processInfo.activeProcessorCount
    if arguments.chosen.contains("speed") {
        let rounds = environment["ROOST_BENCH_ROUNDS"].flatMap(Int.init) ?? 11
        let model = need("ROOST_TEST_MODEL")
        let comparisons = try SpeedBenchmark(
            model: model, llamaBench: need("ROOST_ENGINE_TOOLS").appendingPathComponent("llama-bench"),
            threadCount: threadCount, rounds: rounds
        ).run()
        let file = need("ROOST_BENCH_CACHE").appendingPathComponent("speed/samples.json")
        try SampleFile(model: model, threadCount: threadCount, rounds: rounds, samples: comparisons).write(to: file)
        print("Every sample is in \(file.path).")
    }
    if arguments.chosen.contains("serving") {
        let workloads = URL(fileURLWithPath: "Benchmarks/Workloads")
        let names = try arguments.servingWorkloads ?? ServingWorkload.names(in: workloads)
        let (model, folder) = (need("ROOST_TEST_MODEL"), need("ROOST_BENCH_CACHE").appendingPathComponent("serving"))
        try? FileManager.default.removeItem(at: folder)
        let file = folder.appendingPathComponent("samples.json")
        try await ServingBenchmark(
            workloads: names.map { try ServingWorkload.load($0, from: workloads) }, model: model,
            tools: need("ROOST_ENGINE_TOOLS"),
            roost: URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
                .appendingPathComponent("roost"), threadCount: threadCount, rounds: arguments.servingRounds,
            folder: folder
        ).run { samples in
            try SampleFile(model: model, threadCount: threadCount, rounds: arguments.servingRounds, samples: samples)
                .write(to: file)
        }
        print("Every sample is in \(file.path).")
    }
    if arguments.chosen.contains("server") {
        let (model, folder) = (need("ROOST_TEST_MODEL"), need("ROOST_BENCH_CACHE").appendingPathComponent("server"))
        try? FileManager.default.removeItem(at: folder)
        let comparisons = try await ServerBenchmark(
            model: model, tools: need("ROOST_ENGINE_TOOLS"),
            roost: URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
                .appendingPathComponent("roost"),
            wrk: environment["ROOST_BENCH_WRK"].map { URL(fileURLWithPath: $0) }, threadCount: threadCount,
            rounds: arguments.serverRounds, folder: folder
        ).run()
        let file = folder.appendingPathComponent("samples.json")
        try SampleFile(
            model: model, threadCount: threadCount, rounds: arguments.serverRounds, samples: comparisons
        ).write(to: file)
        print("Every sample is in \(file.path).")
    }
    if arguments.chosen.contains("tune") {
        let model = need("ROOST_TEST_MODEL")
        let reports = try TuneBenchmark(
            model: model, rounds: arguments.tuneRounds, seconds: arguments.tuneSeconds
        ).run()
        let file = need("ROOST_BENCH_CACHE").appendingPathComponent("tune/samples.json")
        try SampleFile(model: model, threadCount: threadCount, rounds: arguments.tuneRounds, samples: reports)
            .write(to: file)
        print("Every sample is in \(file.path).")
    }
    if arguments.chosen.contains("download") {
        let report = try DownloadBenchmark(
            settings: arguments.downloadSettings, tools: arguments.downloadTools, rounds: arguments.downloadRounds,
            byteCount: arguments.downloadByteCount, folder: need("ROOST_BENCH_CACHE"),
            programs: URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent(),
            peers: environment["ROOST_BENCH_HF"].map { [.hf: $0] } ?? [:]
        ).run()
        if arguments.wantsJSON { try report.printJSON() } else { report.printTable() }
    }
} catch {
    fail("\(error)", status: 1)
}
