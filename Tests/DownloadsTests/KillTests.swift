import FaultServer
import Foundation
import Security
import Synchronization
import Testing

@testable import Downloads

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A process that is killed in the middle of a download, again and again.
///
/// `ROOST_KILL_COUNT` and `ROOST_KILL_BYTES` make it longer, `ROOST_KILL_PROGRAM` names another build of the program;
/// a file that is complete before all kills are done is fetched anew.
@Suite(.timeLimit(.minutes(60))) struct KillTests {
    /// What is killed, and how much a kill may cost.
    private struct Plan {
        var killCount = 12
        var byteCount = 64 << 20
        var blockByteCount = 8 << 10
        let connectionCount = 16
        var journalByteCount = 4 << 20
        /// Of the server.
        var bytesPerSecond = 48 << 20
        var program: String?

        init(_ variables: [String: String]) {
            program = variables["ROOST_KILL_PROGRAM"]
            killCount = variables["ROOST_KILL_COUNT"].flatMap { Int($0) } ?? killCount
            guard let count = variables["ROOST_KILL_BYTES"].flatMap({ Int($0) }) else { return }
            byteCount = count
            blockByteCount = 128 << 10
            journalByteCount = 64 << 20
            bytesPerSecond = 160 << 20
        }

        /// One journal interval, and of each connection what it asked for last: at most 4 pieces of 8 blocks.
        var bound: Int64 { Int64(journalByteCount + connectionCount * 32 * blockByteCount) }
    }

    @Test func killedAtRandomPointsTheFileIsRightAndLittleIsFetchedTwice() async throws {
        let plan = Plan(ProcessInfo.processInfo.environment)
        let fixture = try DownloadFixture(byteCount: 0)
        let content = RepeatedContent(byteCount: plan.byteCount)
        // Counts what it sends; says when it is asked for more than the round allows, and sends no more then.
        let meter = Meter(bytesPerSecond: plan.bytesPerSecond)
        let server = try await FaultServer.start { request, connection in
            guard let range = request.range else { return try await connection.sendEmpty(400) }
            try await connection.sendHead(
                206,
                [
                    ("Content-Range", "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(content.byteCount)"),
                    ("Content-Length", "\(range.count)"),
                ])
            if request.isLookup { return try await connection.send(content.bytes(range)) }
            var start = range.lowerBound
            while start < range.upperBound {
                let end = min(start + 65536, range.upperBound)
                try await meter.send(start..<end, path: request.path)
                try await connection.send(content.bytes(start..<end))
                start = end
            }
        }
        let journal = JournalFile(
            path: fixture.partialFolder.appendingPathComponent(content.digest.fileName + ".journal").path,
            folder: fixture.partialFolder.path)
        let finished = fixture.destination.appendingPathComponent(content.digest.fileName)
        var losses: [Int64] = []
        var fileCount = 0
        while losses.count < plan.killCount || fileCount == 0 {
            var promised: Int64 = 0
            while true {
                let isLast = losses.count >= plan.killCount
                let path = meter.allow(isLast ? .max : Int.random(in: 1..<(4 * plan.journalByteCount)))
                let program = try RunningProgram(
                    path: plan.program ?? RunningProgram.path("DownloadProgram"),
                    arguments: [
                        server.url(path).absoluteString, content.digest.description, "\(content.byteCount)",
                        fixture.folder.path, "\(plan.blockByteCount)", "\(plan.journalByteCount)",
                        "--connections", "\(plan.connectionCount)",
                    ], folder: fixture.folder)
                if try await Self.endsByItself(program, before: meter) { break }
                // It may have got to its end meanwhile, after which there is no journal.
                let isFinished = FileManager.default.fileExists(atPath: finished.path)
                let landed = isFinished ? Int64(content.byteCount) : journal.read()?.map.landedByteCount ?? 0
                #expect(landed >= promised, "a journal never promises less than the one before")
                losses.append(max(0, meter.sentThisRound - (landed - promised)))
                promised = landed
            }
            let descriptor = try FileCalls.openFile(finished.path, flags: O_RDONLY)
            defer { close(descriptor) }
            #expect(try Digest.ofFile(descriptor: descriptor) == content.digest)
            #expect(try fixture.names(in: fixture.partialFolder) == [])
            try FileManager.default.removeItem(at: finished)
            fileCount += 1
        }
        await server.stop()
        let sorted = losses.sorted()
        print(
            "killed \(losses.count) times, \(fileCount) files of \(plan.byteCount) bytes, each right; fetched twice per kill:",
            "median \(sorted[sorted.count / 2]), most \(sorted[sorted.count - 1]), bound \(plan.bound) bytes")
        // What sockets held and the program never saw counts as lost here, too.
        #expect(sorted[sorted.count - 1] <= plan.bound)
    }

    /// Whether the program ended by itself before the round was full; when the round was full first it is killed.
    private static func endsByItself(_ program: RunningProgram, before meter: Meter) async throws -> Bool {
        let isOver = await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                await program.end()
                return true
            }
            // Cancelled when the program is over: a round that is never full ends with it.
            group.addTask { (try? await meter.isFull()) == nil }
            let isOver = await group.next() ?? true
            if !isOver { kill(program.pid, SIGKILL) }
            group.cancelAll()
            return isOver
        }
        await program.end()
        if isOver { #expect(await program.status() == 0, "\(program.output)") }
        return isOver
    }
}

