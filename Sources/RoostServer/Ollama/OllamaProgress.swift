import HTTPTypes
import Hummingbird
import NIOCore
import Roost
import Synchronization

/// A line of `/api/pull` and `/api/create`: what is done, and how much of it.
struct OllamaStatus: Encodable, Sendable, Hashable {
    var status: String
    var digest: String?
    var total: Int64?
    var completed: Int64?

    static let success = OllamaStatus(status: "success")
}

/// The lines of some work that are not written yet. One that reads slowly gets the newest line of each thing, so that
/// they never become many.
final class OllamaStatusFeed: Sendable {
    private struct State {
        var lines: [OllamaStatus] = []
        var end: Result<Void, APIError>?
    }

    /// What is to be written next.
    enum Next: Sendable {
        case lines([OllamaStatus])
        case end(APIError?)
    }

    private let state = Mutex(State())
    private let changes: AsyncStream<Void>
    private let sink: AsyncStream<Void>.Continuation

    init() { (changes, sink) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1)) }

    /// Says one more thing, or the newer state of one.
    func tell(_ line: OllamaStatus) {
        state.withLock { state in
            if let last = state.lines.lastIndex(where: { $0.status == line.status }) {
                state.lines[last] = line
            } else {
                state.lines.append(line)
            }
        }
        sink.yield()
    }

    /// Nothing more comes; the first end counts.
    func finish(_ error: APIError?) {
        state.withLock { state in
            guard state.end == nil else { return }
            state.end = error.map { .failure($0) } ?? .success(())
        }
        sink.yield()
    }

    /// Waits for more; the end when there is nothing else. For one reader.
    func next() async -> Next {
        for await _ in changes {
            let next: Next? = state.withLock { state in
                if !state.lines.isEmpty {
                    defer { state.lines = [] }
                    // Another look for what may have ended meanwhile.
                    sink.yield()
                    return .lines(state.lines)
                }
                switch state.end {
                case nil: return nil
                case .success: return .end(nil)
                case .failure(let error): return .end(error)
                }
            }
            if let next { return next }
        }
        return .end(.unavailable("The request was cancelled."))
    }
}

extension OllamaDialect {
    /// Answers with the lines of `work` as it goes on, or without `stream` with the last one. When the client goes away
    /// or the server stops, the work is cancelled.
    func progressResponse(
        stream: Bool?, warning: String? = nil, for context: RoostRequestContext,
        _ work: @escaping @Sendable (OllamaStatusFeed) async throws -> Void
    ) async throws -> Response {
        let feed = OllamaStatusFeed()
        let task = Task {
            do {
                try await work(feed)
                feed.tell(.success)
                feed.finish(nil)
            } catch {
                feed.finish(APIError(error))
            }
        }
        let interrupt: @Sendable (APIError) -> Void = { error in
            feed.finish(error)
            task.cancel()
        }
        let number: Int
        do {
            number = try parts.active.add(for: context.caller, interrupt)
        } catch {
            task.cancel()
            throw error
        }
        let connection = await context.connection()
        let observer = connection?.onClose { interrupt(.unavailable("The client closed the connection.")) }
        let release: @Sendable () -> Void = { [active = parts.active] in
            task.cancel()
            active.remove(number)
            if let observer { connection?.forget(observer) }
        }
        guard stream ?? true else {
            defer { release() }
            var last = OllamaStatus.success
            while true {
                switch await feed.next() {
                case .lines(let lines): last = lines.last ?? last
                case .end(let error?): throw error
                case .end(nil): return try WireJSON.response(last, warning: warning)
                }
            }
        }
        var headers: HTTPFields = [.contentType: OllamaFrames.contentType, .cacheControl: "no-cache"]
        if let warning { headers[.roostWarning] = warning }
        return Response(
            status: .ok, headers: headers,
            body: ResponseBody { writer in
                defer { release() }
                reading: while true {
                    switch await feed.next() {
                    case .lines(let lines): for line in lines { try await writer.write(WireJSON.frame(line)) }
                    case .end(let error?):
                        try await writer.write(WireJSON.frame(OllamaError(error: error.message)))
                        break reading
                    case .end(nil): break reading
                    }
                }
                try await writer.finish(nil)
            })
    }
}
