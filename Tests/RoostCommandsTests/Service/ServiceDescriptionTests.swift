import Foundation
import Testing

@testable import RoostCommands

@Suite struct ServiceDescriptionTests {
    private let service = ServiceDescription(
        program: "/opt/my tools/roost", home: "/srv/100% \"mine\"", drainSeconds: 30)

    @Test func `a unit starts the program with its home, and words are quoted as systemd reads them`() {
        let unit = service.systemdUnit
        let lines = unit.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.contains("ExecStart=\"/opt/my tools/roost\" serve"))
        #expect(lines.contains(#"Environment="ROOST_HOME=/srv/100%% \"mine\"""#))
        #expect(lines.contains("ExecReload=/bin/kill -HUP $MAINPID"))
        #expect(lines.contains("Type=notify"))
        #expect(lines.contains("WantedBy=default.target"))
        #expect(lines.filter { $0.hasPrefix("[") } == ["[Unit]", "[Service]", "[Install]"])
        #expect(!unit.contains("User="))
        #expect(!unit.contains("ProtectSystem"))
    }

    @Test func `the system's patience is longer than the drain`() throws {
        let line = try #require(service.systemdUnit.split(separator: "\n").first { $0.hasPrefix("TimeoutStopSec=") })
        #expect(try #require(Int(line.dropFirst("TimeoutStopSec=".count))) > 30)
    }

    @Test func `a unit of the machine runs as an account and writes in its home alone`() {
        var service = service
        service.account = "roost"
        let unit = service.systemdUnit
        #expect(unit.contains("\nUser=roost\n"))
        #expect(unit.contains("\nProtectSystem=strict\n"))
        #expect(unit.contains(#"ReadWritePaths="/srv/100%% \"mine\"""#))
        #expect(unit.contains("WantedBy=multi-user.target"))
    }

    @Test func `a dollar in the program's path is no variable`() {
        let unit = ServiceDescription(program: "/a$b/roost", home: "/h").systemdUnit
        #expect(unit.contains(#"ExecStart="/a$$b/roost" serve"#))
    }

    @Test func `a property list reads back with program, home and patience`() throws {
        let data = try service.launchdPropertyList()
        let list = try #require(
            PropertyListSerialization.propertyList(from: data, format: nil) as? [String: Any])
        #expect(list["Label"] as? String == "roost.server")
        #expect(list["ProgramArguments"] as? [String] == ["/opt/my tools/roost", "serve"])
        #expect((list["EnvironmentVariables"] as? [String: String])?["ROOST_HOME"] == "/srv/100% \"mine\"")
        #expect((list["ExitTimeOut"] as? Int ?? 0) > 30)
        #expect(list["UserName"] == nil)
    }

    @Test func `a system without the command is told from one where it fails`() {
        #expect(SystemCommand.run(["no-such-command"], searching: "/usr/bin:/bin") == .missing)
        #expect(SystemCommand.run(["true"], searching: "/usr/bin:/bin") == .succeeded)
        #expect(
            SystemCommand.run(["sh", "-c", "echo why >&2; exit 3"], searching: "/usr/bin:/bin") == .failed("why"))
        #expect(SystemCommand.run(["false"], searching: "/usr/bin:/bin") == .failed("exit status 1"))
    }
}
