import NIOCore
import NIOWebSocket

/// Makes messages of frames by the rules of RFC 6455; apart from any connection.
struct WebSocketAssembler {
    /// What a frame means.
    enum Step: Equatable {
        /// More is to come.
        case wait
        /// A whole message.
        case text(ByteBuffer)
        /// To be answered with the same bytes (section 5.5.2).
        case ping(ByteBuffer)
        case pong
        /// The client closes; `nil` without a code.
        case close(code: UInt16?)
        /// The client broke a rule: the code to close with.
        case refuse(WebSocketErrorCode, String)
    }

    let byteLimit: Int
    private var fragments: ByteBuffer?

    init(byteLimit: Int) { self.byteLimit = byteLimit }

    mutating func take(_ frame: WebSocketFrame) -> Step {
        // Extensions, which alone may use these bits, were not agreed on (5.2).
        guard !frame.rsv1, !frame.rsv2, !frame.rsv3 else { return .refuse(.protocolError, "a reserved bit is set") }
        // 5.1: a client's frames are masked.
        guard frame.maskKey != nil else { return .refuse(.protocolError, "the frame is not masked") }
        let data = frame.unmaskedData
        switch frame.opcode {
        case .text:
            guard fragments == nil else { return .refuse(.protocolError, "a message began inside another") }
            guard data.readableBytes <= byteLimit else { return tooLarge }
            if frame.fin { return whole(data) }
            fragments = data
            return .wait
        case .continuation:
            guard var message = fragments else { return .refuse(.protocolError, "there is nothing to continue") }
            guard message.readableBytes + data.readableBytes <= byteLimit else { return tooLarge }
            fragments = nil
            message.writeImmutableBuffer(data)
            if frame.fin { return whole(message) }
            fragments = message
            return .wait
        case .binary: return .refuse(.unacceptableData, "messages are JSON texts")
        case .ping: return .ping(data)
        case .pong: return .pong
        case .connectionClose: return close(data)
        default: return .refuse(.protocolError, "the frame's kind is unknown")
        }
    }

    /// The close code for what the frame decoder refused.
    static func code(for error: any Error) -> WebSocketErrorCode {
        if case NIOWebSocketError.invalidFrameLength = error { .messageTooLarge } else { .protocolError }
    }

    private var tooLarge: Step { .refuse(.messageTooLarge, "a message has at most \(byteLimit) bytes") }

    private func whole(_ message: ByteBuffer) -> Step {
        guard String(validating: message.readableBytesView, as: UTF8.self) != nil else {
            return .refuse(.dataInconsistentWithMessage, "the text is not valid UTF-8")
        }
        return .text(message)
    }

    private func close(_ data: ByteBuffer) -> Step {
        var data = data
        guard data.readableBytes > 0 else { return .close(code: nil) }
        guard let code = data.readInteger(as: UInt16.self) else {
            return .refuse(.protocolError, "the close code has one byte")
        }
        // 7.4: codes that may be on the wire.
        guard [1000...1003, 1007...1014, 3000...4999].contains(where: { $0.contains(code) }) else {
            return .refuse(.protocolError, "the close code may not be sent")
        }
        guard String(validating: data.readableBytesView, as: UTF8.self) != nil else {
            return .refuse(.dataInconsistentWithMessage, "the reason is not valid UTF-8")
        }
        return .close(code: code)
    }
}
