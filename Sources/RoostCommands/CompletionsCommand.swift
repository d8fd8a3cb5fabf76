import ArgumentParser
import Terminal

/// `roost completions`: a script that teaches a shell to complete Roost's commands.
struct CompletionsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "completions",
        abstract: "Print the completion script of a shell.",
        discussion: """
            bash:  roost completions bash > ~/.local/share/bash-completion/completions/roost
            zsh:   roost completions zsh > "${fpath[1]}/_roost"
            fish:  roost completions fish > ~/.config/fish/completions/roost.fish
            """)

    /// The shells that scripts can be made for.
    enum Shell: String, CaseIterable, ExpressibleByArgument {
        case bash, zsh, fish
    }

    @Argument(help: "bash, zsh or fish.")
    var shell: Shell

    func run() throws {
        let kind: CompletionShell =
            switch shell {
            case .bash: .bash
            case .zsh: .zsh
            case .fish: .fish
            }
        Console.output.print(RoostCommand.completionScript(for: kind))
    }
}
