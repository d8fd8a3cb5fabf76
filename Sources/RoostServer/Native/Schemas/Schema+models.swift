import Roost

extension Schema {
    private static let digest = Schema.string("`sha256:` and 64 hexadecimal digits.")

    /// How a model is loaded, as answers tell it: everything is there but what is left to the machine.
    static let loadOptions = Schema.component("LoadOptions", "How a model is loaded.", loadFields { .optional($0, $1) })

    /// The same as a wish: whatever is left out is as the server is set.
    static let loadWishes = Schema.object(loadFields { .wish($0, $1) }, "How to load it.")

    private static func loadFields(_ field: (String, Schema) -> Field) -> [Field] {
        let bytes = Schema.integer(0...(1 << 44), "Memory for computed prompts that are kept, in bytes.")
        return [
            field("context_length", .integer(1...(1 << 24), "Tokens of prompt and answer.")),
            field("batch_size", .integer(1...(1 << 16), "Most tokens in one call of the engine.")),
            field("micro_batch_size", .integer(1...(1 << 16), "Most tokens computed at once.")),
            field("thread_count", .integer(1...1024, "Threads for single tokens.")),
            field("batch_thread_count", .integer(1...1024, "Threads for prompts.")),
            field("gpu_layer_count", .integer(0...(1 << 16), "Layers on GPUs.")),
            field(
                "expert_layers_on_processor", .integer(0...(1 << 16), "Layers whose experts stay with the processor.")),
            field("tensor_split", .list(.number(0...1e6, "A share."), count: 0...64, "Each GPU's share.")),
            field("devices", .list(.text(1...64, "A GPU's name."), count: 0...64, "The GPUs that are used.")),
            field("flash_attention", .choice(["auto", "on", "off"])),
            field("key_cache_type", .choice(of: KVCacheType.self, "Type of the cached keys.")),
            field("value_cache_type", .choice(of: KVCacheType.self, "Type of the cached values.")),
            field("memory_map", .boolean("Map the file instead of reading it.")),
            field("memory_lock", .boolean("Keep the weights from being swapped out.")),
            field("parallel_request_count", .integer(1...256, "Requests that are computed together.")),
            field("cache_token_count", .integer(1...(1 << 26), "Cells of the KV cache that all requests share.")),
            field("prefix_byte_limit", bytes),
            field("speculation", .boolean("Propose tokens ahead and check them.")),
        ]
    }

    static let model = Schema.component(
        "Model", "A model of the store.",
        [
            .required("name", .string("Its name, with the tag.")), .required("digest", digest),
            .required("identity", .string("Equal for models of the same files.")),
            .required("byte_count", .count("Bytes of the weights.")),
            .required("total_byte_count", .count("Bytes of all its files.")),
            .required(
                "files",
                .list(
                    .object([
                        .required("role", .choice(of: StoreFileRole.self)), .required("name", .string()),
                        .required("digest", digest), .required("byte_count", .count("Bytes.")),
                        .optional("source", .string("Where it came from.")),
                        .required("path", .string("Where the store keeps it.")),
                        .required("is_damaged", .boolean()),
                    ]))),
            .required("format", .string("`gguf`")), .required("architecture", .string("`llama`, `gemma3`")),
            .required("parameter_count", .count("Weights.")), .required("quantization", .string("`Q4_K_M`")),
            .optional("context_length", .count("Tokens that it was trained for.")),
            .optional("embedding_length", .count("Values of a vector.")),
            .required("capabilities", .list(.choice(of: ModelCapability.self))),
            .required("has_chat_template", .boolean()), .optional("license", .string()),
            .optional("title", .string("What its makers call it.")), .required("source", .string()),
            .optional(
                "provenance",
                .object([
                    .required("hub", .string()), .required("reference", .string()), .optional("repository", .string()),
                    .optional("revision", .string()), .required("retrieved_at", .date("When.")),
                    .optional("license", .string()),
                ])),
            .required("created_at", .date("When the content came.")),
            .required("modified_at", .date("When the name came to mean it.")),
            .optional("first_used_at", .date("When.")), .optional("last_used_at", .date("When.")),
            .required("use_count", .count("How often it was used.")),
            .required("token_count", .count("Tokens that it generated.")),
            .optional("last_verified_at", .date("When.")),
            .required("is_active", .boolean("Whether it is taken when none is named.")),
        ])

    static let removal = Schema.component(
        "Removal", "What went.",
        [
            .required("name", .string()), .required("digest", digest), .required("identity", .string()),
            .required("freed_byte_count", .count("0 while other names refer to the same files.")),
        ])

