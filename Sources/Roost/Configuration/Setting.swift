/// A setting: its key in `config.toml`, its environment variable, and what it is for.
public struct Setting: Sendable, Hashable {
    /// The key in `config.toml`.
    public let key: String
    /// The environment variable.
    public let variable: String
    /// What it decides.
    public let summary: String
    /// Whether a running server takes a new value when it is told to reload; others wait for its next start.
    public let isLive: Bool

    init(_ key: String, _ summary: String, variable: String? = nil, isLive: Bool = false) {
        self.key = key
        self.isLive = isLive
        self.variable = variable ?? "ROOST_" + key.uppercased()
        self.summary = summary
    }

    /// All settings, in the order in which they are shown.
    public static let all: [Setting] = [
        Setting("host", "Address that the server listens on: host, host:port or :port."),
        Setting("allowed_hosts", "Further host names that the server answers to.", isLive: true),
        Setting(
            "allowed_origins", "Web origins whose pages may call, each exactly; else those of OLLAMA_ORIGINS.",
            isLive: true),
        Setting("require_keys", "Whether callers need a key: true, false; by default as soon as one was made."),
        Setting("keep_alive", "How long an unused model stays in memory: 5m, seconds, 0, -1 for ever.", isLive: true),
        Setting("tls_certificate", "A file of certificates (PEM) by which connections are encrypted.", isLive: true),
        Setting("tls_key", "The file of the certificate's private key (PEM).", isLive: true),
        Setting(
            "unix_socket", "Whether the server listens on run/roost.sock of the home directory too: true or false."),
        Setting("drain_timeout", "How long running answers may go on when the server ends: 5s, 1m.", isLive: true),
        Setting(
            "request_timeout", "How long an answer may take, waiting included: 10m; 0 as long as it does.", isLive: true
        ),
        Setting("max_body", "Largest request body: 16MiB.", isLive: true),
        Setting("max_connections", "Most connections of the server at a time.", isLive: true),
        Setting(
            "log_level", "Least lines of the server's log: trace, debug, info, notice, warning, error.", isLive: true),
        Setting("log_format", "How the server's log is written: text or json.", isLive: true),
        Setting("context_length", "Tokens of context when a request does not say."),
        Setting("num_threads", "Threads that compute."),
        Setting("max_loaded_models", "Most models in memory at once.", isLive: true),
        Setting("max_ram_usage", "Most memory of all models together: 8GiB, 6G or 80%."),
        Setting("gpu_memory_usage", "Most memory of each GPU that models take: 20GiB or 90%."),
        Setting("prefer_gpu", "Whether models go to GPUs where there are any: true or false."),
        Setting("pinned_models", "Models that a server loads at its start and keeps."),
        Setting("parallel_requests", "Requests that a model computes together, 1 to 256."),
        Setting("cache_tokens", "Tokens in the KV cache that all requests of a model share; a context's by default."),
        Setting("prefix_cache", "Memory for computed prompts that are kept to be used again: 512MiB, 0 for none."),
        Setting("draft_models", "Small models that propose tokens for large ones: qwen3:8b=qwen3:0.6b, …"),
        Setting("speculation", "Whether tokens are proposed ahead and checked: true or false."),
        Setting("worker", "The program that runs each model in a process of its own; none for Roost's own process."),
        Setting("allow_unsandboxed", "Whether models run where they cannot be shut in: true or false."),
        Setting("engines", "Engines whose models are served too: name=url, …, or tables [engines.NAME]."),
        Setting("models", "Further folders of models, with “:” between them; new ones go to the first."),
        Setting("max_concurrent_downloads", "Downloads that run at a time, 1 to 64."),
        Setting("limit_rate", "Bytes per second of all downloads together: 500k, 10M, 20MiB.", isLive: true),
        Setting("auto_resume", "Whether a server goes on with interrupted downloads: true or false."),
        Setting("offline", "Whether the network is left alone: true or false."),
        Setting("ca_file", "A file of certificates (PEM) that are trusted beside the system's."),
        Setting("catalogs", "Catalogs of your own: files or https addresses."),
        Setting("hf_mirrors", "Mirrors of the Hugging Face Hub, for files whose content is pinned."),
        Setting("ollama_registry", "A mirror of Ollama's registry."),
        Setting("https_proxy", "The proxy for https addresses.", variable: "HTTPS_PROXY"),
        Setting("http_proxy", "The proxy for http addresses.", variable: "HTTP_PROXY"),
        Setting("no_proxy", "Hosts that are reached without a proxy, with commas between them.", variable: "NO_PROXY"),
        Setting("hf_endpoint", "The Hugging Face Hub, or a mirror of it.", variable: "HF_ENDPOINT"),
        Setting("ollama_host", "Where Ollama's own server answers.", variable: "OLLAMA_HOST"),
    ]
}
