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
    /// What was set when the server started, and after each reload that went well.
    private var values: [SettingValue]
    private var number = 0

    init(
        control: ServerControl, manager: ModelManager, log: ServerLog, logger: Logger, settings: @escaping Settings
    ) throws {
        self.control = control
        self.manager = manager
        self.log = log
        self.logger = logger
        self.settings = settings
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
                if new.setting.isLive, isTaken(new.setting, server) {
                    report.applied.append(new.setting.key)
                } else {
                    report.waiting.append(new.setting.key)
                }
            }
            try control.reload(server, report: report)
            log.configure(by: configuration.server)
            try await manager.reconfigure(by: configuration)
            // Those that wait are still told at the next reload.
            values = zip(values, now).map { report.waiting.contains($1.setting.key) ? $0 : $1 }
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

    /// A server that began without a certificate cannot begin to encrypt, nor the other way round.
    private func isTaken(_ setting: Setting, _ server: RoostServerConfiguration) -> Bool {
        guard setting.key.hasPrefix("tls_") else { return true }
        let wasEncrypted = values.contains { $0.setting.key == "tls_certificate" && $0.text != nil }
        return wasEncrypted == (server.tls != nil)
    }
}
