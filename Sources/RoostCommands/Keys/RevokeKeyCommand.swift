import ArgumentParser
import Roost
import Security
import Terminal

/// `roost keys revoke`: takes keys away.
struct RevokeKeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "Take keys away: the server refuses them from the next request on, and ends their streams.")

    @Argument(
        help: ArgumentHelp("Names or ids of keys.", valueName: "name"),
        completion: .shellCommand("roost keys list --quiet"))
    var names: [String]

    func run() async throws {
        let file = AccessKeyFile(home: RoostConfiguration.defaultHomeDirectory())
        for name in names {
            let key = try file.revoke(name)
            Console.output.print("Key “\(key.name)” (\(key.id)) is revoked.")
        }
        if try file.keys()?.isEmpty ?? false {
            Console.error.print(
                "No key is left, and the server still asks for one: “roost keys create NAME” makes one. To ask for none, "
                    + "set require_keys = false, or remove \(file.path) and start the server anew.")
        }
    }
}
