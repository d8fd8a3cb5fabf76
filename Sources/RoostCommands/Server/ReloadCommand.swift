import ArgumentParser
import Foundation
import Roost
import RoostServer
import Terminal

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// `roost reload`: has the server read its settings again.
struct ReloadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reload",
        abstract: "Have the server read config.toml again, without ending what runs.",
        discussion: """
            Taken at once: hosts and origins, certificate and key, limits, log, keep_alive, max_loaded_models, limit_rate, \
            drain_timeout. Other settings that have changed wait for the server's next start and are named. When the file \
            cannot be used, all stays as it is.
            """)

    func run() async throws {
        let home = RoostConfiguration.defaultHomeDirectory()
        // A signal goes to the server alone: another process may have the number of one that was killed.
        guard let server = await ServerClient.running(home: home)?.server else {
            if let record = RunningServer.recorded(inHome: home), record.isAlive {
                throw ReloadError.notAnswering(pid: record.pid, address: record.baseURL)
            }
            throw ReloadError.noServer(home: home.path)
        }
        let last = server.lastReload?.number ?? 0
        guard kill(server.pid, SIGHUP) == 0 else {
            throw ReloadError.failed(reason: String(cString: strerror(errno)))
        }
        let deadline = ContinuousClock.now + .seconds(30)
        while ContinuousClock.now < deadline {
            if let report = RunningServer.recorded(inHome: home)?.lastReload, report.number > last {
                return try show(report)
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw ReloadError.noAnswer(pid: server.pid)
    }

    private func show(_ report: ReloadReport) throws {
        if let failure = report.failure { throw ReloadError.failed(reason: failure) }
        let held = report.held ?? []
        if report.applied.isEmpty, report.waiting.isEmpty, held.isEmpty {
            return Console.output.print("No setting has changed; files that settings name were read again.")
        }
        if !report.applied.isEmpty {
            Console.output.print("In use now: \(report.applied.joined(separator: ", ")).")
        }
        if !report.waiting.isEmpty {
            Console.output.print("Waiting for the server's next start: \(report.waiting.joined(separator: ", ")).")
        }
        if !held.isEmpty {
            Console.output.print("Held by flags that the server was started with: \(held.joined(separator: ", ")).")
        }
    }
}

/// Why a server did not reload.
enum ReloadError: Error, CustomStringConvertible {
    case noServer(home: String)
    case notAnswering(pid: Int32, address: String)
    case failed(reason: String)
    case noAnswer(pid: Int32)

    var description: String {
        switch self {
        case .noServer(let home): "No server runs for \(home); “roost serve” starts one, with the settings as they are."
        case .notAnswering(let pid, let address):
            "Process \(pid) is recorded as the server at \(address), but does not answer there; look at it with "
                + "“ps -p \(pid)”: “kill -HUP \(pid)” has a server reload, and ends most other programs."
        case .failed(let reason): "The server keeps its settings: \(reason)"
        case .noAnswer(let pid):
            "The server (process \(pid)) was told to reload and has not said what became of it; its log may tell."
        }
    }
}
