import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import RoostServer

/// Speaks to the Roost server of this home directory over HTTP.
///
///     guard let server = await ServerClient.running(home: configuration.homeDirectory) else { … }
///     for try await line in server.lines(.post, "/api/generate", body: request) { … }
struct ServerClient: Sendable {
    /// The methods that the server's API has.
    enum Method: String, Sendable {
        case get = "GET"
        case post = "POST"
        case delete = "DELETE"
    }

    /// What the server says of itself.
    let server: RunningServer

    /// The server that runs for `home`: its record names a living process, and `/api/version` answers within ten
    /// seconds, for a machine may be busy; where nobody listens is known at once. `nil` when there is none.
    static func running(home: URL) async -> ServerClient? {
        guard let record = RunningServer.recorded(inHome: home), record.isAlive else { return nil }
        let client = ServerClient(server: record)
        let version: Version? = try? await client.json(.get, "/api/version", timeout: .seconds(10))
        return version == nil ? nil : client
    }

    /// One JSON answer.
    ///
    /// Throws `ServerClientError` with the server's own sentence when it refuses, or when it cannot be reached.
    func json<Answer: Decodable>(
        _ method: Method, _ path: String, body: (some Encodable & Sendable)? = String?.none,
        timeout: Duration = .seconds(3600)
    ) async throws -> Answer {
        let response = try await send(method, path, body: body, timeout: timeout)
        let buffer: ByteBuffer
        do {
            buffer = try await response.body.collect(upTo: Self.maximumAnswerByteCount)
        } catch {
            throw unreachable(error)
        }
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .custom(Self.date)
        do {
            return try decoder.decode(Answer.self, from: Data(buffer.readableBytesView))
        } catch {
            throw ServerClientError.unexpectedAnswer(path: path, reason: "\(error)")
        }
    }

    /// The lines of a streamed answer (NDJSON), without the line feeds. Ending the iteration closes the connection,
    /// which ends the work on the server.
    ///
    /// The stream throws `ServerClientError` with the server's own sentence when it refuses, when a line is an error,
    /// and when the connection breaks.
    func lines(
        _ method: Method, _ path: String, body: (some Encodable & Sendable)? = String?.none
    ) -> AsyncThrowingStream<Data, any Error> {
        AsyncThrowingStream { continuation in
            let task = Task {
                do {
                    let response = try await send(method, path, body: body, timeout: .seconds(24 * 3600))
                    try await forward(response, to: continuation)
                    continuation.finish()
                } catch let error where error is ServerClientError || error is CancellationError {
                    continuation.finish(throwing: error)
                } catch {
                    continuation.finish(throwing: unreachable(error))
                }
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }

    private func forward(
        _ response: HTTPClientResponse, to continuation: AsyncThrowingStream<Data, any Error>.Continuation
    ) async throws {
        var pending = ByteBuffer()
        for try await chunk in response.body {
            pending.writeImmutableBuffer(chunk)
            while let end = pending.readableBytesView.firstIndex(of: UInt8(ascii: "\n")) {
                let count = end - pending.readableBytesView.startIndex
                let line = Data(pending.readBytes(length: count) ?? [])
                pending.moveReaderIndex(forwardBy: 1)
                if !line.isEmpty { try yield(line, to: continuation) }
            }
            pending.discardReadBytes()
        }
        if pending.readableBytes > 0 { try yield(Data(pending.readableBytesView), to: continuation) }
    }

    private func yield(_ line: Data, to continuation: AsyncThrowingStream<Data, any Error>.Continuation) throws {
        if let failure = try? JSONDecoder().decode(Failure.self, from: line) {
            throw ServerClientError.refused(status: nil, message: failure.error)
        }
        continuation.yield(line)
    }

    /// Where requests go: over TCP, or where that is encrypted (by a certificate for other names, as a rule) through the
    /// socket of this person's processes.
    private var base: String {
        guard server.isEncrypted == true, let socket = server.socket,
            let path = socket.addingPercentEncoding(withAllowedCharacters: .alphanumerics)
        else { return server.baseURL }
        return "http+unix://\(path)"
    }

    private func send(
        _ method: Method, _ path: String, body: (some Encodable & Sendable)?, timeout: Duration
    ) async throws -> HTTPClientResponse {
        var request = HTTPClientRequest(url: base + path)
        request.method = HTTPMethod(rawValue: method.rawValue)
        request.headers.add(name: "Host", value: "localhost:\(server.port)")
        if let token = server.token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
        if let body {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(ByteBuffer(bytes: try JSONEncoder().encode(body)))
        }
        let response: HTTPClientResponse
        do {
            response = try await HTTPClient.shared.execute(
                request, timeout: .seconds(timeout.components.seconds))
        } catch let error as CancellationError {
            throw error
        } catch {
            throw unreachable(error)
        }
        guard (200..<300).contains(response.status.code) else {
            let buffer = try? await response.body.collect(upTo: 1 << 20)
            let failure = buffer.flatMap {
                try? JSONDecoder().decode(Failure.self, from: Data($0.readableBytesView))
            }
            throw ServerClientError.refused(
                status: Int(response.status.code),
                message: failure?.error ?? "The server answered \(response.status) to \(path).")
        }
        return response
    }

    private func unreachable(_ error: any Error) -> any Error {
        error is CancellationError
            ? error : ServerClientError.unreachable(address: server.baseURL, reason: "\(error)")
    }

    private static let maximumAnswerByteCount = 64 << 20

    private static func date(from decoder: any Decoder) throws -> Date {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        let fractional = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        if let date = (try? fractional.parse(text)) ?? (try? Date.ISO8601FormatStyle().parse(text)) { return date }
        throw DecodingError.dataCorruptedError(in: container, debugDescription: "“\(text)” is not a time.")
    }

    /// An error in the form of Ollama's API, or of Roost's own.
    private struct Failure: Decodable {
        let error: String

        private enum CodingKeys: CodingKey { case error }
        private struct Detail: Decodable { let message: String }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            if let detail = try? container.decode(Detail.self, forKey: .error) {
                error = detail.message
            } else {
                error = try container.decode(String.self, forKey: .error)
            }
        }
    }

    private struct Version: Decodable {
        let version: String
    }
}

/// What can go wrong with a server that was found.
enum ServerClientError: Error, CustomStringConvertible {
    /// It answered with an error; `status` is `nil` when the error came in a stream.
    case refused(status: Int?, message: String)
    /// The connection failed or broke.
    case unreachable(address: String, reason: String)
    /// It answered something else than its API says.
    case unexpectedAnswer(path: String, reason: String)

    var description: String {
        switch self {
        case .refused(_, let message): message
        case .unreachable(let address, let reason):
            "The server at \(address) stopped answering (\(reason)); see whether it still runs with “roost ps”."
        case .unexpectedAnswer(let path, let reason):
            "The server's answer to \(path) cannot be read (\(reason)); restart it if it is of another version."
        }
    }
}
