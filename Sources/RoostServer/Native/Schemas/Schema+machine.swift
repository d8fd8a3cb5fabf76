import Roost

extension Schema {
    private static let processor = Schema.object([
        .optional("name", .string()), .required("architecture", .string("`x86_64`, `aarch64`")),
        .optional("package_count", .count("Sockets.")), .required("core_count", .count("Physical cores.")),
        .optional("performance_core_count", .count("Fast cores.")),
        .optional("efficiency_core_count", .count("Economical cores.")),
        .required("thread_count", .count("Hardware threads.")),
        .required("usable_threads", .list(.count("A thread's number."), "Those that this process may use.")),
        .required("usable_core_count", .count("Cores that this process may use.")),
        .optional("usable_performance_core_count", .count("Fast cores that this process may use.")),
        .required("features", .list(.string(), "Instruction sets that matter for models.")),
        .required(
            "caches",
            .list(
                .object([
                    .required("level", .count("1, 2, 3")),
                    .required("kind", .choice(["data", "instruction", "unified"])),
                    .required("byte_count", .count("Bytes of one.")), .required("count", .count("How many.")),
                ]))),
        .required(
            "nodes",
            .list(
                .object([
                    .required("number", .count("Its number.")), .required("threads", .list(.count("A thread."))),
                    .optional("total_byte_count", .count("Bytes of its memory.")),
                ]), "NUMA nodes.")),
    ])

    private static let memory = Schema.object([
        .optional("total_byte_count", .count("Bytes.")), .optional("available_byte_count", .count("Bytes.")),
        .optional("swap_byte_count", .count("Bytes.")), .optional("free_swap_byte_count", .count("Bytes.")),
        .optional("huge_page_byte_count", .count("Bytes of one.")), .optional("huge_page_count", .count("How many.")),
        .optional("free_huge_page_count", .count("How many.")), .optional("transparent_huge_pages", .string()),
        .required("is_unified", .boolean("Whether graphics share it.")),
    ])

    private static let limits = Schema.object(
        [
            .optional("processor_quota", .number("Cores.")), .optional("threads", .list(.count("A thread."))),
            .optional("memory_byte_count", .count("Bytes.")),
            .optional("memory_room_byte_count", .integer(-largestInteger...largestInteger, "Bytes that are left.")),
        ], "What the system or a container allows.")

    private static let graphics = Schema.object([
        .required("maker", .choice(of: GraphicsProcessor.Maker.self)), .optional("name", .string()),
        .optional("bus_address", .string()), .optional("total_byte_count", .count("Bytes.")),
        .optional("used_byte_count", .count("Bytes.")), .optional("free_byte_count", .count("Bytes.")),
        .required("shares_system_memory", .boolean()), .optional("compute_capability", .string()),
        .optional("driver_version", .string()), .optional("temperature", .number("°C")),
        .optional("power", .number("Watts.")), .optional("power_limit", .number("Watts.")),
        .optional("utilization", .number("0 to 1")),
    ])

    private static let disk = Schema.object([
        .required("path", .string("The folder that was asked about.")), .optional("mount_point", .string()),
        .optional("file_system", .string()), .optional("source", .string()),
        .optional("kind", .choice(["nvme", "solidState", "rotating", "network", "memory", "virtual"])),
        .optional("total_byte_count", .count("Bytes.")), .optional("free_byte_count", .count("Bytes.")),
    ])

    private static let probes = Schema.object([
        .required("best", .number("The fastest.")), .required("median", .number("The one in the middle.")),
        .required("count", .count("How many there were.")),
    ])

    private static let measurement = Schema.object(
        [
            .required(
                "kernels",
                .list(
                    .object([
                        .required("device", .string("`CPU`, `CUDA0`")), .required("type", .string("`Q4_K`, `F16`")),
                        .required("place", .string()), .required("working_set_byte_count", .count("Bytes.")),
                        .required("bytes_per_second", probes), .required("flops_per_second", probes),
                    ]))),
            .optional("memory_bytes_per_second", probes), .required("thread_count", .count("Threads.")),
            .required("engine", .string("The engine's build.")), .required("measured_at", .date("When.")),
            .required("seconds", .number("How long it took.")), .optional("load_before", .number("0 to 1")),
            .optional("was_busy", .boolean("Whether limits may be higher.")),
            .optional(
                "disk_read",
                .object([.required("byte_count", .count("Bytes.")), .required("seconds", .number("Seconds."))])),
        ], "The machine's limits, once they were measured (`roost hardware --measure`).")

    static let machine = Schema.component(
        "Machine", "What the machine has for models; what cannot be told is left out.",
        [
            .required(
                "operating_system",
                .object([
                    .required("kind", .string("`linux`, `macos`")), .optional("name", .string()),
                    .optional("kernel", .string()),
                ])),
            .required(
                "environment",
                .object([.optional("hypervisor", .string()), .optional("container", .string())])),
            .required("processor", processor), .required("memory", memory), .required("limits", limits),
            .required("graphics", .list(graphics)), .required("disks", .list(disk)),
            .required(
                "sensors",
                .list(
                    .object([
                        .required("source", .string()), .optional("label", .string()),
                        .required("quantity", .choice(["temperature", "power", "fan"])),
                        .required("value", .number("°C, watts or turns a minute.")),
                        .optional("critical", .number("Where it gets dangerous.")),
                    ]))),
            .required("compute_thread_count", .count("Threads that compute best.")),
            .optional("available_byte_count", .integer(-largestInteger...largestInteger, "Bytes for models.")),
            .required("fingerprint", .string("What tells machines apart, for measurements.")),
            .optional("measured", measurement),
        ])

