import Foundation
import ModelFixtures
import Testing

/// `roost tune` as a user types it: the model in its locked process.
@Suite("The tune command")
struct TuneCommandTests {
    private struct Report: Decodable {
        struct Stage: Decodable {
            struct Candidate: Decodable {
                var value: String
                var samples: [Double]
            }
            var setting: String
            var candidates: [Candidate]
            var defaultSamples: [Double]
        }
        var model: String
        var stages: [Stage]
    }

    @Test("measures, shows what it found, and forgets it")
    func tune() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "roost-tune-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        var roost = try BuiltProgram(home: folder.appending(path: "home"))
        // What is chosen is not measured.
        roost.threadCount = nil
        let (file, bert) = (try TinyModelFile(.llama()), try TinyModelFile(.bert()))
        #expect(try await roost.run("import", file.url.path, "--name", "tiny").status == 0)
        #expect(try await roost.run("import", bert.url.path, "--name", "bert").status == 0)

        let nothing = try await roost.run("tune", "tiny", "--show")
        #expect(nothing.status == 0 && nothing.output.contains("roost tune tiny"), "\(nothing)")
        let tuned = try await roost.run("tune", "tiny", "--seconds", "60", "--json")
        #expect(tuned.status == 0, "\(tuned)")
        let report = try JSONDecoder().decode(Report.self, from: Data(tuned.output.utf8))
        #expect(report.model == "tiny:latest" && report.stages.map(\.setting).contains("threads"))
        #expect(report.stages.contains { !$0.defaultSamples.isEmpty || !$0.candidates[0].samples.isEmpty })

        let shown = try await roost.run("tune", "tiny", "--show")
        #expect(shown.output.contains("threads") && shown.output.contains("95 % INTERVAL"), "\(shown)")
        #expect(try await roost.run("tune", "tiny", "--forget").output == "Forgotten.\n")
        #expect(try await roost.run("tune", "tiny", "--forget").output == "There was nothing to forget.\n")

        let refused = try await roost.run("tune", "bert", "--seconds", "5")
        #expect(refused.status == 1 && refused.errors.contains("bert"), "\(refused)")
        #expect(try await roost.run("tune", "tiny", "--seconds", "1").status == 64)
        #expect(try await roost.run("tune", "missing").status == 1)
    }
}
