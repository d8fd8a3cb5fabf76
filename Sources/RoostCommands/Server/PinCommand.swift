import ArgumentParser
import Foundation
import Roost
import RoostServer
import Terminal

/// `roost pin`: has the server load a model and keep it.
struct PinCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pin",
        abstract: "Have the server load a model and keep it in memory.",
        discussion: """
            A pinned model stays whatever its keep-alive says and however scarce memory is, until “roost unpin” or \
            “roost stop” lets it go. Models of pinned_models in config.toml are pinned whenever the server starts.

              roost pin gemma3
              roost pin qwen3 all-minilm
            """)

    @Argument(help: "The models.", completion: .shellCommand("roost list --quiet"))
    var models: [String]

    func run() async throws {
        let client = try await PinnedModels.server()
        for model in models {
            _ = try await PinnedModels.send("pin", model, to: client)
            Console.output.print("\(model) is in memory and stays there.")
        }
    }
}

/// `roost unpin`: lets a pinned model go as any other.
struct UnpinCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unpin", abstract: "Let a pinned model go again when its keep-alive is over.")

    @Argument(help: "The models.", completion: .shellCommand("roost list --quiet"))
    var models: [String]

    func run() async throws {
        let client = try await PinnedModels.server()
        for model in models {
            let answer = try await PinnedModels.send("unpin", model, to: client)
            Console.output.print(answer.changed ? "\(model) is no longer pinned." : "\(model) was not pinned.")
        }
    }
}

/// What both commands ask of the server.
private enum PinnedModels {
    struct Answer: Decodable, Sendable { let changed: Bool }

    static func server() async throws -> ServerClient {
        let home = RoostConfiguration.defaultHomeDirectory()
        guard let client = await ServerClient.running(home: home) else { throw PinError.noServer(home: home.path) }
        return client
    }

    static func send(_ action: String, _ model: String, to client: ServerClient) async throws -> Answer {
        // A name is one part of the path.
        let name = model.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? model
        return try await client.json(.post, "/roost/v1/models/\(name)/\(action)")
    }
}

/// Why nothing can be pinned.
enum PinError: Error, CustomStringConvertible {
    case noServer(home: String)

    var description: String {
        switch self {
        case .noServer(let home):
            "No server runs for \(home), and only a server keeps models in memory; “roost serve” starts one, and "
                + "pinned_models in config.toml pins models at its start."
        }
    }
}
