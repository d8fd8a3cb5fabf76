import Hummingbird
import NIOCore
import NIOHTTPTypes
import Synchronization

/// The parts of a connection's requests, in order. One task reads at a time: the one that looks for the next request,
/// and between two of those whoever has the request reads its body.
final class RequestParts: @unchecked Sendable {
    typealias Iterator = NIOAsyncChannelInboundStream<HTTPRequestPart>.AsyncIterator

    // Sound because of the order above: a body ends with its request, see `Body`.
    private var iterator: Iterator
    private var hasBodyEnded = true
    /// The request whose body may be read now.
    private let current = Atomic<Int>(0)

    init(_ iterator: Iterator) { self.iterator = iterator }

    private func next() async throws -> HTTPRequestPart? {
        var iterator = iterator
        return try await iterator.next()
    }

    /// The next request's head; what is left of the one before is dropped. `nil` when no more come, or when too much
    /// would have to be dropped.
    func nextHead() async throws -> HTTPRequest? {
        current.add(1, ordering: .relaxed)
        var discarded = 0
        while let part = try await next() {
            switch part {
            case .head(let head):
                hasBodyEnded = false
                return head
            case .body(let buffer):
                discarded += buffer.readableBytes
                if discarded > 2 * ConnectionLimits.discardedByteCount { return nil }
            case .end: hasBodyEnded = true
            }
        }
        return nil
    }

    /// The body of the request whose head was read last.
    var body: RequestBody {
        RequestBody(asyncSequence: Body(parts: self, request: current.load(ordering: .relaxed)))
    }

    fileprivate func nextOfBody(_ request: Int) async throws -> ByteBuffer? {
        guard !hasBodyEnded, current.load(ordering: .relaxed) == request else { return nil }
        switch try await next() {
        case .body(let buffer): return buffer
        case .end:
            hasBodyEnded = true
            return nil
        case .head, nil: throw ChannelError.inputClosed
        }
    }

    /// The next bytes of a connection that no longer speaks HTTP.
    func nextBuffer() async throws -> ByteBuffer? {
        while let part = try await next() {
            if case .body(let buffer) = part { return buffer }
        }
        return nil
    }

    /// Reads until the client closes its side.
    func drain() async throws {
        while try await next() != nil {}
    }

    private struct Body: AsyncSequence, Sendable {
        let parts: RequestParts
        let request: Int

        func makeAsyncIterator() -> Iterator { Iterator(body: self) }

        struct Iterator: AsyncIteratorProtocol {
            let body: Body

            mutating func next() async throws -> ByteBuffer? { try await body.parts.nextOfBody(body.request) }
        }
    }
}
