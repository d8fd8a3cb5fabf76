import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

/// Connections to one engine: its key goes to its own origin alone, redirects are not followed, answers are bounded.
final class EngineTransport: Sendable {
    /// The longest JSON answer that is read in one piece, in bytes: vectors of many texts are the largest.
    static let answerLimit = 256 << 20
    /// The longest list of models or refusal, in bytes.
    static let listLimit = 8 << 20

    let engine: RemoteEngine
    private let userAgent: String
    private let client = Mutex<Result<HTTPClient, EngineFailure>?>(nil)

    init(_ engine: RemoteEngine, userAgent: String) {
        self.engine = engine
        self.userAgent = userAgent
    }

    deinit {
        if case .success(let client) = client.withLock({ $0 }) { client.shutdown { [client] _ in _ = client } }
    }

    /// Closes every connection.
    func shutdown() async {
        let open: HTTPClient? = client.withLock { state in
            guard case .success(let client) = state else { return nil }
            state = .failure(.engine(reason: "Roost is shutting down"))
            return client
        }
        try? await open?.shutdown()
    }

    // MARK: Asking

    /// The JSON of an answer in one piece. Throws `EngineFailure`, `CancellationError`.
    ///
    /// - Parameter timeout: of the whole; `nil` allows the engine's silence.
    func json<Answer: Decodable>(
        _ method: HTTPMethod, _ url: String, body: [UInt8]? = nil, upTo limit: Int = answerLimit,
        timeout: Duration? = nil, as type: Answer.Type
    ) async throws -> (Answer, HTTPHeaders) {
        let (bytes, headers) = try await collected(method, url, body: body, upTo: limit, timeout: timeout)
        do {
            return (try JSONDecoder().decode(type, from: Data(bytes)), headers)
        } catch {
            throw EngineFailure.engine(reason: "its answer is not the JSON expected")
        }
    }

    /// The bytes of an answer in one piece. Throws `EngineFailure`, `CancellationError`.
    func collected(
        _ method: HTTPMethod, _ url: String, body: [UInt8]? = nil, upTo limit: Int, timeout: Duration?
    ) async throws -> ([UInt8], HTTPHeaders) {
        let ask: @Sendable () async throws -> ([UInt8], HTTPHeaders) = { [self] in
            let response = try await open(method, url, body: body, accept: "application/json")
            return (try await Self.collect(response.body, upTo: limit), response.headers)
        }
        guard let timeout else { return try await ask() }
        return try await withThrowingTaskGroup(of: ([UInt8], HTTPHeaders).self) { group in
            group.addTask { try await ask() }
            group.addTask {
                try await Task.sleep(for: timeout)
                throw EngineFailure.engine(reason: "no answer in time")
            }
            defer { group.cancelAll() }
            guard let answer = try await group.next() else { throw CancellationError() }
            return answer
        }
    }

    /// An answer whose body is still to come. Letting it go closes its connection.
    ///
    /// Throws `EngineFailure` for an answer that is no success, `CancellationError`.
    func open(
        _ method: HTTPMethod, _ url: String, body: [UInt8]? = nil, accept: String
    ) async throws -> HTTPClientResponse {
        if let problem = engine.keyProblem { throw EngineFailure.engine(reason: problem) }
        var request = HTTPClientRequest(url: url)
        request.method = method
        request.headers.add(name: "accept", value: accept)
        request.headers.add(name: "accept-encoding", value: "identity")
        request.headers.add(name: "user-agent", value: userAgent)
        if let key = engine.key { request.headers.add(name: "authorization", value: key.authorization) }
        if let body {
            request.headers.add(name: "content-type", value: "application/json")
            request.body = .bytes(ByteBuffer(bytes: body))
        }
        let response: HTTPClientResponse
        do {
            response = try await httpClient().execute(request, deadline: .distantFuture)
        } catch {
            try Task.checkCancellation()
            throw EngineFailure(error)
        }
        let status = Int(response.status.code)
        guard !(200..<300).contains(status) else { return response }
        let text = (try? await Self.collect(response.body, upTo: 64 << 10)) ?? []
        try Task.checkCancellation()
        var fault = EngineFault(body: text)
        if let key = engine.key { fault.message = key.removed(from: fault.message) }
        throw EngineFailure(
            status: status, fault: fault, retryAfter: response.headers.first(name: "retry-after"))
    }

    private static func collect(_ body: HTTPClientResponse.Body, upTo limit: Int) async throws -> [UInt8] {
        do {
            var bytes: [UInt8] = []
            for try await buffer in body {
                bytes += buffer.readableBytesView
                guard bytes.count <= limit else {
                    throw EngineFailure.engine(reason: "its answer is longer than \(limit >> 20) MiB")
                }
            }
            try Task.checkCancellation()
            return bytes
        } catch {
            try Task.checkCancellation()
            throw EngineFailure(error)
        }
    }

    // MARK: The client

    private func httpClient() throws -> HTTPClient {
        try client.withLock { state in
            if let state { return try state.get() }
            let made = Result { try makeClient() }.mapError { EngineFailure($0) }
            state = made
            return try made.get()
        }
    }

    private func makeClient() throws -> HTTPClient {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.decompression = .disabled
        configuration.timeout.connect = TimeAmount(engine.connectTimeout)
        configuration.timeout.read = TimeAmount(engine.silenceTimeout)
        // Each request that waits holds a connection: a limit here would be a second queue, which nobody sees.
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 4096
        configuration.connectionPool.retryConnectionEstablishment = false
        if let security = try security() { configuration.tlsConfiguration = security }
        // The same TLS on every system: the system's own layer on Apple's does not take additional certificates.
        return HTTPClient(
            eventLoopGroupProvider: .shared(MultiThreadedEventLoopGroup.singleton), configuration: configuration)
    }

    private func security() throws -> TLSConfiguration? {
        guard engine.certificateFile != nil || engine.clientCertificateFile != nil else { return nil }
        var security = TLSConfiguration.makeClientConfiguration()
        func read<Value>(_ file: String, _ key: String, _ body: () throws -> Value) throws -> Value {
            do {
                return try body()
            } catch {
                throw EngineFailure.engine(reason: "the file “\(file)” (\(key)) cannot be used")
            }
        }
        if let file = engine.certificateFile {
            security.additionalTrustRoots = try read(file, "ca_file") {
                [.certificates(try NIOSSLCertificate.fromPEMFile(file))]
            }
        }
        if let file = engine.clientCertificateFile, let keyFile = engine.clientKeyFile {
            security.certificateChain = try read(file, "client_certificate") {
                try NIOSSLCertificate.fromPEMFile(file).map { .certificate($0) }
            }
            security.privateKey = try read(keyFile, "client_key") {
                .privateKey(try NIOSSLPrivateKey(file: keyFile, format: .pem))
            }
        }
        return security
    }
}
