import ArgumentParser
import Foundation
import Roost
import RoostServer
import Terminal

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// `roost stop`: takes a model out of the server's memory, or ends the server.
struct StopCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stop", abstract: "Take a model out of the server's memory, or end the server.")

    @Argument(help: "The model to take out of memory.", completion: .none)
    var model: String?

    @Flag(help: "End the server itself; running answers get a few seconds to finish.")
    var server = false

    func validate() throws {
        guard (model != nil) != server else {
            throw ValidationError("Name a model, or say --server to end the server.")
        }
    }

    func run() async throws {
        let home = RoostConfiguration.defaultHomeDirectory()
        guard let client = await ServerClient.running(home: home) else {
            if server, let record = RunningServer.recorded(inHome: home), record.isAlive {
                throw StopError.notAnswering(pid: record.pid, address: record.baseURL)
            }
            Console.error.print("No server runs for \(home.path): there is nothing to stop.")
            return
        }
        if let model { try await unload(model, from: client) } else { try await end(client.server) }
    }

    /// How long a server may take to end when its running answers have had their time.
    private static let secondsAfterDrain = 25

    private func unload(_ model: String, from client: ServerClient) async throws {
        let _: Unloaded = try await client.json(
            .post, "/api/generate", body: UnloadRequest(model: model, keepAlive: 0))
        Console.output.print("\(model) is no longer in memory.")
    }

    private func end(_ running: RunningServer) async throws {
        guard kill(running.pid, SIGTERM) == 0 || errno == ESRCH else {
            throw StopError.signalFailed(pid: running.pid, reason: String(cString: strerror(errno)))
        }
        let limit = Duration.seconds(min(running.drainSeconds ?? 5, 86_400) + Self.secondsAfterDrain)
        let deadline = ContinuousClock.now.advanced(by: limit)
        while running.isAlive {
            guard ContinuousClock.now < deadline else {
                throw StopError.stillRunning(pid: running.pid, seconds: Int(limit.components.seconds))
            }
            try await Task.sleep(for: .milliseconds(50))
        }
        Console.output.print("The server (process \(running.pid)) has ended.")
    }

    private struct UnloadRequest: Encodable {
        let model: String
        let keepAlive: Int

        enum CodingKeys: String, CodingKey {
            case model
            case keepAlive = "keep_alive"
        }
    }

    private struct Unloaded: Decodable {
        let done: Bool
    }
}

/// Why a server could not be ended.
enum StopError: Error, CustomStringConvertible {
    case notAnswering(pid: Int32, address: String)
    case signalFailed(pid: Int32, reason: String)
    case stillRunning(pid: Int32, seconds: Int)

    var description: String {
        switch self {
        case .notAnswering(let pid, let address):
            "Process \(pid) is recorded as the server at \(address), but does not answer there; look at it with "
                + "“ps -p \(pid)” and end it with “kill \(pid)” if it is one."
        case .signalFailed(let pid, let reason):
            "The server (process \(pid)) could not be told to end: \(reason)."
        case .stillRunning(let pid, let seconds):
            "The server (process \(pid)) has not ended after \(seconds) seconds; “kill -9 \(pid)” ends it at once."
        }
    }
}
