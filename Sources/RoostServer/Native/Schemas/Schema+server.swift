import Roost

extension Schema {
    /// Ollama's and Go's durations.
    static let keepAlive = Schema.either(
        [
            .text(1...32, "`5m`, `1h30m`, `-1`"),
            .number(-1_000_000_000...1_000_000_000, "Seconds; 0 is never, negative for ever."),
        ],
        "How long it stays in memory after its last request: `5m`, `300`, 0 for not at all, negative for ever. Without "
            + "it, as the server is set.")

    static let alive = Schema.component(
        "Alive", "That the server runs.",
        [.required("status", .choice(["ok", "draining"])), .required("version", .string("Roost's version."))])

    static let version = Schema.component(
        "Version", "What runs here.",
        [
            .required("version", .string("Roost's version.")),
            .required("engine", .string("Name and version of the engine.")),
            .required("engine_build", .string("The build of the engine: figures of other builds are not compared.")),
        ])

    static let finding = Schema.component(
        "Finding", "One thing that was looked at.",
        [
            .required("subject", .string("What was looked at: `memory`, `disk`, `speed`, `engine`, …")),
            .required("state", .choice(of: Finding.State.self, "How it is.")),
            .required("message", .string("One sentence.")),
            .optional("remedy", .string("How to mend it.")),
        ])

    static let health = Schema.component(
        "Health", "How the server and its machine do.",
        [
            .required("status", .choice(of: Finding.State.self, "The worst of the findings.")),
            .required("version", .string("Roost's version.")),
            .required("started_at", .date("When the server began.")),
            .required("loaded_model_count", .count("Models in memory.")),
            .required("active_count", .count("Answers and streams under way.")),
            .required("findings", .list(.finding)),
        ])

    static let warning = Schema.component(
        "HealthWarning", "Something about the machine that a person should know.",
        [
            .required("kind", .choice(of: HealthWarning.Kind.self)),
            .required("severity", .choice(["notice", "problem"])),
            .optional("subject", .string("What it is about, where there are several.")),
            .required("message", .string("One sentence.")),
            .required("remedy", .string("What to do.")),
        ])

    static let setting = Schema.component(
        "Setting", "A setting and where its value comes from.",
        [
            .required("key", .string("The key in config.toml.")),
            .required("variable", .string("The environment variable.")),
            .optional("value", .string("Its text, passwords left out; absent when the default holds.")),
            .required("origin", .choice(["environment", "config.toml", "default"])),
            .required("summary", .string("What it decides.")),
        ])

    static let log = Schema.component(
        "Log", "What the process of a model said; prompts and answers are not in it.",
        [
            .required("model", .string("The model's name.")),
            .required(
                "lines",
                .list(
                    .object([
                        .required("time", .string("When, in ISO 8601.")),
                        .required("text", .string("What; control characters are escaped.")),
                    ]), "The oldest first.")),
        ])
}
