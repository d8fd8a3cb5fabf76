import ArgumentParser
import Foundation
import Roost
import Terminal

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// `roost service`: the server as a service of systemd or launchd.
struct ServiceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "service",
        abstract: "Have the system start the server.",
        discussion: """
              roost service install            for you, while you are logged in
              sudo roost service install --system --account roost
              roost service install --print    shows the description and changes nothing

            Settings come from config.toml in ROOST_HOME; “roost reload” has the service read them again.
            """,
        subcommands: [
            ServiceInstallCommand.self, ServiceUninstallCommand.self, ServiceStatusCommand.self,
            ServiceStartCommand.self, ServiceStopCommand.self,
        ])
}

/// Whose service it is.
struct ServiceOptions: ParsableArguments {
    @Flag(help: "A service of the whole machine, which needs root, instead of yours.")
    var system = false

    /// Who starts services here.
    var keeper: any ServiceKeeper {
        let home = FileManager.default.homeDirectoryForCurrentUser
        #if os(macOS)
            return LaunchdKeeper(isSystem: system, home: home, userID: getuid())
        #else
            let set = ProcessInfo.processInfo.environment["XDG_CONFIG_HOME"] ?? ""
            let configuration = set.hasPrefix("/") ? URL(fileURLWithPath: set) : home.appending(path: ".config")
            return SystemdKeeper(isSystem: system, configuration: configuration)
        #endif
    }

    /// Runs commands of the service's keeper.
    ///
    /// Throws `ServiceError`.
    func run(_ commands: [[String]]) throws {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        for command in commands {
            switch SystemCommand.run(command, searching: path + ":/usr/bin:/bin") {
            case .succeeded: continue
            case .failed(let reason): throw ServiceError.failed(command: command, reason: reason)
            case .missing: throw ServiceError.noKeeper(command: command)
            }
        }
    }

    /// Throws `ServiceError.notInstalled`.
    func requireInstalled() throws {
        guard FileManager.default.fileExists(atPath: keeper.file.path) else {
            throw ServiceError.notInstalled(file: keeper.file.path)
        }
    }
}

/// `roost service install`.
struct ServiceInstallCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "install", abstract: "Describe the server to the system and start it.")

    @OptionGroup var options: ServiceOptions

    @Option(help: "The account that a service of the machine runs as. Default: who called sudo.")
    var account: String?

    @Flag(name: .customLong("print"), help: "Show the description and change nothing.")
    var printsOnly = false

    func run() throws {
        let configuration = try RoostConfiguration.fromEnvironment()
        var service = ServiceDescription(
            program: try ThisProgram.url().path, home: configuration.homeDirectory.standardizedFileURL.path)
        service.drainSeconds = Int(configuration.server.drainDuration.components.seconds)
        if options.system {
            guard let name = account ?? ProcessInfo.processInfo.environment["SUDO_USER"] else {
                throw ValidationError("A service of the machine needs --account NAME: whom it runs as; not root.")
            }
            guard !name.isEmpty, name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x3A }) else {
                throw ValidationError("--account is “\(name)”, but must be the name of an account.")
            }
            service.account = name
        } else if account != nil {
            throw ValidationError("--account goes with --system; your own service runs as you.")
        }
        let keeper = options.keeper
        let text = try keeper.text(of: service)
        if printsOnly {
            Console.output.print(
                String(decoding: text, as: UTF8.self).trimmingCharacters(in: .newlines))
            return
        }
        do {
            try FileManager.default.createDirectory(
                at: keeper.file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try text.write(to: keeper.file, options: .atomic)
        } catch {
            throw ServiceError.cannotWrite(file: keeper.file.path, reason: error.localizedDescription)
        }
        Console.output.print("Wrote \(keeper.file.path).")
        try options.run(keeper.installing)
        Console.output.print("The server runs, and starts by itself from now on; “roost service uninstall” ends that.")
    }
}

/// `roost service uninstall`.
struct ServiceUninstallCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "uninstall", abstract: "Stop the service and remove its description. Models stay.")

    @OptionGroup var options: ServiceOptions

    func run() throws {
        try options.requireInstalled()
        let file = options.keeper.file
        // The description goes in any case: what is not there is not started again.
        let failure: (any Error)?
        do {
            try options.run(options.keeper.removing)
            failure = nil
        } catch {
            failure = error
        }
        do {
            try FileManager.default.removeItem(at: file)
        } catch {
            throw ServiceError.cannotWrite(file: file.path, reason: error.localizedDescription)
        }
        Console.output.print("Removed \(file.path).")
        if let failure { throw failure }
    }
}

/// `roost service status`.
struct ServiceStatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Tell whether the service is there and runs; exit status 1 when it does not.")

    @OptionGroup var options: ServiceOptions

    func run() throws {
        try options.requireInstalled()
        do {
            try options.run([options.keeper.asking])
        } catch ServiceError.failed {
            throw ServiceError.notRunning(file: options.keeper.file.path)
        }
        Console.output.print("The service runs (\(options.keeper.file.path)).")
    }
}

/// `roost service start`.
struct ServiceStartCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "start", abstract: "Start the service.")

    @OptionGroup var options: ServiceOptions

    func run() throws {
        try options.requireInstalled()
        try options.run(options.keeper.starting)
    }
}

/// `roost service stop`.
struct ServiceStopCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stop", abstract: "Stop the service until it is started again.")

    @OptionGroup var options: ServiceOptions

    func run() throws {
        try options.requireInstalled()
        try options.run(options.keeper.stopping)
    }
}

/// Why a service could not be changed.
enum ServiceError: Error, Hashable, CustomStringConvertible {
    case notInstalled(file: String)
    case notRunning(file: String)
    case cannotWrite(file: String, reason: String)
    case noKeeper(command: [String])
    case failed(command: [String], reason: String)

    var description: String {
        switch self {
        case .notInstalled(let file):
            "There is no service: \(file) does not exist. “roost service install” makes one."
        case .notRunning(let file):
            "The service (\(file)) does not run; “roost service start” starts it, and its log tells why it ended."
        case .cannotWrite(let file, let reason): "\(file) could not be changed: \(reason)"
        case .noKeeper(let command):
            "This system has no “\(command.first ?? "")” (a container?), so nothing was started; where it is there, run: "
                + command.joined(separator: " ")
        case .failed(let command, let reason): "“\(command.joined(separator: " "))” failed: \(reason)"
        }
    }
}
