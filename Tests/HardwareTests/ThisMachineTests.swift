#if os(Linux)
    import Foundation
    import Hardware
    import Testing

    /// This machine, beside what the system's own tools say of it.
    @Suite("This machine")
    struct ThisMachineTests {
        private let machine = MachineDetector(diskPaths: ["/", FileManager.default.temporaryDirectory.path]).detect()

        private static func output(_ program: String, _ arguments: String...) throws -> String {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            process.arguments = [program] + arguments
            process.environment = [
                "LC_ALL": "C", "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin",
            ]
            let pipe = Pipe()
            process.standardOutput = pipe
            process.standardError = FileHandle.nullDevice
            try process.run()
            let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
            process.waitUntilExit()
            return process.terminationStatus == 0 ? String(decoding: data, as: UTF8.self) : ""
        }

        @Test("has the cores, threads and sockets that lscpu counts")
        func lscpu() throws {
            // One line for each thread that is on: its number, core, socket.
            let rows = try Self.output("lscpu", "-p=CPU,CORE,SOCKET").split(separator: "\n").filter {
                !$0.hasPrefix("#")
            }
            .map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
            guard !rows.isEmpty else { return }
            #expect(machine.processor.threadCount == rows.count)
            #expect(machine.processor.coreCount == Set(rows.map { "\($0[1]) \($0[2])" }).count)
            #expect(machine.processor.packageCount == Set(rows.map { $0[2] }).count)
        }

        @Test("has the caches that lscpu lists")
        func caches() throws {
            let rows = try Self.output("lscpu", "-B", "-C=LEVEL,TYPE,ALL-SIZE,ONE-SIZE").split(separator: "\n")
                .dropFirst()
                .map { $0.split(separator: " ").map(String.init) }.filter { $0.count == 4 }
            guard !rows.isEmpty else { return }
            let expected = Set(rows.map { "\($0[0]) \($0[1].lowercased()) \($0[2]) \($0[3])" })
            let found = Set(
                machine.processor.caches.map {
                    "\($0.level) \($0.kind.rawValue) \($0.byteCount * Int64($0.count)) \($0.byteCount)"
                })
            #expect(found == expected)
        }

        @Test("gives this process the threads that nproc counts")
        func nproc() throws {
            let count = Int(try Self.output("nproc").trimmingCharacters(in: .whitespacesAndNewlines))
            #expect(machine.processor.usableThreads.count == count)
            #expect((1...machine.processor.coreCount).contains(machine.computeThreadCount))
        }

        @Test("has the memory that the kernel says")
        func memory() throws {
            let text = try String(contentsOfFile: "/proc/meminfo", encoding: .utf8)
            let total = text.split(separator: "\n").first { $0.hasPrefix("MemTotal:") }?
                .split(separator: " ").compactMap { Int64($0) }.first
            #expect(machine.memory.totalByteCount == total.map { $0 * 1024 })
            let available = try #require(machine.availableByteCount)
            #expect(available > 0)
            #expect(available <= (try #require(machine.usableByteCount)))
        }

        @Test("has disks with sizes")
        func disks() throws {
            for disk in machine.disks {
                #expect(try #require(disk.totalByteCount) >= (try #require(disk.freeByteCount)))
                #expect(disk.mountPoint != nil)
            }
        }

        @Test("is sampled, again and again")
        func samples() async throws {
            var count = 0
            for await sample in Machine.samples(every: .milliseconds(100)) {
                count += 1
                #expect((0...1).contains(sample.processorUtilization ?? 0))
                #expect(count == 1 ? sample.processorUtilization == nil : true)
                if count == 3 { break }
            }
            #expect(count == 3)
        }

        @Test("tells how fast a file is read, all of it or the beginning")
        func readSpeed() throws {
            let root = try TemporaryRoot(["/file": String(repeating: "0123456789abcdef", count: 1 << 16)])
            let file = root.url.appending(path: "file")
            #expect(try DiskReadSpeed.measure(file).byteCount == 1 << 20)
            let speed = try DiskReadSpeed.measure(file, limit: 1000)
            #expect(speed.byteCount == 1000)
            #expect(speed.bytesPerSecond > 0)
            #expect(throws: (any Error).self) { try DiskReadSpeed.measure(root.url.appending(path: "none")) }
        }
    }
#endif