    static let verification = Schema.component(
        "Verification", "Whether a model's files are what was taken in.",
        [
            .required("name", .string()), .required("digest", digest),
            .required("status", .choice(of: VerificationReport.Status.self)),
            .optional("found", .string("What the first damaged file has instead.")),
            .required(
                "files",
                .list(
                    .object([
                        .required("role", .choice(of: StoreFileRole.self)), .required("name", .string()),
                        .required("digest", digest),
                        .required("status", .choice(of: VerificationReport.Status.self)),
                        .optional("found", .string()),
                        .optional(
                            "damaged",
                            .list(.list(.count("A byte's place."), count: 2...2), "First and last bytes.")),
                    ]))),
        ])

    static let retreat = Schema.component(
        "LoadRetreat", "What was given up so that a model could be loaded.",
        [
            .required("message", .string("One sentence.")),
            .required("changes_quality", .boolean("Whether answers are of other quality by it.")),
        ])

    static let loadedModel = Schema.component(
        "LoadedModel", "A model in memory, as it is now.",
        [
            .required("name", .string()), .required("digest", .string("64 hexadecimal digits.")),
            .required("architecture", .string()), .required("byte_count", .count("Bytes that it takes.")),
            .required("memory", .list(deviceMemory, "The same, device by device.")),
            .required("context_length", .count("Tokens of prompt and answer.")),
            .required("loaded_at", .date("When.")),
            .optional("expires_at", .date("When it goes if no request comes; absent when it stays or is in use.")),
            .required("is_pinned", .boolean()), .required("isolation", .choice(of: ModelIsolation.self)),
            .optional("pid", .count("The process that computes.")),
            .optional("resident_byte_count", .count("Memory of that process.")),
            .required("active_request_count", .count("Requests that are computed.")),
            .required("queued_request_count", .count("Requests that wait.")),
            .required("used_cell_count", .count("Cells of the KV cache in use.")),
            .required("cell_count", .count("Cells of the KV cache.")),
            .required("prefix_byte_count", .count("Bytes of prompts that are kept.")),
            .required("generated_token_count", .count("Since it was loaded.")),
            .required("prompt_token_count", .count("Since it was loaded.")),
            .required("cached_prompt_token_count", .count("Since it was loaded.")),
            .optional("tokens_per_second", .number("What all its answers get together now.")),
            .optional("prompt_tokens_per_second", .number("Tokens of prompts computed now.")),
            .required("retreats", .list(.retreat)),
        ])

    static let catalogEntry = Schema.component(
        "CatalogEntry", "A model that was chosen by hand, with pinned content.",
        [
            .required("name", .string()), .required("names", .list(.string())), .required("title", .string()),
            .required("description", .string()), .optional("license", .string()),
            .required("parameters", .string("`1.1B`")), .required("quantization", .string()),
            .optional("context_length", .count("Tokens.")), .required("tier", .choice(of: CatalogTier.self)),
            .required("size_class", .choice(of: CatalogSizeClass.self)), .required("tags", .list(.string())),
            .required("byte_count", .count("Bytes.")), .required("digest", digest),
            .required("sources", .list(.string())), .required("is_installed", .boolean()),
        ])

    static let foundModel = Schema.component(
        "FoundModel", "A model that a search found.",
        [
            .required("name", .string("What a download takes.")),
            .required("origin", .string("`catalog`, or the hub's name.")), .optional("title", .string()),
            .optional("parameters", .string("`1.1B`")), .optional("parameter_count", .count("Weights.")),
            .optional("byte_count", .count("Bytes.")), .optional("license", .string()),
            .optional("downloads", .count("In 30 days.")), .optional("likes", .count("How many.")),
            .required("quantizations", .list(.string())), .optional("context_length", .count("Tokens.")),
            .required("is_gated", .boolean("Whether its licence must be accepted first.")),
            .required("is_installed", .boolean()), .optional("modified_at", .string()),
        ])

    static let download = Schema.component(
        "Download", "A model on its way into the store.",
        [
            .required("id", .string("12 hexadecimal digits.")), .required("model", .string()),
            .required("reference", .string("What was asked for.")),
            .required("state", .choice(DownloadBoard.states)), .required("completed", .count("Bytes that are here.")),
            .optional("total", .count("Bytes in all.")), .required("bytes_per_second", .number("The present rate.")),
            .optional("time_remaining", .number("Seconds.")), .required("connections", .count("That carry bytes.")),
            .required("priority", .integer(-1_000_000...1_000_000, "The higher goes first.")),
            .optional("bandwidth_limit", .count("Bytes per second.")), .optional("failure", .string("Why.")),
            .required("created_at", .date("When it was asked for.")),
        ])
}
