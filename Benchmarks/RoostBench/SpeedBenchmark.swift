import Foundation
import Inference

/// Decode and prefill speed against llama-bench: same model, same threads, same kernels, taken in turns.
struct SpeedBenchmark {
    let model: URL
    let llamaBench: URL
    let threadCount: Int
    let rounds: Int

    private static let promptCount = 512
    private static let decodeCount = 128

    func run() async throws {
        var options = LoadOptions()
        options.threadCount = threadCount
        options.contextLength = 1024
        let loaded = try await LoadedModel.load(at: model, options: options)
        _ = try await prefillSpeed(loaded)
        _ = try await decodeSpeed(loaded)

        var prefill = Comparison(name: "prefill \(Self.promptCount)", unit: "tokens/s")
        var decode = Comparison(name: "decode \(Self.decodeCount)", unit: "tokens/s")
        for round in 1...rounds {
            // Who goes first changes, so that a drift of the machine does not favour one.
            let peerFirst = round % 2 == 1
            var peer = peerFirst ? try llamaBenchSpeeds() : nil
            let ours = (try await prefillSpeed(loaded), try await decodeSpeed(loaded))
            if peer == nil { peer = try llamaBenchSpeeds() }
            guard let peer else { continue }
            prefill.add(ours: ours.0, peer: peer.prefill)
            decode.add(ours: ours.1, peer: peer.decode)
            FileHandle.standardError.write(Data("round \(round) of \(rounds)\n".utf8))
        }
        await loaded.unload()
        print("\(loaded.info.description), \(threadCount) threads, \(rounds) rounds in turns with llama-bench")
        prefill.printLine(peerName: "llama-bench")
        decode.printLine(peerName: "llama-bench")
    }

    private func prefillSpeed(_ loaded: LoadedModel) async throws -> Double {
        let tokens = (0..<Self.promptCount).map { _ in Int32.random(in: 0..<Int32(loaded.info.vocabularyCount)) }
        var options = GenerationOptions.greedy
        options.maxTokens = 1
        return try await result(of: loaded.generate(tokens: tokens, options: options)).promptTokensPerSecond
    }

    /// llama-bench times 128 computations of one token. The first token here comes from the prompt's, so 129 tokens
    /// hold 128 such computations, and all of the choosing and the text besides.
    private func decodeSpeed(_ loaded: LoadedModel) async throws -> Double {
        var options = GenerationOptions.greedy
        options.maxTokens = Self.decodeCount + 1
        options.ignoreEndOfGeneration = true
        let start = Int32.random(in: 0..<Int32(loaded.info.vocabularyCount))
        let result = try await result(of: loaded.generate(tokens: [start], options: options))
        return Double(Self.decodeCount) / (result.completionDuration / .seconds(1))
    }

    private func result(of stream: AsyncThrowingStream<GenerationEvent, any Error>) async throws -> GenerationResult {
        for try await event in stream {
            if case .finished(let result) = event { return result }
        }
        throw InferenceError.unloaded
    }

    private struct Line: Decodable {
        var promptCount: Int
        var decodeCount: Int
        var tokensPerSecond: Double

        enum CodingKeys: String, CodingKey {
            case promptCount = "n_prompt"
            case decodeCount = "n_gen"
            case tokensPerSecond = "avg_ts"
        }
    }

    private func llamaBenchSpeeds() throws -> (prefill: Double, decode: Double) {
        let process = Process()
        process.executableURL = llamaBench
        process.arguments = [
            "-m", model.path, "-t", "\(threadCount)", "-p", "\(Self.promptCount)", "-n", "\(Self.decodeCount)",
            "-r", "1", "-ngl", "0", "-o", "json",
        ]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        let lines = try JSONDecoder().decode([Line].self, from: data)
        guard let prefill = lines.first(where: { $0.promptCount > 0 }),
            let decode = lines.first(where: { $0.decodeCount > 0 })
        else { throw BenchError(description: "llama-bench gave no figures; run it by hand to see why.") }
        return (prefill.tokensPerSecond, decode.tokensPerSecond)
    }
}

/// A benchmark that could not be run, in one sentence.
struct BenchError: Error, CustomStringConvertible {
    let description: String
}
