import ArgumentParser
import Foundation
import Logging
import Roost
import RoostServer
import ServiceLifecycle
import Terminal

/// `roost serve`: the HTTP server.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Answer Ollama and OpenAI clients over HTTP.",
        discussion: """
            Serves the models of ROOST_HOME under /api (Ollama's API) and /v1 (OpenAI's):

              roost serve                    on 127.0.0.1:11535
              roost serve --port 11434       where Ollama clients look
              roost serve --port 0           on any free port, which is printed

            Ends with ctrl-C, SIGTERM or “roost stop --server”; running answers get 5 seconds to finish (--drain), and a
            second ctrl-C ends them at once. “roost reload”, or SIGHUP, reads config.toml again.
            """)

    @Option(help: "Address to listen on, or address:port. Default: ROOST_HOST, else 127.0.0.1.")
    var host: String?

    @Option(help: "Port to listen on, 0 for any free one. Default: that of ROOST_HOST, else 11535.")
    var port: Int?

    @Option(
        parsing: .unconditional,
        help: "How long a model stays in memory after its last request: 5m, 1h30m, seconds; 0 never, -1 forever.")
    var keepAlive: String?

    @Option(name: .customLong("allow-host"), help: "Another host name to answer to. May be repeated.")
    var allowedHosts: [String] = []

    @Option(
        name: .customLong("allow-origin"),
        help: "A web origin (https://chat.example) whose pages may call. May be repeated.")
    var allowedOrigins: [String] = []

    @Flag(help: "Listen beyond this machine without keys or without TLS, and say what that means.")
    var insecure = false

    @Option(help: "How long running answers may go on when the server ends: 30s, 5m. Default: 5s.")
    var drain: String?

    @Option(name: .customLong("tls-cert"), help: "A file of certificates (PEM) to encrypt connections with.")
    var certificate: String?

    @Option(name: .customLong("tls-key"), help: "The file of the certificate's private key (PEM).")
    var key: String?

    @Option(help: "Least lines of the log: trace, debug, info, notice, warning, error. Default: info.")
    var logLevel: ServerSettings.LogLevel?

    @Option(help: "How the log is written: text or json.")
    var logFormat: ServerSettings.LogFormat?

    @Flag(help: "Run models also where they cannot be shut in a sandbox.")
    var allowUnsandboxed = false

    @Flag(name: .shortAndLong, help: "Log each step to standard error.")
    var verbose = false

    func run() async throws {
        let (configuration, server) = try settings()
        try warn(configuration, server)
        try await serve(configuration, server)
    }

    /// What config.toml, the environment and the flags say now.
    private func settings() throws -> (RoostConfiguration, RoostServerConfiguration) {
        var configuration = try RoostConfiguration.forCommands(allowsUnsandboxed: allowUnsandboxed)
        if let host {
            (configuration.listenHost, configuration.listenPort) = try RoostConfiguration.address(
                host, setting: "--host", defaults: (configuration.listenHost, configuration.listenPort))
        }
        if let port { configuration.listenPort = port }
        if let keepAlive {
            guard let value = KeepAlive(keepAlive) else {
                throw ValidationError(
                    "--keep-alive is “\(keepAlive)”, but must be a duration such as 5m, 300, 0 or -1.")
            }
            configuration.keepAlive = value
        }
        if let drain { configuration.server.drainDuration = try ServerSettings.duration(drain, setting: "--drain") }
        if let certificate { configuration.server.certificateFile = certificate }
        if let key { configuration.server.keyFile = key }
        guard (configuration.server.certificateFile == nil) == (configuration.server.keyFile == nil) else {
            throw ValidationError(
                "A certificate (--tls-cert, tls_certificate) and its key (--tls-key, tls_key) go together; name both.")
        }
        if verbose { configuration.server.logLevel = .debug }
        if let logLevel { configuration.server.logLevel = logLevel }
        if let logFormat { configuration.server.logFormat = logFormat }
        var server = RoostServerConfiguration(configuration)
        server.allowsInsecureListening = insecure
        server.allowedHosts += allowedHosts
        server.allowedOrigins += allowedOrigins
        server.version = RoostVersion.number
        return (configuration, server)
    }

    /// Keys of settings that flags say, whatever config.toml and the environment say.
    private var heldKeys: Set<String> {
        // A part of the address that no flag says is still theirs.
        let address = host.flatMap { try? RoostConfiguration.address($0, setting: "--host", defaults: ("", -1)) }
        let isAddressHeld = address.map { !$0.host.isEmpty && (port != nil || $0.port >= 0) } ?? false
        let held: [(String, Bool)] = [
            ("host", isAddressHeld), ("keep_alive", keepAlive != nil), ("drain_timeout", drain != nil),
            ("tls_certificate", certificate != nil), ("tls_key", key != nil),
            ("log_level", verbose || logLevel != nil), ("log_format", logFormat != nil),
            ("allow_unsandboxed", allowUnsandboxed),
        ]
        return Set(held.filter(\.1).map(\.0))
    }

    /// Says what its owner may not expect of the server.
    private func warn(_ configuration: RoostConfiguration, _ server: RoostServerConfiguration) throws {
        if insecure, let warning = try server.addressWarning() { Console.error.print(warning) }
        if !configuration.ignoredOrigins.isEmpty {
            Console.error.print(
                "OLLAMA_ORIGINS has “\(configuration.ignoredOrigins.joined(separator: ", "))”, which is not taken: name "
                    + "each web origin exactly, in allowed_origins or with --allow-origin.")
        }
    }

    private func serve(_ configuration: RoostConfiguration, _ server: RoostServerConfiguration) async throws {
        let log = ServerLog()
        log.configure(by: configuration.server)
        let logger = log.logger(label: "roost")
        DescriptorLimit.raise()
        if configuration.workerExecutable != nil { FreedMemory.returnToSystem() }
        let manager = try await ModelManager(configuration: configuration)
        if configuration.downloads.resumesAutomatically { resumeDownloads(of: manager, logger) }
        loadPinnedModels(of: manager)
        let watch = logEvents(of: manager, logger)
        defer { watch.cancel() }
        let notice = ServiceNotice()
        let service = RoostService(manager: manager, configuration: server, logger: logger) { running in
            Console.output.print("Roost \(running.version) listens on \(running.baseURL)")
            notice.tell(.ready)
        }
        let reloader = try ServerReloader(
            control: service.control, manager: manager, log: log, logger: logger, heldKeys: heldKeys,
            isEncrypted: server.tls != nil, settings: settings)
        let signals = await ServerSignals(control: service.control, notice: notice) { await reloader.reload() }
        let group = ServiceGroup(
            configuration: .init(
                services: [
                    .init(service: signals),
                    .init(service: service, successTerminationBehavior: .gracefullyShutdownGroup),
                ], logger: log.quietLogger(label: "roost.services")))
        do {
            try await group.run()
        } catch {
            await manager.shutdown()
            throw error
        }
        await manager.shutdown()
    }

    /// Brings the models that are to stay into memory, beside everything else.
    private func loadPinnedModels(of manager: ModelManager) {
        Task {
            for failure in await manager.loadPinnedModels() {
                Console.error.print("“\(failure.name)” of pinned_models was not loaded: \(failure.error)")
            }
        }
    }

    /// Says in the log what happens that nobody asked for.
    private func logEvents(of manager: ModelManager, _ logger: Logger) -> Task<Void, Never> {
        Task {
            for await event in manager.events() {
                switch event {
                case .loadRetreat(let model, let step): logger.warning("\(model): \(step.message)")
                case .health(.began(let warning)): logger.warning("\(warning.message) \(warning.remedy)")
                case .health(.ended(let warning)): logger.notice("over: \(warning.message)")
                case .engine(let change) where change.isUp: logger.notice("the engine “\(change.engine)” answers again")
                case .engine(let change):
                    logger.warning("the engine “\(change.engine)” is down: \(change.reason ?? "it does not answer")")
                }
            }
        }
    }

    /// Goes on with what an earlier process did not finish, beside everything else.
    private func resumeDownloads(of manager: ModelManager, _ logger: Logger) {
        Task {
            do {
                for download in try await manager.resumeDownloads() {
                    logger.info("going on with the download of \(download.reference)")
                }
            } catch {
                logger.warning("interrupted downloads were not resumed: \(error)")
            }
        }
    }
}

extension ServerSettings.LogLevel: ExpressibleByArgument {}
extension ServerSettings.LogFormat: ExpressibleByArgument {}

extension ServerLog {
    /// Takes level and format of the settings.
    func configure(by settings: ServerSettings) {
        configure(
            level: Logger.Level(rawValue: settings.logLevel.rawValue) ?? .info,
            format: Format(rawValue: settings.logFormat.rawValue) ?? .text)
    }

    /// A logger that leaves out what only those who mend services want to know.
    fileprivate func quietLogger(label: String) -> Logger {
        var logger = logger(label: label)
        logger.logLevel = .warning
        return logger
    }
}
