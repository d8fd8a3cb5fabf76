import NIOCore
import Testing

@testable import RoostServer

@Suite struct WebSocketOutboxTests {
    private func text(_ number: UInt64) -> ByteBuffer { ByteBuffer(string: "message \(number)") }

    @Test func `messages go in order and come again from where the client was`() {
        var outbox = WebSocketOutbox(keptByteLimit: 1000)
        outbox.append(reply: ByteBuffer(string: "hello"))
        for _ in 1...5 { outbox.append { text($0) } }
        #expect(outbox.take(upTo: 1).map { String(buffer: $0) } == ["hello"])
        #expect(outbox.take(upTo: 1000).count == 5)
        #expect(!outbox.hasUnsent)
        let count = outbox.rewind(to: 3) { ByteBuffer(string: "again \($0)") }
        #expect(count == 2)
        #expect(
            outbox.take(upTo: 1000).map { String(buffer: $0) } == ["again 2", "message 4", "message 5"])
    }

    @Test func `what was dropped cannot come again, what was never sent neither`() {
        var outbox = WebSocketOutbox(keptByteLimit: 25)
        for _ in 1...5 { outbox.append { text($0) } }
        _ = outbox.take(upTo: 1000)
        #expect(outbox.rewind(to: 1) { _ in ByteBuffer() } == nil)
        #expect(outbox.rewind(to: 6) { _ in ByteBuffer() } == nil)
        #expect(outbox.rewind(to: 3) { _ in ByteBuffer() } == 2)
    }

    @Test func `a message that waits is never dropped`() {
        var outbox = WebSocketOutbox(keptByteLimit: 0)
        for _ in 1...100 { outbox.append { text($0) } }
        #expect(outbox.rewind(to: 0) { _ in ByteBuffer() } == 100)
        #expect(outbox.take(upTo: 1 << 20).count == 101)
        #expect(outbox.unsentByteCount == 0)
    }
}
