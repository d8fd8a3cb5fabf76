import AsyncHTTPClient
import Foundation
import HubSimulator
import ModelHubs
import Synchronization
import Testing

/// A transport whose waits are remembered instead of waited.
final class HubFixture: Sendable {
    private let waits = Mutex<[Duration]>([])

    /// The waits between attempts so far.
    var waited: [Duration] { waits.withLock { $0 } }

    /// Runs `body` with a real client.
    static func run<Result: Sendable>(
        attempts: Int = 3, now: Date = Date(timeIntervalSince1970: 784_111_777),
        _ body: (HubTransport, HubFixture) async throws -> Result
    ) async throws -> Result {
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: .forHubs)
        let fixture = HubFixture()
        let retry = RetryPolicy(maximumAttempts: attempts) { wait in fixture.waits.withLock { $0.append(wait) } }
        do {
            let result = try await body(HubTransport(client: client, retry: retry, now: { now }), fixture)
            try await client.shutdown()
            return result
        } catch {
            try? await client.shutdown()
            throw error
        }
    }

    /// Runs `body` with a Hugging Face hub over a simulated one.
    static func huggingFace<Result: Sendable>(
        _ repositories: [SimulatedRepository], token: String? = nil,
        behaviour: HuggingFaceSimulator.Behaviour = .init(),
        _ body: (HuggingFaceHub, HuggingFaceSimulator, HubFixture) async throws -> Result
    ) async throws -> Result {
        try await HuggingFaceSimulator.run(repositories, behaviour: behaviour) { simulator in
            try await run { transport, fixture in
                let settings = try HuggingFaceSettings(endpoint: simulator.hub.address, token: token)
                return try await body(HuggingFaceHub(settings: settings, transport: transport), simulator, fixture)
            }
        }
    }

    /// Reads a name as the command line would.
    static func reference(_ text: String) throws -> ModelReference {
        try ModelReferenceParser(fileExists: { _ in false }).reference(text)
    }
}

/// What `body` throws, which must be an error of the hubs.
func failure<Value: Sendable>(_ body: () async throws -> Value) async -> ModelHubError? {
    do {
        let value = try await body()
        Issue.record("no error but \(value)")
    } catch let error as ModelHubError {
        return error
    } catch {
        Issue.record(error)
    }
    return nil
}

/// A folder of its own for a test.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        // Links in the path (as macOS has) would make other paths of the same files.
        path =
            FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
            .appending(path: "roost-hubs-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes a file, with the folders above it.
    @discardableResult
    func write(_ relative: String, _ text: String) throws -> String {
        let file = path + "/" + relative
        let folder = URL(fileURLWithPath: file).deletingLastPathComponent().path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(fileURLWithPath: file))
        return file
    }

    /// Makes a link, with the folders above it.
    func link(_ relative: String, to target: String) throws {
        let file = path + "/" + relative
        let folder = URL(fileURLWithPath: file).deletingLastPathComponent().path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(atPath: file, withDestinationPath: target)
    }
}
