import ControlGroups
import Foundation
import HubSimulator
import ModelFixtures
import Testing

/// `roost plan` and `roost recommend` as a user types them.
@Suite("The plan command")
final class PlanCommandTests: Sendable {
    private let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
            .appending(path: "roost-plan-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    private struct Report: Decodable {
        struct Model: Decodable {
            var isHere: Bool
            var byteCount: Int64
            var receivedByteCount: Int64
        }
        struct Machine: Decodable {
            var memoryByteCount: Int64
            var threadCount: Int
        }
        struct Plan: Decodable {
            struct Options: Decodable {
                var threadCount: Int?
                var gpuLayerCount: Int?
            }
            struct Memory: Decodable {
                struct Device: Decodable {
                    var device: String
                    var weightsByteCount: Int64
                    var contextByteCount: Int64
                }
                var devices: [Device]
            }
            var fits: Bool
            var isExact: Bool
            var contextLength: Int
            var neededByteCount: Int64
            var options: Options
            var memory: Memory
            var advice: [String]
        }
        var model: Model
        var machine: Machine
        var plan: Plan
    }

    private func report(_ outcome: BuiltProgram.Outcome) throws -> Report {
        try #require(!outcome.output.isEmpty, "\(outcome)")
        return try JSONDecoder().decode(Report.self, from: Data(outcome.output.utf8))
    }

    private func roost(with model: TinyModel) async throws -> BuiltProgram {
        let roost = try BuiltProgram(home: folder.appending(path: "home"))
        let file = try TinyModelFile(model)
        let imported = try await roost.run("import", file.url.path, "--name", "tiny")
        try #require(imported.status == 0, "\(imported)")
        return roost
    }

    @Test("A model of the store: memory by the engine, every setting with its reason, as text and as JSON")
    func stored() async throws {
        let roost = try await roost(with: .llama())
        let text = try await roost.run("plan", "tiny", "--explain")
        #expect(text.status == 0, "\(text)")
        for words in ["Fits on this machine", "weights", "context", "KV cache", "threads", "WHY", "Speed:"] {
            #expect(text.output.contains(words), "\(words) is not in \(text.output)")
        }
        let plan = try report(try await roost.run("plan", "tiny", "--json", "--ctx", "256"))
        #expect(plan.plan.fits && plan.plan.isExact && plan.model.isHere && plan.model.receivedByteCount == 0)
        #expect(plan.plan.contextLength == 256)
        #expect(plan.plan.memory.devices.map(\.device) == ["CPU"])
        let longer = try report(try await roost.run("plan", "tiny", "--json", "--ctx", "512"))
        let (short, long) = (plan.plan.memory.devices[0], longer.plan.memory.devices[0])
        #expect(long.contextByteCount == 2 * short.contextByteCount)
        let active = try await roost.run("plan")
        #expect(active.status == 1 && active.errors.contains("active"), "\(active)")
    }

    @Test("Another machine is described in words; what is no machine is refused with an example")
    func described() async throws {
        let roost = try await roost(with: .llama())
        let plan = try report(try await roost.run("plan", "tiny", "--json", "--on", "24GB gpu, 32GB ram"))
        #expect(plan.plan.fits && !plan.plan.isExact)
        #expect(plan.plan.memory.devices.map(\.device) == ["CPU", "GPU0"])
        #expect(plan.plan.memory.devices.last.map { $0.weightsByteCount > 0 } == true)
        for wrong in ["banana", "24GB", "-3GB ram", ","] {
            let refused = try await roost.run("plan", "tiny", "--on=\(wrong)")
            #expect(refused.status == 1 && refused.errors.contains("“24GB gpu, 32GB ram”"), "\(wrong): \(refused)")
        }
        let type = try await roost.run("plan", "tiny", "--kv-type", "q9")
        #expect(type.status == 64 && type.errors.contains("--kv-type is “q9”"), "\(type)")
        let zero = try await roost.run("plan", "tiny", "--ctx", "0")
        #expect(zero.status == 1 && zero.errors.contains("context length is 0"), "\(zero)")
    }

