import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import Synchronization

/// Reads the beginning of one file from one source: range after range, each twice as long as what is there.
///
/// A server that sends no ranges is read as far as needed and then left. Bytes that came stay when a connection breaks;
/// when the file changes between two ranges it is read anew from its start.
struct BeginningTransfer<Value: Sendable> {
    let transport: HubTransport
    let source: FileSource
    let file: ModelFile
    let steps: BeginningSteps
    /// The tag that the asker knows already.
    let knownTag: String?
    /// Counts the bytes that come, for who watches.
    let meter: ByteMeter
    let inspect: @Sendable ([UInt8], Int64?) throws -> BeginningRead<Value>

    private var bytes: [UInt8] = []
    private var total: Int64?
    private var tag: String?
    private var place: OpenedPlace?
    private var stream: Stream?
    private var requestCount = 0
    private var changeCount = 0
    private var attempt = 1
    private var hasExpired = false

    /// How often a file may change while it is read.
    private static var maximumChangeCount: Int { 3 }

    /// A body that is being read.
    private struct Stream {
        var iterator: HTTPClientResponse.Body.AsyncIterator
        /// Bytes that are still to come; `nil` until the end.
        var left: Int64?
        /// Whether it is a range, read to its end so that the connection serves the next one.
        let isPart: Bool
    }

    init(
        transport: HubTransport, source: FileSource, file: ModelFile, steps: BeginningSteps, knownTag: String?,
        meter: ByteMeter, inspect: @escaping @Sendable ([UInt8], Int64?) throws -> BeginningRead<Value>
    ) {
        self.transport = transport
        self.source = source
        self.file = file
        self.steps = steps
        self.knownTag = knownTag
        self.meter = meter
        self.inspect = inspect
    }

    /// Reads until the bytes are enough.
    mutating func run() async throws -> BeginningAnswer<Value> {
        var goal = steps.goal(after: 0, needing: steps.first, of: nil)
        while true {
            guard try await fill(to: goal) else { return .unchanged }
            let known = total ?? file.byteCount
            switch try inspect(bytes, known) {
            case .complete(let value):
                return .read(
                    FileBeginning(
                        value: value, fileByteCount: known, entityTag: tag, receivedByteCount: meter.byteCount,
                        requestCount: requestCount))
            case .needsMore(let needed):
                guard Int64(bytes.count) < known ?? .max else {
                    throw unexpected("it ends after \(bytes.count) bytes, and \(needed) are needed")
                }
                guard needed <= steps.limit else {
                    throw unexpected(
                        "\(needed) bytes of its beginning are needed, and more than \(steps.limit) are not read")
                }
                goal = steps.goal(after: bytes.count, needing: needed, of: total)
            }
        }
    }

    /// Reads until `goal` bytes are there, or all of the file; `false` when the file has the known tag.
    private mutating func fill(to goal: Int) async throws -> Bool {
        while bytes.count < goal, bytes.count < total ?? .max {
            try Task.checkCancellation()
            if stream == nil {
                guard try await request(upTo: goal) else { return false }
            }
            let count = bytes.count
            do {
                try await readOn(to: goal)
            } catch {
                try Task.checkCancellation()
                stream = nil
                if bytes.count > count { attempt = 1 }
                guard attempt < transport.retry.maximumAttempts else {
                    throw ModelHubError.unreachable(host: host, reason: ConnectionFailure.words(for: error))
                }
                try await transport.retry.sleep(transport.retry.backoff(afterAttempt: attempt))
                attempt += 1
            }
        }
        return true
    }

    /// Takes from the stream until `goal` bytes are there or it ends.
    private mutating func readOn(to goal: Int) async throws {
        // Else each growth would take room for twice as much as is there.
        bytes.reserveCapacity(goal)
        meter.isReading = true
        defer { meter.isReading = false }
        while let left = stream.map(\.left), bytes.count < goal || left == 0 {
            let chunk = try await stream?.iterator.next()
            guard let chunk else {
                let isWhole = stream?.left ?? 0 == 0
                if isWhole, stream?.isPart == false { total = Int64(bytes.count) }
                stream = nil
                if !isWhole { throw BrokenBody() }
                return
            }
            meter.add(chunk.readableBytes)
            // More than was announced is not the file's.
            let count = min(Int64(chunk.readableBytes), left ?? .max)
            chunk.withUnsafeReadableBytes { bytes.append(contentsOf: $0.prefix(Int(count))) }
            stream?.left = left.map { $0 - count }
            if count > 0 { attempt = 1 }
            if count < chunk.readableBytes {
                stream = nil
                return
            }
        }
    }

