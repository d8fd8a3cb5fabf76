import EngineFixtures
import Foundation
import Inference
import ModelFixtures
import Testing
import Waiting
import Workers

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

@Suite("Models in memory that run in workers", .serialized)
struct ResidencyProcessTests {
    private func request(_ file: TinyModelFile, _ key: String) -> ModelRequest {
        ModelRequest(
            key: key, name: key, files: ModelFileSet(file.url), defaultOptions: ProcessFixture.options(),
            keepAlive: .forever)
    }

    @Test("A hundred requests for a cold model start one process; unloading ends it")
    func oneProcess() async throws {
        let fixture = try ProcessFixture()
        defer { fixture.remove() }
        let file = try TinyModelFile(.llama())
        let residency = ModelResidency(launcher: fixture.launcher)
        let processes = try await withThrowingTaskGroup(of: Int32?.self) { group in
            for _ in 0..<100 {
                group.addTask {
                    try await residency.withModel(request(file, "a")) { model in
                        _ = try await model.tokenize("Hello")
                        return model.activity.processIdentifier
                    }
                }
            }
            return try await group.reduce(into: Set()) { $0.insert($1) }
        }
        #expect(processes.count == 1)
        let process = try #require(processes.first ?? nil)
        let resident = try #require(await residency.residents().first)
        #expect(resident.model.knownIsolation == .sandboxed)
        #expect((resident.model.activity.residentByteCount ?? 0) > 0)
        #expect(await residency.unload("a"))
        #expect(ProcessFacts(pid: process).isGone)
        await residency.close()
    }

    @Test("A model whose process was killed stays resident and answers again from a new one")
    func comesBack() async throws {
        let fixture = try ProcessFixture()
        defer { fixture.remove() }
        let file = try TinyModelFile(.llama())
        let residency = ModelResidency(launcher: fixture.launcher)
        let model = try await residency.load(request(file, "a"))
        let process = try #require(model.activity.processIdentifier)
        kill(process, SIGKILL)
        try #require(try await eventually { ProcessFacts(pid: process).isGone })
        // Until its end is noticed requests fail with a clear error.
        let answers = try await eventually {
            do {
                return try await residency.withModel(request(file, "a")) { try await !$0.tokenize("Hello").isEmpty }
            } catch is InferenceError {
                return false
            }
        }
        #expect(answers)
        #expect(await residency.residents().count == 1)
        #expect(model.activity.processIdentifier != process)
        await residency.close()
    }
}
