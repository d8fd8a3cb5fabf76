import Foundation
import Roost

/// What the server itself costs: how many small requests it answers beside llama-server, and what a token loses on its
/// way to a client over HTTP.
struct ServerBenchmark {
    let model: URL
    let tools: URL
    let roost: URL
    let wrk: URL?
    let threadCount: Int
    let rounds: Int
    /// Where the servers' homes and logs go.
    let folder: URL

    /// The comparisons, each with all its pairs.
    func run() async throws -> [Comparison] {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        var comparisons: [Comparison] = []
        if let wrk {
            comparisons += try await requestRates(RequestRate(wrk: wrk))
        } else {
            print("wrk is not installed: the rates of requests were not measured.")
        }
        comparisons += try await streamRates()
        return comparisons
    }

    private func setup() throws -> PeerSetup {
        let workload = ServingWorkload(
            name: "server", title: "server", kind: .throughput, parallel: 1, contextLength: 2048, requestCount: 1,
            promptTokens: [1, 1], outputTokens: [1, 1], sharedTokens: nil, disturbanceTokens: nil, prompts: nil,
            temperature: nil, goal: 1)
        let folder = folder.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return try PeerSetup(model: model, workload: workload, threadCount: threadCount, folder: folder)
    }

    /// Both servers run with the model loaded; `wrk` asks them in turns.
    private func requestRates(_ rate: RequestRate) async throws -> [Comparison] {
        let ours = RoostPeer(program: roost, try setup())
        let theirs = LlamaServerPeer(tools: tools, try setup())
        try await ours.start()
        try await theirs.start()
        defer { fflush(nil) }
        var comparisons: [Comparison] = []
        do {
            for path in ["/v1/models", "/api/tags"] {
                var comparison = Comparison(name: "GET \(path) (llama-server: /v1/models)", unit: "requests/s")
                for round in 1...rounds {
                    let urls = [ours.base + path, theirs.base + "/v1/models"]
                    var rates = [0.0, 0.0]
                    for index in round % 2 == 1 ? [0, 1] : [1, 0] { rates[index] = try rate.measure(urls[index]) }
                    comparison.add(ours: rates[0], peer: rates[1])
                }
                comparison.printLine(peerName: "llama-server")
                comparisons.append(comparison)
            }
        } catch {
            await ours.stop()
            await theirs.stop()
            throw error
        }
        await ours.stop()
        await theirs.stop()
        return comparisons
    }

    /// The daemon and the library each have the model in a worker of their own; only one computes at a time.
    private func streamRates() async throws -> [Comparison] {
        var within = Comparison(name: "One stream at the client, against the engine's own rate", unit: "tokens/s")
        var beside = Comparison(name: "One stream over HTTP, against the library alone", unit: "tokens/s")
        let setup = try setup()
        let peer = RoostPeer(program: roost, setup)
        // Else what is said decides how fast it is.
        peer.speculates = false
        try await peer.start()
        do {
            var configuration = RoostConfiguration(
                homeDirectory: setup.folder.appendingPathComponent("direct", isDirectory: true))
            configuration.load.contextLength = setup.workload.contextLength
            configuration.load.parallelRequestCount = 1
            configuration.load.threadCount = threadCount
            configuration.load.speculation = false
            configuration.keepAlive = KeepAlive(seconds: -1)
            configuration.useWorkers(of: roost)
            let manager = try await ModelManager(configuration: configuration)
            _ = try await manager.importModel(at: model, as: peer.modelName)
            // The first answer of each is not counted: it touches memory and clocks the cores up.
            _ = try await StreamRate.direct(manager, model: peer.modelName)
            _ = try await StreamRate.served(by: peer)
            // An answer takes a second or two, and the machine is not as fast in each.
            for round in 1...3 * rounds {
                var rates = [0.0, 0.0]
                for index in round % 2 == 1 ? [0, 1] : [1, 0] {
                    if index == 1 {
                        rates[1] = try await StreamRate.direct(manager, model: peer.modelName).atClient
                        continue
                    }
                    let rate = try await StreamRate.served(by: peer)
                    rates[0] = rate.atClient
                    within.add(ours: rate.atClient, peer: rate.ofEngine)
                }
                beside.add(ours: rates[0], peer: rates[1])
            }
            await manager.shutdown()
        } catch {
            await peer.stop()
            throw error
        }
        await peer.stop()
        within.printLine(peerName: "the engine")
        beside.printLine(peerName: "the library alone")
        return [within, beside]
    }
}
