import FaultServer
import Foundation
import Security
import Testing

@testable import Downloads

#if os(Linux)
    #if canImport(Glibc)
        import Glibc
    #else
        import Musl
    #endif

    /// A full disk, a read-only one, a folder of someone else: with a file system of its own, for which Linux needs root.
    @Suite(.timeLimit(.minutes(15)), .enabled(if: geteuid() == 0)) struct DiskTests {
        /// Runs a shell script in a mount namespace of its own; `$0` is the program, then come its arguments, and `$DISK`
        /// is an empty folder.
        private func start(
            _ script: String, _ fixture: DownloadFixture, _ server: FaultServer, options: [String] = []
        ) throws -> RunningProgram {
            let disk = fixture.folder.appendingPathComponent("disk", isDirectory: true)
            try FileManager.default.createDirectory(at: disk, withIntermediateDirectories: true)
            let arguments = fixture.programArguments(server, folder: disk, options: options)
            return try RunningProgram(
                path: "/usr/bin/unshare",
                arguments: [
                    "-m", "--propagation", "private", "sh", "-c", "DISK='\(disk.path)'; \(script)",
                    try RunningProgram.path("DownloadProgram"),
                ] + arguments, folder: fixture.folder)
        }

        @Test func aFileThatDoesNotFitIsRefusedBeforeTheFirstByte() async throws {
            let fixture = try DownloadFixture(byteCount: 6 << 20)
            let server = try await FaultServer.serving(fixture.content)
            let program = try start(
                "mount -t tmpfs -o size=4m none $DISK && \"$0\" \"$@\"; code=$?; echo \"in place: $(ls $DISK/blobs | wc -l)\"; exit $code",
                fixture,
                server)
            #expect(await program.status() == 1)
            #expect(program.output.contains("There is not enough room"), "\(program.output)")
            #expect(program.output.contains("in place: 0"))
            #expect(server.requests.isEmpty)
            await server.stop()
        }

        @Test func aDiskThatFillsUpMidwayKeepsWhatLandedAndGoesOnWhenThereIsRoom() async throws {
            let fixture = try DownloadFixture(byteCount: 6 << 20)
            let isFull = Gate()
            let half = 3 << 20
            let server = try await FaultServer.start { request, connection in
                guard let range = request.range, !request.isLookup, range.upperBound > half else {
                    return try await FaultServer.answer(request, connection, fixture.content, nil, .none)
                }
                try await isFull.wait()
                try await FaultServer.answer(request, connection, fixture.content, nil, .none)
            }
            // The room is there at the start; then someone else takes it.
            let program = try start(
                """
                mount -t tmpfs -o size=7m none $DISK && touch $DISK/ready
                "$0" "$@"; echo "first: $? $(ls $DISK/blobs | wc -l)"
                rm $DISK/filler
                "$0" "$@"
                """, fixture, server, options: ["--unreserved"])
            while server.requests.filter({ !$0.isLookup }).count < 3 { try await Task.sleep(for: .milliseconds(5)) }
            // The program's file system, seen from here.
            let filler = "/proc/\(program.pid)/root\(fixture.folder.path)/disk/filler"
            try #require(FileManager.default.createFile(atPath: filler, contents: nil))
            let handle = try #require(FileHandle(forWritingAtPath: filler))
            for _ in 0..<(8 << 10) { guard (try? handle.write(contentsOf: Data(count: 1024))) != nil else { break } }
            try? handle.close()
            isFull.open()
            #expect(await program.status() == 0)
            let lines = program.output.split(separator: "\n").map(String.init)
            #expect(lines.first?.contains("There is not enough room") == true, "\(lines)")
            #expect(lines.dropFirst().first == "first: 1 0", "\(lines)")
            let last = try #require(lines.last?.split(separator: " "))
            #expect(last.first.map(String.init) == fixture.digest.description, "\(lines)")
            await server.stop()
        }

        @Test func aReadOnlyDiskIsSaid() async throws {
            let fixture = try DownloadFixture(byteCount: 1 << 20)
            let server = try await FaultServer.serving(fixture.content)
            let program = try start("mount -t tmpfs -o ro,size=4m none $DISK && \"$0\" \"$@\"", fixture, server)
            #expect(await program.status() == 1)
            #expect(program.output.contains("Read-only file system"), "\(program.output)")
            #expect(server.requests.isEmpty)
            await server.stop()
        }

        @Test func aFolderOfSomeoneElseIsSaid() async throws {
            let fixture = try DownloadFixture(byteCount: 1 << 20)
            let server = try await FaultServer.serving(fixture.content)
            let program = try start(
                "mount -t tmpfs -o size=4m,mode=0755 none $DISK && \"$0\" \"$@\"", fixture, server,
                options: ["--uid", "65534"])
            #expect(await program.status() == 1)
            #expect(program.output.contains("Permission denied"), "\(program.output)")
            #expect(server.requests.isEmpty)
            await server.stop()
        }

        @Test func aLimitOfTheSystemOnTheSizeOfFilesIsSaid() async throws {
            let fixture = try DownloadFixture(byteCount: 6 << 20)
            let server = try await FaultServer.serving(fixture.content)
            // In units of 512 bytes; the signal that comes with it is ignored, as shells can.
            let program = try start("trap '' XFSZ; ulimit -f 4096; exec \"$0\" \"$@\"", fixture, server)
            #expect(await program.status() == 1)
            #expect(program.output.contains("File too large"), "\(program.output)")
            await server.stop()
        }
    }
#endif
