import NIOCore

/// The messages of a session to its client: those that wait, and the last that were sent.
struct WebSocketOutbox: Sendable {
    private struct Item {
        /// `nil` for a reply that means nothing to a later connection.
        let number: UInt64?
        let text: ByteBuffer
    }

    /// Bytes of sent messages that are kept.
    let keptByteLimit: Int
    private var items = CircularBuffer<Item>()
    private var sentCount = 0
    private var sentByteCount = 0
    /// Bytes that wait.
    private(set) var unsentByteCount = 0
    /// The number of the newest numbered message; 0 before the first.
    private(set) var lastNumber: UInt64 = 0

    init(keptByteLimit: Int) { self.keptByteLimit = keptByteLimit }

    var hasUnsent: Bool { sentCount < items.count }

    /// Adds a message that carries its number.
    mutating func append(_ make: (UInt64) throws -> ByteBuffer) rethrows {
        let text = try make(lastNumber + 1)
        lastNumber += 1
        add(Item(number: lastNumber, text: text))
    }

    /// Adds a reply without a number.
    mutating func append(reply text: ByteBuffer) { add(Item(number: nil, text: text)) }

    private mutating func add(_ item: Item) {
        items.append(item)
        unsentByteCount += item.text.readableBytes
    }

    /// Messages to send now, in order: at least one when there is one, no more than `byteCount` bytes with several.
    mutating func take(upTo byteCount: Int) -> [ByteBuffer] {
        var taken: [ByteBuffer] = []
        var size = 0
        while sentCount < items.count {
            let text = items[items.index(items.startIndex, offsetBy: sentCount)].text
            if !taken.isEmpty, size + text.readableBytes > byteCount { break }
            size += text.readableBytes
            taken.append(text)
            sentCount += 1
        }
        unsentByteCount -= size
        sentByteCount += size
        while sentByteCount > keptByteLimit, sentCount > 0, let first = items.popFirst() {
            sentCount -= 1
            sentByteCount -= first.text.readableBytes
        }
        return taken
    }

    /// Makes everything after a number wait again, behind a greeting. Replies to an earlier connection are dropped.
    ///
    /// Returns how many messages are sent again; `nil`, with nothing changed, when they are not all there.
    mutating func rewind(to number: UInt64, greeting: (Int) throws -> ByteBuffer) rethrows -> Int? {
        guard number <= lastNumber else { return nil }
        let missed = items.filter { ($0.number ?? 0) > number }
        guard UInt64(missed.count) == lastNumber - number else { return nil }
        let greeting = try greeting(missed.count)
        items = CircularBuffer()
        (sentCount, sentByteCount, unsentByteCount) = (0, 0, 0)
        append(reply: greeting)
        for item in missed { add(item) }
        return missed.count
    }
}
