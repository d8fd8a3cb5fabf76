import Foundation
public import Hardware
public import Inference
public import RemoteEngines
public import Workers

/// Where Roost keeps things and how it behaves.
public struct RoostConfiguration: Sendable, Hashable {
    /// The folder of models, database and run-time files.
    public var homeDirectory: URL
    /// Further folders for models, for example on larger disks; new content goes to the first of them.
    public var modelFolders: [URL] = []
    /// Address that the server listens on.
    public var listenHost = "127.0.0.1"
    /// Port that the server listens on; 0 takes a free one.
    public var listenPort = 11535
    /// Names that a `Host` header may carry besides those of this machine.
    public var allowedHosts: [String] = []
    /// Web origins whose pages may call the server.
    public var allowedOrigins: [String] = []
    /// Entries of `OLLAMA_ORIGINS` that are not taken, for each is not exactly one origin.
    public var ignoredOrigins: [String] = []
    /// Whether callers need a key; `nil` as soon as one was ever made.
    public var requiresKeys: Bool?
    /// How long an unused model stays in memory.
    public var keepAlive = KeepAlive.standard
    /// Most models in memory at once; `nil` as many as fit.
    public var maximumLoadedModels: Int?
    /// Most memory that models take together.
    public var memoryLimit = MemoryLimit.available
    /// Most memory of each GPU that models take, in bytes or as a part of all it has; `.available` is what is free.
    public var graphicsMemoryLimit = MemoryLimit.available
    /// Whether models go to GPUs where there are any. Default true.
    public var prefersGraphics = true
    /// Models that ``ModelManager/loadPinnedModels()`` loads and that stay until they are told to go.
    public var pinnedModels: [String] = []
    /// Models that propose tokens for others, by the names of those; both have the same vocabulary.
    public var draftModels: [String: String] = [:]
    /// The program that runs each model in a process of its own, a `roost`; `nil` runs them in this process.
    public var workerExecutable: URL?
    /// Whether models may run in a process that cannot be locked in. Default false: loading fails then.
    public var allowsUnsandboxed = false
    /// How models are loaded when a request does not say.
    public var load = LoadOptions()

    /// Engines beside this Roost whose models it serves too.
    public var engines: [RemoteEngine] = []
    /// How a server runs.
    public var server = ServerSettings()

    /// How models are downloaded.
    public var downloads = DownloadSettings()
    /// Files or https addresses of catalogs that are put on top of the built-in one, the most important last.
    public var catalogs: [String] = []
    /// Where hubs look for their own settings: `HF_ENDPOINT`, `HF_TOKEN`, `OLLAMA_HOST` and the like.
    public var environment: [String: String] = ProcessInfo.processInfo.environment

    /// The defaults, with everything under `homeDirectory`.
    public init(homeDirectory: URL = Self.defaultHomeDirectory()) {
        self.homeDirectory = homeDirectory
    }

