import AsyncHTTPClient
import Foundation
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// HTTP clients by a downloader's rules: one for direct connections and one per proxy, made when first needed. They are
/// closed at the latest when nobody holds the set any more.
public final class ClientSet: Sendable {
    private struct State {
        var clients: [ProxySettings.Server?: HTTPClient] = [:]
        var isClosed = false
    }

    private let state = Mutex(State())
    private let proxy: ProxySettings
    private let connectTimeout: Duration
    private let certificates: [String]

    /// Clients by the proxy, the additional certificates and the patience of a configuration.
    public init(_ configuration: DownloaderConfiguration) {
        proxy = configuration.proxy
        connectTimeout = configuration.connectTimeout
        certificates = configuration.additionalCertificates
    }

    /// The client for an address. Reads certificate files the first time.
    /// - Throws: ``DownloadError`` for a proxy or a file of certificates that cannot be used, and after ``shutdown()``.
    public func client(for url: URL) throws -> HTTPClient {
        let server = try proxy.server(for: url)
        return try state.withLock { state in
            if state.isClosed { throw DownloadError.shutDown }
            if let client = state.clients[server] { return client }
            // The same TLS on every system: the system's own layer on Apple's does not take additional certificates.
            let client = HTTPClient(
                eventLoopGroupProvider: .shared(MultiThreadedEventLoopGroup.singleton),
                configuration: try configuration(server))
            state.clients[server] = client
            return client
        }
    }

    /// Returns when every connection is closed.
    public func shutdown() async {
        // It throws only when it was shut down before, or when connections had to be cut.
        for client in takeAll() { try? await client.shutdown() }
    }

    deinit {
        for client in takeAll() { client.shutdown { [client] _ in _ = client } }
    }

    private func takeAll() -> [HTTPClient] {
        state.withLock { state in
            state.isClosed = true
            defer { state.clients = [:] }
            return Array(state.clients.values)
        }
    }

    /// What a download needs of a client: plain HTTP/1.1 (one window per connection), redirects left to us, nothing
    /// decompressed, and more connections per host than downloads will ask for at once.
    private func configuration(_ server: ProxySettings.Server?) throws -> HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration()
        configuration.httpVersion = .http1Only
        configuration.redirectConfiguration = .disallow
        configuration.decompression = .disabled
        configuration.timeout.connect = .nanoseconds(Int64(connectTimeout.inSeconds * 1e9))
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 256
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.proxy = server?.clientProxy
        // Large reads: fewer wake-ups per byte. Memory stays bounded by connections × this.
        configuration.http1_1ConnectionDebugInitializer = { channel in
            channel.setOption(
                .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 4096, initial: 65536, maximum: 262_144))
        }
        if !certificates.isEmpty {
            var security = TLSConfiguration.makeClientConfiguration()
            security.additionalTrustRoots = try certificates.map { path in
                do {
                    return .certificates(try NIOSSLCertificate.fromPEMFile(path))
                } catch {
                    throw DownloadError.invalidCertificates(
                        path: path, reason: SourceRules.printable(String(describing: error)))
                }
            }
            configuration.tlsConfiguration = security
        }
        return configuration
    }
}

extension ProxySettings.Server {
    fileprivate var clientProxy: HTTPClient.Configuration.Proxy {
        switch kind {
        case .socks: .socksServer(host: host, port: port)
        case .http:
            .server(
                host: host, port: port,
                authorization: user.map { .basic(username: $0, password: password ?? "") })
        }
    }
}
