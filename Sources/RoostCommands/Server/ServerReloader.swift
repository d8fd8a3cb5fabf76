import Foundation
import Logging
import Roost
import RoostServer

/// Has a running server take new settings, and says which of them wait for its next start.
actor ServerReloader {
    typealias Settings = @Sendable () throws -> (RoostConfiguration, RoostServerConfiguration)

    private let control: ServerControl
    private let manager: ModelManager
    private let log: ServerLog
    private let logger: Logger
    private let settings: Settings
    /// Keys that flags of the command say otherwise than config.toml and the environment.
    private let heldKeys: Set<String>
    private let isEncrypted: Bool
    /// What was set when the server started, and after each reload that went well.
    private var values: [SettingValue]
    private var number = 0

    /// What the manager takes of the settings.
    private static let managerKeys: Set<String> = ["keep_alive", "max_loaded_models", "limit_rate"]

    init(
        control: ServerControl, manager: ModelManager, log: ServerLog, logger: Logger, heldKeys: Set<String>,
        isEncrypted: Bool, settings: @escaping Settings
    ) throws {
        self.control = control
        self.manager = manager
        self.log = log
        self.logger = logger
        self.settings = settings
        self.heldKeys = heldKeys
        self.isEncrypted = isEncrypted
        values = try RoostConfiguration.settings()
    }

    /// Reads the settings again. When one cannot be used, all stay as they are.
    func reload() async {
        number += 1
        do {
            let now = try RoostConfiguration.settings()
            let (configuration, server) = try settings()
            var report = ReloadReport(number: number)
            for (old, new) in zip(values, now) where old.text != new.text {
                if heldKeys.contains(new.setting.key) {
                    report.held = (report.held ?? []) + [new.setting.key]
                } else if new.setting.isLive, isTaken(new.setting, server) {
                    report.applied.append(new.setting.key)
                } else {
                    report.waiting.append(new.setting.key)
                }
            }
            try control.reload(server, report: report)
            log.configure(by: configuration.server)
            await reconfigureManager(by: configuration, &report, server)
            // Those that are not in use are still told at the next reload.
            values = zip(values, now).map {
                $1.text != $0.text && !report.applied.contains($1.setting.key) ? $0 : $1
            }
            logger.notice(
                "settings were read again",
                metadata: [
                    "applied": "\(report.applied.joined(separator: ","))",
                    "waiting_for_restart": "\(report.waiting.joined(separator: ","))",
                ])
        } catch {
            logger.error("settings were not taken, all stays as it was: \(error)")
            try? control.reload(
                RoostServerConfiguration(), report: ReloadReport(number: number, failure: "\(error)"))
        }
    }

    /// What the server took stays in use when the manager, on its way down, takes nothing more.
    private func reconfigureManager(
        by configuration: RoostConfiguration, _ report: inout ReloadReport, _ server: RoostServerConfiguration
    ) async {
        do {
            try await manager.reconfigure(by: configuration)
        } catch {
            report.waiting += report.applied.filter(Self.managerKeys.contains)
            report.applied.removeAll(where: Self.managerKeys.contains)
            logger.error(
                "\(Self.managerKeys.sorted().joined(separator: ", ")) were not taken, the other settings were: \(error)"
            )
            try? control.reload(server, report: report)
        }
    }

    /// A server that began without a certificate cannot begin to encrypt, nor the other way round.
    private func isTaken(_ setting: Setting, _ server: RoostServerConfiguration) -> Bool {
        guard setting.key.hasPrefix("tls_") else { return true }
        return isEncrypted == (server.tls != nil)
    }
}