    /// The settings of ``Setting/all`` from `config.toml` in the home directory and, before it, from the environment:
    /// `ROOST_HOME`, `ROOST_HOST` (`host`, `host:port` or `:port`), `ROOST_KEEP_ALIVE` (`5m`, seconds, 0 never,
    /// negative forever), `ROOST_CONTEXT_LENGTH` (tokens), `ROOST_NUM_THREADS`, `ROOST_MAX_LOADED_MODELS`,
    /// `ROOST_MAX_RAM_USAGE` and `ROOST_GPU_MEMORY_USAGE` (`8GiB`, `80%`), `ROOST_PREFER_GPU`, `ROOST_PINNED_MODELS` (names with commas between),
    /// `ROOST_DRAFT_MODELS` (`name=name` with commas between), `ROOST_WORKER` (a
    /// program), `ROOST_ALLOW_UNSANDBOXED`, `ROOST_PARALLEL_REQUESTS`, `ROOST_CACHE_TOKENS`,
    /// `ROOST_PREFIX_CACHE` (bytes), `ROOST_SPECULATION`, `ROOST_ENGINES` (`name=url` with commas between),
    /// `ROOST_CATALOGS` (files or addresses with commas between), `ROOST_ALLOWED_HOSTS`, `ROOST_ALLOWED_ORIGINS` (with
    /// commas between), `ROOST_REQUIRE_KEYS`, and those of downloads; the defaults for what is not
    /// set.
    ///
    /// - Throws: `RoostError.invalidSetting` for a value that cannot be read, `.invalidConfiguration` for the file;
    ///   `RemoteEngineError.invalidSetting` for an engine.
    public static func fromEnvironment(
        _ environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws -> RoostConfiguration {
        let home = defaultHomeDirectory(environment)
        let file = try ConfigurationFile(homeDirectory: home)
        let environment = file.merged(under: environment)
        let value = { (name: String) in environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        var configuration = RoostConfiguration(homeDirectory: home)
        if let text = value("ROOST_HOST") {
            (configuration.listenHost, configuration.listenPort) = try address(
                text, setting: "ROOST_HOST", defaults: (configuration.listenHost, configuration.listenPort))
        }
        if let text = value("ROOST_KEEP_ALIVE") {
            guard let keepAlive = KeepAlive(text) else {
                throw RoostError.invalidSetting(
                    name: "ROOST_KEEP_ALIVE", value: text, rule: "a duration such as 5m, 300 (seconds), 0 or -1")
            }
            configuration.keepAlive = keepAlive
        }
        configuration.load.contextLength = try number(value, "ROOST_CONTEXT_LENGTH", "tokens")
        configuration.load.cacheTokenCount = try number(value, "ROOST_CACHE_TOKENS", "tokens")
        configuration.load.threadCount = try number(value, "ROOST_NUM_THREADS", "threads")
        configuration.maximumLoadedModels = try number(value, "ROOST_MAX_LOADED_MODELS", "models")
        try configuration.readMemorySettings(value)
        try configuration.readAccessSettings(value)
        configuration.modelFolders = (value("ROOST_MODELS") ?? "").split(separator: ":").map {
            URL(fileURLWithPath: NSString(string: String($0)).expandingTildeInPath, isDirectory: true)
        }
        configuration.server = try ServerSettings(value)
        configuration.downloads = try .fromEnvironment(environment)
        configuration.engines = try engines(file.engines, environment: environment)
        configuration.catalogs = names(in: value("ROOST_CATALOGS"))
        configuration.environment = environment
        return configuration
    }

    /// Reads `host`, `host:port`, `[v6]:port` or `:port`, with or without `http://` before it.
    ///
    /// - Throws: `RoostError.invalidSetting` that names `setting`.
    public static func address(
        _ text: String, setting: String, defaults: (host: String, port: Int)
    ) throws -> (host: String, port: Int) {
        let refusal = RoostError.invalidSetting(
            name: setting, value: text, rule: "host, host:port or :port with a port of 0 to 65535")
        var rest = text[...]
        if rest.hasPrefix("http://") { rest = rest.dropFirst(7) }
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        var host = rest
        var port: Substring?
        if rest.hasPrefix("[") {
            guard let end = rest.firstIndex(of: "]") else { throw refusal }
            host = rest[rest.index(after: rest.startIndex)..<end]
            let tail = rest[rest.index(after: end)...]
            if !tail.isEmpty {
                guard tail.hasPrefix(":") else { throw refusal }
                port = tail.dropFirst()
            }
        } else if let colon = rest.lastIndex(of: ":"), rest.firstIndex(of: ":") == colon {
            host = rest[..<colon]
            port = rest[rest.index(after: colon)...]
        }
        guard !host.contains(where: { $0.isWhitespace || $0 == "/" || $0 == "@" }) else { throw refusal }
        guard let port else { return (host.isEmpty ? defaults.host : String(host), defaults.port) }
        guard let number = Int(port), (0...65535).contains(number) else { throw refusal }
        return (host.isEmpty ? defaults.host : String(host), number)
    }

    /// `ROOST_HOME`; else `$XDG_DATA_HOME/roost` or `~/.local/share/roost`, on macOS
    /// `~/Library/Application Support/Roost`.
    public static func defaultHomeDirectory(
        _ environment: [String: String] = ProcessInfo.processInfo.environment
    ) -> URL {
        if let home = environment["ROOST_HOME"], !home.isEmpty {
            return URL(fileURLWithPath: home, isDirectory: true).standardizedFileURL
        }
        let user = userDirectory(environment)
        #if os(macOS)
            return user.appendingPathComponent("Library/Application Support/Roost", isDirectory: true)
        #else
            // The specification has relative paths ignored.
            if let data = environment["XDG_DATA_HOME"], data.hasPrefix("/") {
                return URL(fileURLWithPath: data, isDirectory: true).appendingPathComponent("roost", isDirectory: true)
            }
            return user.appendingPathComponent(".local/share/roost", isDirectory: true)
        #endif
    }

    /// The person's own folder: `HOME`, as every other program takes it, else what the system says.
    static func userDirectory(_ environment: [String: String]) -> URL {
        if let home = environment["HOME"], home.hasPrefix("/") { return URL(fileURLWithPath: home, isDirectory: true) }
        return FileManager.default.homeDirectoryForCurrentUser
    }

    /// The parts of a text with commas between them.
    static func names(in text: String?) -> [String] {
        (text ?? "").split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    }

    static func number(
        _ value: (String) -> String?, _ name: String, _ unit: String
    ) throws -> Int? {
        guard let text = value(name) else { return nil }
        guard let number = Int(text), number > 0 else {
            throw RoostError.invalidSetting(name: name, value: text, rule: "a number of \(unit), 1 or more")
        }
        return number
    }
}
