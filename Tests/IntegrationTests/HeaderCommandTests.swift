import Foundation
import HubSimulator
import ModelFixtures
import Testing

/// `roost show` of models that are not downloaded, as a user types it, in a process of its own.
@Suite("Showing a model that is not here")
final class HeaderCommandTests: Sendable {
    private let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
            .appending(path: "roost-header-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    @Test("A model of 42 GB is told by its header alone, in less than 100 MB of memory")
    func seventyBillion() async throws {
        try await HollowHub.run(in: folder) { hollow in
            let (model, hub, roost) = (hollow.model, hollow.simulator, hollow.roost)
            let report = folder.path + "/report.json"
            let shown = try await hollow.meter.run(report, "600", roost.url.path, "show", HollowHub.name)
            #expect(shown.status == 0, "\(shown)")
            for words in ["not downloaded", "llama", "70.6B", "Q4_K_M", "131072", "42.5 GB", "128256 tokens"] {
                #expect(shown.output.contains(words), "\(words) is not in \(shown.output)")
            }
            #expect(hub.storage.sentByteCount >= model.headerByteCount)
            #expect(hub.storage.sentByteCount <= 2 * model.headerByteCount)
            let numbers = try #require(
                try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: report)))
                    as? [String: Any])
            let peak = try #require(numbers.first { $0.key.lowercased().contains("peak") }?.value as? NSNumber)
            #expect(peak.int64Value > 10 << 20 && peak.int64Value < 100_000_000, "\(numbers)")
            print("show of a 70B model that is not here: \(numbers)")

            // Once known it needs no hub.
            let requests = hub.hub.requests.count
            let json = try await roost.run("show", HollowHub.name, "--json")
            let facts = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
            #expect(facts["byteCount"] as? Int64 == model.byteCount && facts["receivedByteCount"] as? Int == 0)
            #expect(facts["isStored"] as? Bool == false)
            #expect(hub.hub.requests.count == requests)
            let use = try await roost.run("du")
            #expect(use.output.contains("headers of models elsewhere"), "\(use)")
        }
    }

    @Test("What no hub has is one clear sentence; a file here is shown without being imported")
    func others() async throws {
        try await HollowHub.run(in: folder) { hollow in
            let roost = hollow.roost
            let unknown = try await roost.run("show", "maker/nothing-GGUF")
            #expect(unknown.status == 1 && unknown.output.isEmpty)
            #expect(unknown.errors.hasPrefix("Error: There is no model “maker/nothing-GGUF” here"), "\(unknown)")
            #expect(unknown.errors.split(separator: "\n").count == 1, "\(unknown)")
            let file = try await roost.run("show", folder.path + "/hollow.gguf")
            #expect(file.status == 0 && file.output.contains("not in the store"), "\(file)")
            #expect(try await roost.run("list", "--quiet").output.isEmpty)
        }
    }
}
