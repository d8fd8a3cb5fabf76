import Foundation

/// The server as something that the operating system starts, in the words of systemd and of launchd.
struct ServiceDescription: Sendable, Hashable {
    /// The program's file.
    var program: String
    /// ROOST_HOME of the server.
    var home: String
    /// The account that it runs as; `nil` is the person who installs it.
    var account: String?
    /// Seconds that running answers may have at the end.
    var drainSeconds = 5

    /// Its name for systemd.
    static let unitName = "roost.service"
    /// Its name for launchd.
    static let label = "roost.server"

    /// Seconds after which the system may kill it: the drain, and the time that an orderly end takes besides.
    private var stopSeconds: Int { drainSeconds + 20 }

    /// A unit for systemd (systemd.service(5), systemd.exec(5)). What a person's own manager cannot give without rights
    /// of its own (a file system of its own) stands in units of the system alone.
    var systemdUnit: String {
        let isSystem = account != nil
        var lines = [
            "# Made by “roost service install”; changes go into a drop-in (systemctl edit).",
            "[Unit]",
            "Description=Roost: AI models on this machine",
            "After=network-online.target",
            "Wants=network-online.target",
            "",
            "[Service]",
            "Type=notify",
            "ExecStart=\(Self.quoted(program, isCommand: true)) serve",
            "ExecReload=/bin/kill -HUP $MAINPID",
            "Environment=\(Self.quoted("ROOST_HOME=\(home)"))",
            "Restart=on-failure",
            "RestartSec=2",
            "KillSignal=SIGTERM",
            "KillMode=mixed",
            "TimeoutStopSec=\(stopSeconds)",
            "LimitNOFILE=65536",
            "LimitCORE=0",
            "NoNewPrivileges=yes",
            "LockPersonality=yes",
            "RestrictRealtime=yes",
            "RestrictSUIDSGID=yes",
            "UMask=0077",
        ]
        if let account {
            lines += [
                "User=\(account)",
                "ProtectSystem=strict",
                "ReadWritePaths=\(Self.quoted(home))",
                "PrivateTmp=yes",
                "ProtectControlGroups=yes",
                "ProtectKernelModules=yes",
                "ProtectKernelTunables=yes",
                "CapabilityBoundingSet=",
            ]
        }
        lines += ["", "[Install]", "WantedBy=\(isSystem ? "multi-user.target" : "default.target")", ""]
        return lines.joined(separator: "\n")
    }

    /// A property list for launchd (launchd.plist(5)).
    ///
    /// - Throws: what Foundation throws when it cannot write one.
    func launchdPropertyList() throws -> Data {
        let log = URL(fileURLWithPath: home).appending(path: "logs/server.log").path
        var list: [String: Any] = [
            "Label": Self.label,
            "ProgramArguments": [program, "serve"],
            "EnvironmentVariables": ["ROOST_HOME": home],
            "RunAtLoad": true,
            "KeepAlive": ["SuccessfulExit": false],
            "ExitTimeOut": stopSeconds,
            "ProcessType": "Interactive",
            "SoftResourceLimits": ["NumberOfFiles": 65536],
            "StandardOutPath": log,
            "StandardErrorPath": log,
            "Umask": 0o077,
        ]
        if let account { list["UserName"] = account }
        return try PropertyListSerialization.data(fromPropertyList: list, format: .xml, options: 0)
    }

    /// A text as one word of a unit (systemd.syntax(7)): `%` begins a specifier, and in commands `$` a variable.
    private static func quoted(_ text: String, isCommand: Bool = false) -> String {
        var word = ""
        for character in text {
            switch character {
            case "\\", "\"": word += "\\\(character)"
            case "%": word += "%%"
            case "$" where isCommand: word += "$$"
            case "\n": word += "\\n"
            default: word.append(character)
            }
        }
        return "\"\(word)\""
    }
}
