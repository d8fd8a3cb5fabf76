import Foundation
import NIOCore
import NIOPosix
import RoostServer

/// A WebSocket client that can also do what it should not: frames are written byte by byte.
final class TestSocket {
    struct Frame {
        let opcode: UInt8
        let data: Data

        /// The code of a close frame.
        var closeCode: Int? { data.count >= 2 ? Int(data[data.startIndex]) << 8 | Int(data[data.startIndex + 1]) : nil }
    }

    /// The server's answer to the handshake.
    let head: String
    private var iterator: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    let channel: any Channel
    private var buffer: ByteBuffer

    /// The status of the answer.
    var status: Int { Int(head.split(separator: " ").dropFirst().first ?? "") ?? 0 }

    private init(
        head: String, iterator: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator,
        outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>, channel: any Channel, buffer: ByteBuffer
    ) {
        self.head = head
        self.iterator = iterator
        self.outbound = outbound
        self.channel = channel
        self.buffer = buffer
    }

    /// The headers of a handshake.
    static let handshake = [
        "Host": "localhost", "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    ]

    /// Runs `body` with a connection to `/roost/v1/ws` whose handshake was answered.
    static func run<R>(
        _ server: TestServer, headers: [String: String?] = [:], receiveBuffer: Int? = nil,
        _ body: (TestSocket) async throws -> R
    ) async throws -> R {
        var bootstrap = ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
        if let receiveBuffer {
            bootstrap = bootstrap.channelOption(ChannelOptions.socketOption(.so_rcvbuf), value: .init(receiveBuffer))
        }
        let connected = try await bootstrap.connect(host: "127.0.0.1", port: server.running.port) { channel in
            channel.eventLoop.makeCompletedFuture {
                try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
                    wrappingChannelSynchronously: channel,
                    configuration: .init(backPressureStrategy: .init(lowWatermark: 1, highWatermark: 2)))
            }
        }
        return try await connected.executeThenClose { inbound, outbound in
            var fields = handshake
            for (name, value) in headers { fields[name] = value }
            let text =
                "GET /roost/v1/ws HTTP/1.1\r\n"
                + fields.map { "\($0.key): \($0.value)\r\n" }.sorted().joined() + "\r\n"
            try await outbound.write(ByteBuffer(string: text))
            var iterator = inbound.makeAsyncIterator()
            var buffer = ByteBuffer()
            var head = ""
            while head.isEmpty, let part = try await iterator.next() {
                buffer.writeImmutableBuffer(part)
                let text = String(buffer: buffer)
                guard let end = text.range(of: "\r\n\r\n") else { continue }
                head = String(text[..<end.upperBound])
                buffer.moveReaderIndex(forwardBy: head.utf8.count)
            }
            return try await body(
                TestSocket(
                    head: head, iterator: iterator, outbound: outbound, channel: connected.channel, buffer: buffer))
        }
    }

    // MARK: Out

    /// Sends a message.
    func send(_ text: String) async throws { try await write(0x81, Data(text.utf8)) }

    /// Sends one frame; `first` is its first byte.
    func write(_ first: UInt8, _ data: Data, isMasked: Bool = true) async throws {
        var bytes = ByteBuffer()
        bytes.writeInteger(first)
        let mask: [UInt8] = isMasked ? [1, 2, 3, 4] : []
        let flag: UInt8 = isMasked ? 0x80 : 0
        if data.count < 126 {
            bytes.writeInteger(flag | UInt8(data.count))
        } else if data.count < 65536 {
            bytes.writeInteger(flag | 126)
            bytes.writeInteger(UInt16(data.count))
        } else {
            bytes.writeInteger(flag | 127)
            bytes.writeInteger(UInt64(data.count))
        }
        bytes.writeBytes(mask)
        bytes.writeBytes(isMasked ? Data(data.enumerated().map { $1 ^ mask[$0 % 4] }) : data)
        try await outbound.write(bytes)
    }

    /// Writes bytes as they are.
    func write(raw bytes: [UInt8]) async throws { try await outbound.write(ByteBuffer(bytes: bytes)) }

    // MARK: In

    /// The next frame; `nil` when the connection has closed.
    func frame() async throws -> Frame? {
        while true {
            if let frame = parse() { return frame }
            let part: ByteBuffer?
            do { part = try await iterator.next() } catch is IOError { return nil }
            guard var part else { return nil }
            buffer.discardReadBytes()
            buffer.writeBuffer(&part)
        }
    }

    private func parse() -> Frame? {
        var bytes = buffer
        guard let first = bytes.readInteger(as: UInt8.self), let second = bytes.readInteger(as: UInt8.self) else {
            return nil
        }
        var length = Int(second)
        if second == 126 {
            guard let word = bytes.readInteger(as: UInt16.self) else { return nil }
            length = Int(word)
        } else if second == 127 {
            guard let word = bytes.readInteger(as: UInt64.self) else { return nil }
            length = Int(word)
        }
        guard let data = bytes.readBytes(length: length) else { return nil }
        buffer = bytes
        return Frame(opcode: first & 0x0F, data: Data(data))
    }

    /// The next message, pings left out.
    func message() async throws -> JSONObject {
        while let frame = try await frame() {
            switch frame.opcode {
            case 1: return try JSONObject(frame.data)
            case 9: try await write(0x8A, frame.data)
            case 8: throw TestSocketError.closed(frame.closeCode)
            default: continue
            }
        }
        throw TestSocketError.closed(nil)
    }

    /// The next message of a type; others are passed over, but for errors.
    func message(_ type: String, id: String? = nil) async throws -> JSONObject {
        while true {
            let message = try await message()
            let isMeant = id == nil || message.string("id") == id
            if message.string("type") == type, isMeant { return message }
            if message.string("type") == "error", isMeant {
                throw TestSocketError.refused(message.string("error.message") ?? "")
            }
        }
    }

    /// The code that the server closes with; `nil` when the connection just ends.
    func closeCode() async throws -> Int? {
        while let frame = try await frame() {
            if frame.opcode == 8 { return frame.closeCode }
        }
        return nil
    }

    /// A chat's text and its end.
    func answer(_ id: String) async throws -> (text: String, done: JSONObject) {
        var text = ""
        while true {
            let message = try await message()
            guard message.string("id") == id else { continue }
            switch message.string("type") {
            case "chat.delta": text += message.string("text") ?? ""
            case "chat.done": return (text, message)
            default: throw TestSocketError.refused(message.string("error.message") ?? "")
            }
        }
    }
}

enum TestSocketError: Error, Equatable {
    case closed(Int?)
    case refused(String)
}
