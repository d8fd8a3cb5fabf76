import Foundation

/// Who starts services on this system.
protocol ServiceKeeper: Sendable {
    /// What it is called.
    var name: String { get }
    /// Where the description is written.
    var file: URL { get }
    /// The description's text.
    func text(of service: ServiceDescription) throws -> Data
    /// The commands that have it take the description and start the service, now and at each start of the system or
    /// session.
    var installing: [[String]] { get }
    /// The commands before the description is removed.
    var removing: [[String]] { get }
    var starting: [[String]] { get }
    var stopping: [[String]] { get }
    /// A command that exits with 0 while the service runs.
    var asking: [String] { get }
}

/// systemd, of this person or of the system.
struct SystemdKeeper: ServiceKeeper {
    let name = "systemd"
    let isSystem: Bool
    /// `XDG_CONFIG_HOME` or `~/.config`.
    let configuration: URL

    var file: URL {
        let folder =
            isSystem
            ? URL(fileURLWithPath: "/etc/systemd/system") : configuration.appending(path: "systemd/user")
        return folder.appending(path: ServiceDescription.unitName)
    }

    func text(of service: ServiceDescription) throws -> Data { Data(service.systemdUnit.utf8) }

    private func control(_ words: String...) -> [String] { ["systemctl"] + (isSystem ? [] : ["--user"]) + words }

    var installing: [[String]] {
        [control("daemon-reload"), control("enable", "--now", ServiceDescription.unitName)]
    }
    var removing: [[String]] { [control("disable", "--now", ServiceDescription.unitName)] }
    var starting: [[String]] { [control("start", ServiceDescription.unitName)] }
    var stopping: [[String]] { [control("stop", ServiceDescription.unitName)] }
    var asking: [String] { control("is-active", "--quiet", ServiceDescription.unitName) }
}

/// launchd, for this person or for the system.
struct LaunchdKeeper: ServiceKeeper {
    let name = "launchd"
    let isSystem: Bool
    let home: URL
    /// The number of this person's account.
    let userID: UInt32

    var file: URL {
        let folder =
            isSystem
            ? URL(fileURLWithPath: "/Library/LaunchDaemons") : home.appending(path: "Library/LaunchAgents")
        return folder.appending(path: "\(ServiceDescription.label).plist")
    }

    func text(of service: ServiceDescription) throws -> Data { try service.launchdPropertyList() }

    private var domain: String { isSystem ? "system" : "gui/\(userID)" }
    private var target: String { "\(domain)/\(ServiceDescription.label)" }

    var installing: [[String]] { [["launchctl", "bootstrap", domain, file.path]] }
    var removing: [[String]] { [["launchctl", "bootout", target]] }
    var starting: [[String]] { [["launchctl", "kickstart", target]] }
    var stopping: [[String]] { [["launchctl", "kill", "SIGTERM", target]] }
    var asking: [String] { ["launchctl", "print", target] }
}