/// A large content of which only a little is in memory: a mebibyte again and again, each begun with its number.
private struct RepeatedContent: Sendable {
    private static let period = 1 << 20
    let byteCount: Int
    let digest: Digest
    private let base: [UInt8]

    init(byteCount: Int) {
        self.byteCount = byteCount
        let base = FaultContent(byteCount: Self.period, seed: 9).bytes
        self.base = base
        var hash = ContentHash()
        for start in stride(from: 0, to: byteCount, by: Self.period) {
            hash.update(Self.bytes(start..<min(byteCount, start + Self.period), base))
        }
        digest = hash.finish()
    }

    func bytes(_ range: Range<Int>) -> [UInt8] { Self.bytes(range, base) }

    /// - Parameter range: Within one period.
    private static func bytes(_ range: Range<Int>, _ base: [UInt8]) -> [UInt8] {
        let (number, offset) = range.lowerBound.quotientAndRemainder(dividingBy: period)
        let first = min(range.count, period - offset)
        var bytes = Array(base[offset..<(offset + first)])
        if first < range.count { bytes += base[..<(range.count - first)] }
        var label = number
        var position = offset
        while position < 8, position - offset < first {
            bytes[position - offset] = UInt8(truncatingIfNeeded: label >> (8 * position))
            position += 1
        }
        label += 1
        for index in 0..<max(0, min(8, range.count - first)) {
            bytes[first + index] = UInt8(truncatingIfNeeded: label >> (8 * index))
        }
        return bytes
    }
}

/// Counts what a server sends in a round, holds it to a rate, and stops it when the round is full. Each round has a path
/// of its own: what is left of an earlier round's connections does not count.
private final class Meter: Sendable {
    private struct State {
        var round = 0
        var allowance = 0
        var sent = IndexSet()
        /// Opens when more is wanted than the round allows.
        let full = Gate()

        var path: String { "/\(round)" }
    }

    private let state = Mutex(State())
    private let changed = ChangeSignal()
    private let limiter: BandwidthLimiter

    init(bytesPerSecond: Int) {
        limiter = BandwidthLimiter(bytesPerSecond: Int64(bytesPerSecond), time: SystemTime())
    }

    /// Bytes of the file, each counted once: a connection that takes over a part of another's work asks for what may be
    /// on its way to that one.
    var sentThisRound: Int64 { state.withLock { Int64($0.sent.count) } }

    /// Begins a round; its path.
    func allow(_ count: Int) -> String {
        let path = state.withLock { state in
            state = State(round: state.round + 1, allowance: count)
            return state.path
        }
        changed.notify()
        return path
    }

    /// Returns when these bytes of the file may be sent; throws when the path's round is over.
    func send(_ bytes: Range<Int>, path: String) async throws {
        try await limiter.pass(bytes.count)
        while true {
            let version = changed.version
            let mayGo = try state.withLock { state in
                guard state.path == path else { throw CancellationError() }
                guard state.allowance > 0 else {
                    state.full.open()
                    return false
                }
                state.allowance -= bytes.count
                state.sent.insert(integersIn: bytes)
                return true
            }
            if mayGo { return }
            try await changed.changed(since: version)
        }
    }

    /// Returns when the round is full.
    func isFull() async throws { try await state.withLock { $0.full }.wait() }
}
