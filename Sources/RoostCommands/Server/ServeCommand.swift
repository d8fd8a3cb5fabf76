import ArgumentParser
import Foundation
import Logging
import Roost
import RoostServer
import ServiceLifecycle
import Terminal
import UnixSignals

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

            Ends with ctrl-C, SIGTERM or “roost stop --server”; running answers get 5 seconds to finish.
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

    @Flag(help: "Run models also where they cannot be shut in a sandbox.")
    var allowUnsandboxed = false

    @Flag(name: .shortAndLong, help: "Log each step to standard error.")
    var verbose = false

    func run() async throws {
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
        var server = RoostServerConfiguration(configuration)
        server.allowsInsecureListening = insecure
        server.allowedHosts += allowedHosts
        server.allowedOrigins += allowedOrigins
        server.version = RoostVersion.number
        try warn(configuration, server)
        try await serve(configuration, server)
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
        var logger = Logger(label: "roost") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = verbose ? .debug : .warning
        DescriptorLimit.raise()
        if configuration.workerExecutable != nil { FreedMemory.returnToSystem() }
        let manager = try await ModelManager(configuration: configuration)
        if configuration.downloads.resumesAutomatically { resumeDownloads(of: manager, logger) }
        loadPinnedModels(of: manager)
        let watch = logEvents(of: manager, logger)
        defer { watch.cancel() }
        let service = RoostService(manager: manager, configuration: server, logger: logger) { running in
            Console.output.print("Roost \(running.version) listens on \(running.baseURL)")
        }
        var groupConfiguration = ServiceGroupConfiguration(
            services: [.init(service: service, successTerminationBehavior: .gracefullyShutdownGroup)],
            gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        // Past the drain only a client that does not read can hold up the end.
        groupConfiguration.maximumGracefulShutdownDuration = server.drainDuration + .seconds(10)
        do {
            try await ServiceGroup(configuration: groupConfiguration).run()
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
