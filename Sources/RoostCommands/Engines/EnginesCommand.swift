import ArgumentParser
import Roost
import Terminal

/// `roost engines`: engines beside this Roost whose models it serves too.
struct EnginesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "engines",
        abstract: "Show engines elsewhere whose models Roost serves too.",
        discussion: """
            Ollama, LM Studio, Jan, llama-server, vLLM, another Roost, or whatever speaks OpenAI's API. They stand in \
            config.toml:

              [engines.cluster]
              url = "http://10.0.0.5:8000"
              api_key_env = "CLUSTER_KEY"
              weight = 3
              models = ["qwen3:32b=Qwen/Qwen3-32B"]

            or, for a quick try, in ROOST_ENGINES="cluster=http://10.0.0.5:8000". Their models are asked for by their \
            names, or as cluster/NAME.
            """,
        subcommands: [EnginesListCommand.self, EnginesCheckCommand.self],
        defaultSubcommand: EnginesListCommand.self
    )
}