    @Test(
        "A 70B model that is not here: only its header comes, no process takes much memory, and it is told what fits where"
    )
    func seventyBillion() async throws {
        try await HollowHub.run(in: folder) { hollow in
            let (model, hub, roost) = (hollow.model, hollow.simulator, hollow.roost)
            let measured = folder.path + "/report.json"
            let name = HollowHub.name
            let first = try report(try await hollow.meter.run(measured, "600", roost.url.path, "plan", name, "--json"))
            #expect(!first.model.isHere && first.plan.isExact)
            #expect(first.model.byteCount == model.byteCount)
            // Keys and values of 80 layers, 8 heads of 128, two bytes each.
            let context: Int64 = first.plan.memory.devices.map(\.contextByteCount).reduce(0, +)
            let expected: Int64 = 80 * 2 * 8 * 128 * 2 * Int64(first.plan.contextLength)
            #expect(context == expected)
            #expect(hub.storage.sentByteCount >= model.headerByteCount)
            #expect(hub.storage.sentByteCount <= 2 * model.headerByteCount)
            let numbers = try #require(
                try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: measured)))
                    as? [String: Any])
            let peak = try #require(numbers.first { $0.key.lowercased().contains("peak") }?.value as? NSNumber)
            // The larger of two processes: this program, and the locked one of the engine.
            #expect(peak.int64Value > 10 << 20 && peak.int64Value < 100_000_000, "\(numbers)")
            print("plan of a 70B model that is not here: \(numbers), \(hub.storage.sentByteCount) bytes fetched")

            let requests = hub.hub.requests.count
            let small = try await roost.run("plan", name, "--on", "8GB ram, 4 cores")
            #expect(small.status == 1 && small.output.contains("Does not fit on a machine with 8GB ram"), "\(small)")
            let shared = try report(try await roost.run("plan", name, "--json", "--on", "24GB gpu, 64GB ram"))
            let layers = try #require(shared.plan.options.gpuLayerCount)
            #expect(shared.plan.fits && (1..<80).contains(layers), "\(shared)")
            let large = try report(try await roost.run("plan", name, "--json", "--on", "2x32GB gpu, 64GB ram"))
            #expect(large.plan.fits && large.plan.memory.devices.count == 3, "\(large)")
            #expect(hub.hub.requests.count == requests, "the header is kept")
        }
    }

    @Test(
        "What was predicted for a load is compared with what its process took",
        .enabled(if: ProcessInfo.processInfo.environment["ROOST_TEST_MODEL"] != nil))
    func accuracy() async throws {
        let path = try #require(ProcessInfo.processInfo.environment["ROOST_TEST_MODEL"])
        let roost = try BuiltProgram(home: folder.appending(path: "home"))
        #expect(try await roost.run("plan", "--accuracy").output.hasPrefix("No model has been loaded"))
        #expect(try await roost.run("import", path, "--name", "gemma").status == 0)
        // A prompt that fills a whole micro-batch, so that what was planned is used.
        let prompt = (1...700).map { "\($0)" }.joined(separator: " ")
        let answer = try await roost.run("run", "gemma", prompt, "--max-tokens", "4", "--ctx", "4096", "--json")
        #expect(answer.status == 0, "\(answer)")
        let report = try JSONSerialization.jsonObject(with: Data(answer.output.utf8)) as? [String: Any]
        let memory = try #require(report?["memory"] as? [String: Int64], "\(answer)")
        // That of the model's own process, which has the weights.
        #expect(try #require(memory["peakProcessByteCount"]) > 200_000_000, "\(memory)")
        let listed = try await roost.run("plan", "--accuracy", "--json")
        let items = try #require(
            try JSONSerialization.jsonObject(with: Data(listed.output.utf8)) as? [[String: Any]], "\(listed)")
        let item = try #require(items.first)
        #expect(items.count == 1)
        #expect(item["model"] as? String == "gemma:latest")
        #expect(item["architecture"] as? String == "gemma3")
        let (predicted, actual) = (item["predicted"] as? [String: Int64], item["actual"] as? [String: Int64])
        for part in ["weightsByteCount", "contextByteCount"] {
            #expect(predicted?[part] == actual?[part], "\(part): \(item)")
        }
        let error = try #require(item["error"] as? Double)
        #expect(abs(error) < 0.05, "\(item)")
        let table = try await roost.run("plan", "--accuracy")
        #expect(table.output.contains("PREDICTED") && table.output.contains("gemma"), "\(table)")
    }

    #if os(Linux)
        @Test(
            "A control group's memory and quota decide what is planned, and what is refused",
            .enabled(if: ControlGroup.mayBeMade))
        func controlGroup() async throws {
            let program = try await roost(with: .llama())
            let roost = program
            let group = try ControlGroup(quota: 1.5, byteCount: 300 << 20)
            defer { group.remove() }
            let plan = try report(try await group.run(roost, "plan", "tiny", "--json"))
            #expect(plan.machine.memoryByteCount <= 300 << 20)
            #expect(plan.machine.threadCount == 1)
            #expect(plan.plan.options.threadCount == 1, "one thread more than whole cores has all of them wait")
            #expect(plan.plan.fits)
            let model = try HollowModel.llama70B()
            let file = folder.appending(path: "hollow.gguf")
            try model.write(to: file)
            let large = try await group.run(roost, "plan", file.path)
            #expect(large.status == 1 && large.output.contains("Does not fit on this machine"), "\(large)")
        }
    #endif

    @Test("Models are recommended for a machine, the best that fits first, with reasons; nothing needs a network")
    func recommends() async throws {
        let roost = try BuiltProgram(home: folder.appending(path: "home"))
        struct Item: Decodable {
            var name: String
            var tier: String
            var fits: Bool
            var neededByteCount: Int64
            var contextLength: Int?
            var reason: String
        }
        func items(_ arguments: String...) async throws -> [Item] {
            let outcome = try await roost.run(["recommend", "--json"] + arguments)
            #expect(outcome.status == 0, "\(outcome)")
            return try JSONDecoder().decode([Item].self, from: Data(outcome.output.utf8))
        }
        let small = try await items("--on", "4GB ram, 4 cores")
        let large = try await items("--on", "24GB gpu 1008GB/s, 64GB ram")
        #expect(!small.isEmpty)
        for item in small {
            #expect(item.fits && item.neededByteCount <= 4 << 30 && !item.reason.isEmpty, "\(item)")
        }
        #expect(large.first?.tier == "advanced" && small.allSatisfy { $0.tier != "advanced" })
        let code = try await items("--for", "code", "--min-context", "100000", "--on", "24GB gpu, 64GB ram")
        #expect(!code.isEmpty && code.allSatisfy { $0.contextLength.map { $0 >= 100_000 } ?? true })
        #expect(code.count < large.count)
        let vectors = try await items("--for", "embedding", "--on", "8GB ram")
        #expect(vectors.contains { $0.name.hasPrefix("nomic-embed-text") })
        let all = try await items("--all", "--on", "2GB ram")
        #expect(
            all.contains { !$0.fits } && all.drop { $0.fits }.allSatisfy { !$0.fits }, "what does not fit comes last")
        let table = try await roost.run("recommend", "--on", "16GB ram, 8 cores")
        #expect(table.output.contains("WHY") && table.errors.contains("The best: roost run "), "\(table)")
        let none = try await roost.run("recommend", "--on", "1GB ram", "--min-context", "100000")
        #expect(none.status == 0 && !none.output.contains("WHY"), "\(none)")
        #expect(try await roost.run("recommend", "--for", "poetry").status == 64)
    }
}