    // MARK: Plans

    private static let plannedMachine = Schema.object(
        [
            .required("memory_byte_count", .count("Bytes that models may take.")),
            .optional("total_byte_count", .count("All of its memory.")),
            .required("thread_count", .count("Threads that compute.")),
            .required(
                "graphics",
                .list(
                    .object([
                        .required("name", .string()), .optional("title", .string()),
                        .required("memory_byte_count", .count("Bytes that models may take.")),
                        .optional("total_byte_count", .count("Bytes.")),
                        .required("shares_system_memory", .boolean()),
                        .optional("bytes_per_second", .number("How fast it reads its memory.")),
                    ]))),
            .optional("bytes_per_second", .number("How fast the processor reads memory.")),
            .optional(
                "ceiling",
                .object(
                    [
                        .required(
                            "kernels",
                            .list(
                                .object([
                                    .required("device", .string()), .required("type", .string()),
                                    .required("bytes_per_second", .number("Weights read.")),
                                    .required("flops_per_second", .number("Operations.")),
                                ]))),
                        .required("measured_at", .date("When.")), .required("engine", .string()),
                        .required("thread_count", .count("Threads.")),
                    ], "Measured limits.")),
            .required("repacking", Schema(kind: .any, note: "Which weights the kernels want in another order.")),
            .required("prefers_graphics", .boolean()),
            .required("assumptions", .list(.string(), "What was taken for granted.")),
            .required("is_here", .boolean("Whether it is this machine.")),
        ], "What it was planned for.")

    static let deviceMemory = Schema.object([
        .required("device", .string("`CPU`, `CUDA0`")), .required("is_host", .boolean()),
        .required("weights_byte_count", .count("Bytes.")), .required("context_byte_count", .count("Bytes.")),
        .required("compute_byte_count", .count("Bytes.")),
    ])

    private static let estimate = Schema.object([
        .required("devices", .list(deviceMemory)), .required("mapped_byte_count", .count("Bytes.")),
        .required("repacked_byte_count", .count("Bytes.")), .required("output_byte_count", .count("Bytes.")),
        .required("overhead_byte_count", .count("Bytes.")), .required("loading_byte_count", .count("Bytes.")),
        .required("projector_byte_count", .count("Bytes.")), .required("speculation_byte_count", .count("Bytes.")),
    ])

    private static let speed = Schema.object([
        .optional("decode_tokens_per_second", .number("Of one answer, at most.")),
        .optional("full_context_tokens_per_second", .number("The same with a full context.")),
        .optional("prefill_tokens_per_second", .number("Of a prompt, at most.")),
        .optional("decode_limit", .string("What limits answers.")),
        .optional("prefill_limit", .string("What limits prompts.")),
        .required("byte_count_per_token", .count("Bytes read for each token.")),
        .required("is_measured", .boolean()), .optional("hint", .string("What to do to know more.")),
    ])

    static let plan = Schema.component(
        "Plan", "Whether and how a model fits.",
        [
            .required(
                "model",
                .object([
                    .required("name", .string()), .optional("architecture", .string()),
                    .optional("parameter_count", .count("Weights.")), .optional("quantization", .string()),
                    .required("byte_count", .count("Bytes of its files.")),
                    .optional("trained_context_length", .count("Tokens.")),
                    .required("is_here", .boolean("Whether its weights are on this machine.")),
                    .required("received_byte_count", .count("Bytes that came over the network for the plan.")),
                ])),
            .required("machine", plannedMachine),
            .required(
                "plan",
                .object([
                    .required("fits", .boolean()), .required("options", .loadOptions),
                    .required("context_length", .count("Tokens of prompt and answer.")),
                    .required("memory", estimate), .required("needed_byte_count", .count("Bytes in all.")),
                    .required(
                        "choices",
                        .list(
                            .object([
                                .required("setting", .string()), .required("value", .string()),
                                .required("reason", .string()),
                            ]), "Each setting and why.")),
                    .required("speed", speed),
                    .required("advice", .list(.string(), "What to change, a sentence each.")),
                    .required("is_exact", .boolean("Whether the engine itself gave the figures.")),
                ])),
        ])

    static let recommendation = Schema.component(
        "Recommendation", "A model for this machine.",
        [
            .required("name", .string("The name to run it by.")),
            .required("tier", .choice(of: QualityTier.self, "How good its answers are to be expected.")),
            .required("fits", .boolean()), .required("is_fast", .boolean("Whether one can talk with it.")),
            .required("byte_count", .count("Bytes of its file.")),
            .required("needed_byte_count", .count("Bytes that it needs in all.")),
            .optional("tokens_per_second", .number("At most.")), .optional("context_length", .count("Tokens.")),
            .required("is_downloaded", .boolean()),
            .required("is_planned", .boolean("Whether the figures come from its header.")),
            .required("reason", .string("Why it stands where it stands.")),
        ])
}
