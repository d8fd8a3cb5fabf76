import HTTPTypes
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import NIOSSL

/// Makes a connection that was accepted into one that speaks HTTP/1.1, within limits, encrypted or not, and serves it.
///
/// The way in: TLS, `ByteGate`, the HTTP parser, `ConnectionState`, the types of swift-http-types,
/// `RepeatedRequestHandler`, `ConnectionWatcher`.
struct ServerChannel: Sendable {
    typealias Parts = NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>
    typealias Outbound = NIOAsyncChannelOutboundWriter<HTTPResponsePart>
    typealias Codec = HTTP1ToHTTPServerCodec

    let limits: ConnectionLimits
    /// Who it says it is; `nil` for connections that are not encrypted.
    let identity: TLSIdentity?
    let connections: OpenConnections
    let exchange: RequestExchange

    /// Sets a channel up on its event loop, and serves it in a task of its own.
    func open(_ channel: any Channel) -> EventLoopFuture<Void> {
        guard let number = connections.admit(channel) else { return refuse(channel) }
        return channel.eventLoop.makeCompletedFuture {
            let watcher = ConnectionWatcher()
            let parts = try makePipeline(channel, watcher)
            // The task owns the channel from here on: whatever happens, it is gone through to its end.
            connections.serve(number, channel) { await exchange.serve(parts, watcher: watcher) }
        }.flatMapErrorThrowing { error in
            connections.remove(number)
            throw error
        }
    }

    private func makePipeline(_ channel: any Channel, _ watcher: ConnectionWatcher) throws -> Parts {
        let pipeline = channel.pipeline.syncOperations
        if let identity { try pipeline.addHandler(NIOSSLServerHandler(context: identity.context)) }
        let state = ConnectionState(limits: limits)
        // The request's line is not among the headers that the parser counts.
        try pipeline.addHandler(ByteGate(state: state, limit: 2 * limits.headByteCount))
        var decoderLimits = NIOHTTPDecoderLimitConfiguration()
        decoderLimits.maxHeaderFieldSize = limits.headByteCount
        decoderLimits.maxHeaderListSize = limits.headByteCount
        decoderLimits.maxHeaderFieldCount = limits.headerCount
        try pipeline.addHandlers([
            HTTPResponseEncoder(),
            ByteToMessageHandler(
                HTTPRequestDecoder(leftOverBytesStrategy: .forwardBytes, limitConfiguration: decoderLimits)),
        ])
        try pipeline.addHandler(state)
        try pipeline.addHandlers([
            Codec(secure: identity != nil),
            RepeatedRequestHandler(exchange: exchange, state: state, isLocalSocket: channel.isLocalSocket),
            watcher,
        ])
        return try Parts(
            wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true))
    }

    /// Says that there are too many connections, where it can be said without a handshake.
    private func refuse(_ channel: any Channel) -> EventLoopFuture<Void> {
        guard identity == nil else { return channel.close() }
        return channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(RefusalHandler())
        }
    }
}
