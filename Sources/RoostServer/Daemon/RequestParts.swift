import Hummingbird
import NIOCore
import NIOHTTPTypes
import Synchronization

/// The parts of a connection's requests, in order. One task reads at a time: the one that looks for the next request,
/// and between two of those whoever has the request reads its body. Who comes while another reads is refused.
final class RequestParts: @unchecked Sendable {  // sound: `state` gives the iterator to one task at a time, see `next`
    typealias Iterator = NIOAsyncChannelInboundStream<HTTPRequestPart>.AsyncIterator

    private struct State {
        var isBeingRead = false
        var hasBodyEnded = true
        /// The request whose body may be read now.
        var current = 0
    }

    private let iterator: Iterator
    private let state = Mutex(State())

    init(_ iterator: Iterator) { self.iterator = iterator }

    /// The next part. Throws `ChannelError.inappropriateOperationForState` when another task reads: a request's body
    /// went to one that outlived its request.
    private func next() async throws -> HTTPRequestPart? {
        let isMine = state.withLock { state in
            defer { state.isBeingRead = true }
            return !state.isBeingRead
        }
        guard isMine else { throw ChannelError.inappropriateOperationForState }
        defer { state.withLock { $0.isBeingRead = false } }
        var iterator = iterator
        return try await iterator.next()
    }

    /// The next request's head; what is left of the one before is dropped. `nil` when no more come, or when too much
    /// would have to be dropped.
    func nextHead() async throws -> HTTPRequest? {
        state.withLock { $0.current += 1 }
        var discarded = 0
        while let part = try await next() {
            switch part {
            case .head(let head):
                state.withLock { $0.hasBodyEnded = false }
                return head
            case .body(let buffer):
                discarded += buffer.readableBytes
                if discarded > 2 * ConnectionLimits.discardedByteCount { return nil }
            case .end: state.withLock { $0.hasBodyEnded = true }
            }
        }
        return nil
    }

    /// The body of the request whose head was read last.
    var body: RequestBody {
        RequestBody(asyncSequence: Body(parts: self, request: state.withLock { $0.current }))
    }

    fileprivate func nextOfBody(_ request: Int) async throws -> ByteBuffer? {
        guard state.withLock({ !$0.hasBodyEnded && $0.current == request }) else { return nil }
        switch try await next() {
        case .body(let buffer): return buffer
        case .end:
            state.withLock { $0.hasBodyEnded = true }
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