    /// Opens the next range; `false` when the file has the known tag.
    private mutating func request(upTo goal: Int) async throws -> Bool {
        while true {
            let asked = RangeAnswer.Knowledge(start: bytes.count, end: goal, total: total, tag: tag)
            var conditions = [("range", "bytes=\(asked.start)-\(asked.end - 1)")]
            // A weak tag is no promise of the same bytes (RFC 9110 §13.1.5).
            if asked.start > 0, let tag, !tag.hasPrefix("W/") { conditions.append(("if-range", tag)) }
            if asked.start == 0, let knownTag { conditions.append(("if-none-match", knownTag)) }
            requestCount += 1
            let answer = try await transport.open(
                source.url, at: place, conditions: conditions, credential: source.credential)
            switch RangeAnswer(status: answer.status, headers: answer.headers, to: asked) {
            case .part(let byteCount, let total):
                try take(answer, total: total)
                if asked.start == 0, let knownTag, tag == knownTag { return false }
                stream = Stream(iterator: answer.body.makeAsyncIterator(), left: Int64(byteCount), isPart: true)
                return true
            case .whole(let byteCount):
                if asked.start > 0 { try startAnew() }
                try take(answer, total: byteCount)
                if let knownTag, tag == knownTag { return false }
                stream = Stream(iterator: answer.body.makeAsyncIterator(), left: byteCount, isPart: false)
                return true
            case .changed:
                try startAnew()
                return try await request(upTo: min(goal, steps.first))
            case .unchanged:
                guard asked.start == 0, knownTag != nil else { throw unexpected("it says that nothing changed") }
                return false
            case .useless(let reason): throw unexpected(reason)
            case .refused(let status):
                // A signed address expires; its source gives a new one.
                guard place != nil, [401, 403, 404, 410].contains(status), !hasExpired else {
                    throw RefusedBeginning(answer: answer.response)
                }
                hasExpired = true
                place = nil
            }
        }
    }

    /// Keeps what an answer tells of the file, and holds it to what is pinned.
    private mutating func take(_ answer: OpenedAnswer, total: Int64?) throws {
        if let total {
            try FileLocation(url: answer.place.url, byteCount: total).check(against: file)
            self.total = total
        }
        tag = answer.headers.first(name: "etag") ?? tag
        place = answer.place
        hasExpired = false
    }

    private mutating func startAnew() throws {
        changeCount += 1
        guard changeCount <= Self.maximumChangeCount else {
            throw unexpected("the file changes again and again while it is read")
        }
        (bytes, total, tag, stream) = ([], nil, nil, nil)
    }

    private var host: String { Origin(place?.url ?? source.url)?.place ?? source.url.shown }

    private func unexpected(_ reason: String) -> ModelHubError {
        .unexpectedAnswer(location: (place?.url ?? source.url).shown, reason: reason)
    }
}

/// A body that ended before its announced end.
private struct BrokenBody: Error, CustomStringConvertible {
    var description: String { "the answer broke off" }
}

/// A server that does not give the bytes; its hub has the words for it.
struct RefusedBeginning: Error {
    let answer: HubResponse
}

/// Counts bytes that come, for someone who watches from another task.
final class ByteMeter: Sendable {
    private let state = Mutex((byteCount: Int64(0), isReading: false, turns: 0))

    /// Bytes so far.
    var byteCount: Int64 { state.withLock { $0.byteCount } }

    /// Whether bytes of an answer are waited for.
    var isReading: Bool {
        get { state.withLock { $0.isReading } }
        set {
            state.withLock { state in
                state.isReading = newValue
                state.turns += 1
            }
        }
    }

    /// Changes with everything that happens; `nil` while nothing has to.
    var pulse: Int64? { state.withLock { $0.isReading ? $0.byteCount + Int64($0.turns) : nil } }

    func add(_ byteCount: Int) { state.withLock { $0.byteCount += Int64(byteCount) } }
}
