import Crypto
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import NIOWebSocket

/// The opening handshake of a WebSocket (RFC 6455, section 4.2), behind the server's guards.
enum WebSocketUpgrade {
    /// What clients may name in `Sec-WebSocket-Protocol`; it is agreed on when they do.
    static let subprotocol = "roost.v1"

    /// Answers 101 and opens the connection, or says what is wrong with the request.
    ///
    /// Throws `NativeFailure`.
    static func response(to request: NativeRequest, parts: ServerParts) async throws -> Response {
        let accept = try accept(request.request)
        let connection = WebSocketConnection(
            eventLoop: request.context.channel.eventLoop, caller: request.context.caller, parts: parts)
        let limit = connection.limits.messageByteCount
        request.context.record.upgrade(
            with: ConnectionUpgrade {
                [
                    WebSocketFrameEncoder(), ByteToMessageHandler(WebSocketFrameDecoder(maxFrameSize: limit)),
                    WebSocketHandler(connection: connection),
                ]
            } run: { upgraded in
                // The handler keeps what comes to itself: this is the connection's end.
                while try await upgraded.next() != nil {}
            })
        var headers: HTTPFields = [.upgrade: "websocket", .connection: "upgrade", .secWebSocketAccept: accept]
        if offersSubprotocol(request.request) { headers[.secWebSocketProtocol] = subprotocol }
        return Response(status: .switchingProtocols, headers: headers)
    }

    private static func accept(_ request: Request) throws -> String {
        let headers = request.headers
        guard tokens(headers[values: .upgrade]).contains("websocket"),
            tokens(headers[values: .connection]).contains("upgrade")
        else {
            throw refusal("Only a WebSocket is spoken here: send Connection: Upgrade and Upgrade: websocket.")
        }
        guard headers[values: .secWebSocketVersion] == ["13"] else {
            throw refusal("Sec-WebSocket-Version must be 13.")
        }
        guard headers[.contentLength].map({ $0 == "0" }) ?? true, headers[.transferEncoding] == nil else {
            throw NativeFailure.invalid("body", "A request for a WebSocket has no body.")
        }
        let keys = headers[values: .secWebSocketKey]
        guard keys.count == 1, let key = keys.first, Data(base64Encoded: key)?.count == 16 else {
            throw NativeFailure.invalid("Sec-WebSocket-Key", "Sec-WebSocket-Key must be 16 bytes in base64, once.")
        }
        // Section 1.3.
        let digest = Insecure.SHA1.hash(data: Data((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8))
        return Data(digest).base64EncodedString()
    }

    private static func refusal(_ message: String) -> NativeFailure {
        NativeFailure(status: .upgradeRequired, code: "upgrade_required", message: message)
    }

    private static func offersSubprotocol(_ request: Request) -> Bool {
        request.headers[values: .secWebSocketProtocol].flatMap { $0.split(separator: ",") }
            .contains { $0.trimmingCharacters(in: .whitespaces) == subprotocol }
    }

    private static func tokens(_ values: [String]) -> Set<String> {
        Set(values.flatMap { $0.split(separator: ",") }.map { $0.trimmingCharacters(in: .whitespaces).lowercased() })
    }
}
