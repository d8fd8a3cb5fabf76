import ArgumentParser
import Security

/// `roost keys`: who may use the server.
struct KeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "Make, list and revoke the keys of those who use the server.",
        discussion: """
            As soon as there is a key, the server asks everybody for one; this machine's own “roost” needs none. Keys \
            are kept as hashes in ROOST_HOME/keys/access.json, and what is changed here counts from the next request on.

            Examples:
              roost keys create laptop
              roost keys create ci --scope infer --model "gemma3*" --expires 30d
              roost keys list
              roost keys revoke laptop
            """,
        subcommands: [ListKeysCommand.self, CreateKeyCommand.self, RevokeKeyCommand.self],
        defaultSubcommand: ListKeysCommand.self)
}

extension AccessScope: ExpressibleByArgument {}

extension KeyLifetime: ExpressibleByArgument {
    /// Reads a duration.
    public init?(argument: String) { self.init(argument) }
}

extension ModelPattern: ExpressibleByArgument {
    /// Reads a pattern.
    public init?(argument: String) { self.init(argument) }
}
