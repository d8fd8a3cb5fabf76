import Foundation
import Logging
import Roost
import RoostServer
import ServiceLifecycle
import Testing
import Waiting

extension ServerTests {
    @Suite struct RunDirectoryTests {
        @Test func `a running server leaves a private record, and takes it away`() async throws {
            let home = try await TestServer.run { server in
                let record = try #require(RunningServer.recorded(inHome: server.home))
                #expect(record.pid == ProcessInfo.processInfo.processIdentifier)
                #expect(record.port == server.running.port)
                #expect(record.host == "127.0.0.1")
                #expect(record.version == server.running.version)
                #expect(record.isAlive && record.drainSeconds == 0)
                let file = server.home.appending(path: "run/roost.json").path
                let attributes = try FileManager.default.attributesOfItem(atPath: file)
                #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
                await server.triggerShutdown()
                #expect(try await eventually { RunningServer.recorded(inHome: server.home) == nil })
                return server.home
            }
            #expect(RunningServer.recorded(inHome: home) == nil)
        }

        @Test func `a folder that others may write in is made private, and what they put there is not written to`()
            async throws
        {
            let home = FileManager.default.temporaryDirectory.appending(path: "roost-run-\(UUID().uuidString)")
            let folder = home.appending(path: "run")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: folder.path)
            let planted = folder.appending(path: "roost.json.\(ProcessInfo.processInfo.processIdentifier)")
            try Data().write(to: planted)
            let kept = home.appending(path: "planted")
            try FileManager.default.linkItem(at: planted, to: kept)
            try await TestServer.run(home: home) { server in
                #expect(RunningServer.recorded(inHome: home)?.token != nil)
                #expect(try Data(contentsOf: kept).isEmpty)
                let attributes = try FileManager.default.attributesOfItem(atPath: folder.path)
                #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o700)
            }
        }

        @Test func `a second server for the same home is refused and names the first`() async throws {
            try await TestServer.run { server in
                var configuration = RoostServerConfiguration(server.manager.configuration)
                configuration.port = 0
                let second = RoostService(
                    manager: server.manager, configuration: configuration, logger: Logger(label: "test"))
                let error = await #expect(throws: RoostServerError.self) { try await second.run() }
                guard case .alreadyRunning(let pid, let address, _)? = error else {
                    Issue.record("\(String(describing: error))")
                    return
                }
                #expect(pid == server.running.pid)
                #expect(address == server.running.baseURL)
                // The refusal leaves the first one's record alone.
                #expect(RunningServer.recorded(inHome: server.home) == server.running.roundedToSeconds)
            }
        }

        @Test func `a port that is taken is named`() async throws {
            try await TestServer.run { server in
                var configuration = RoostServerConfiguration()
                configuration.port = server.running.port
                let second = RoostService(
                    manager: server.manager, configuration: configuration, logger: Logger(label: "test"))
                await #expect(throws: RoostServerError.addressInUse(host: "127.0.0.1", port: server.running.port)) {
                    try await second.run()
                }
            }
        }

        @Test(arguments: [
            ("127.0.0.1", "http://127.0.0.1:80"), ("0.0.0.0", "http://127.0.0.1:80"), ("::1", "http://[::1]:80"),
            ("::", "http://[::1]:80"), ("[::1]", "http://[::1]:80"), ("localhost", "http://localhost:80"),
        ])
        func `clients reach the address that was listened on`(host: String, address: String) {
            let record = RunningServer(pid: 1, host: host, port: 80, version: "1", startedAt: .now)
            #expect(record.baseURL == address)
        }

        @Test(arguments: [
            ("localhost", true), ("127.0.0.1", true), ("127.9.8.7", true), ("::1", true), ("[::1]", true),
            ("::", false),
            ("0.0.0.0", false), ("127.0.0.1.evil", false), ("127.0.0.256", false), ("1270.0.1", false), ("", false),
        ])
        func `loopback addresses are known`(host: String, isLoopback: Bool) {
            #expect(RoostServerConfiguration.isLoopback(host) == isLoopback)
        }
    }
}

extension RunningServer {
    /// As the record keeps it.
    fileprivate var roundedToSeconds: RunningServer {
        var copy = self
        copy.startedAt = Date(timeIntervalSince1970: startedAt.timeIntervalSince1970.rounded(.down))
        return copy
    }
}
