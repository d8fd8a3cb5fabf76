import CSandbox
import Foundation
import Synchronization

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Frames over a socket, on one thread that does nothing but wait for it: what is sent from any thread is gathered and
/// written together. The same for both ends.
final class FrameChannel: Sendable {
    /// How a connection ended.
    enum End: Sendable {
        /// The other side closed it, or this one did.
        case closed
        /// It was not spoken as agreed.
        case broken(String)
    }

    /// More waiting bytes than this and senders wait, or are refused.
    static let outboxLimit = 8 << 20
    private static let readCount = 1 << 16

    private struct Outbox {
        var bytes: [UInt8] = []
        var isWoken = false
        var isClosed = false
    }

    let descriptor: Int32
    private let wakeReader: Int32
    private let wakeWriter: Int32
    private let outbox = Mutex(Outbox())
    private let room = NSCondition()

    /// Owns `descriptor` from now on.
    ///
    /// - Throws: `POSIXError`.
    init(_ descriptor: Int32) throws {
        self.descriptor = descriptor
        var ends: [Int32] = [-1, -1]
        guard roost_pipe(&ends) == 0 else { throw POSIXError(.EMFILE) }
        (wakeReader, wakeWriter) = (ends[0], ends[1])
        for end in ends + [descriptor] {
            _ = fcntl(end, F_SETFL, fcntl(end, F_GETFL) | O_NONBLOCK)
        }
    }

    deinit { for one in [descriptor, wakeReader, wakeWriter] { closeDescriptor(one) } }

    /// Sends a frame soon; waits while very much is waiting already, when `waits`.
    ///
    /// - Returns: false when it was refused, or the connection is closed.
    @discardableResult
    func send(_ frame: WorkerFrame, waits: Bool = false) -> Bool {
        while true {
            let (isTaken, isOver, wakes) = outbox.withLock { outbox -> (Bool, Bool, Bool) in
                if outbox.isClosed { return (false, true, false) }
                if !outbox.bytes.isEmpty, outbox.bytes.count + frame.payload.count > Self.outboxLimit {
                    return (false, !waits, false)
                }
                frame.write(to: &outbox.bytes)
                defer { outbox.isWoken = true }
                return (true, true, !outbox.isWoken)
            }
            if wakes { wake() }
            if isOver { return isTaken }
            room.lock()
            _ = room.wait(until: Date(timeIntervalSinceNow: 0.05))
            room.unlock()
        }
    }

    /// Ends `run`, after what was sent is written as far as the other side takes it.
    func close() {
        outbox.withLock { $0.isClosed = true }
        wake()
    }

    private func wake() { _ = [UInt8(0)].withUnsafeBytes { write(wakeWriter, $0.baseAddress, 1) } }

    /// Reads and writes until the connection ends. `also` is another descriptor, which is called when it has bytes or
    /// is at its end, and says whether it is to be watched on; `tick` is called about every `interval`.
    func run(
        interval: Duration, also: (descriptor: Int32, isReadable: () -> Bool)? = nil,
        frame handle: (WorkerFrame) throws -> Void, tick: () throws -> Void
    ) -> End {
        var reader = WorkerFrameReader()
        var (writing, written) = ([UInt8](), 0)
        var watchesOther = also != nil
        var nextTick = ContinuousClock.now
        defer { outbox.withLock { $0.isClosed = true } }
        do {
            while true {
                let now = ContinuousClock.now
                if now >= nextTick {
                    nextTick = now + interval
                    try tick()
                }
                let isClosed = outbox.withLock { outbox in
                    if written == writing.count {
                        (writing, written) = (outbox.bytes, 0)
                        outbox.bytes = []
                    }
                    outbox.isWoken = false
                    return outbox.isClosed
                }
                if written < writing.count {
                    written += try sendNow(writing, from: written)
                    room.broadcast()
                }
                if isClosed { return .closed }
                let isFull = written < writing.count
                var entries = [
                    pollfd(fd: descriptor, events: Int16(POLLIN | (isFull ? POLLOUT : 0)), revents: 0),
                    pollfd(fd: wakeReader, events: Int16(POLLIN), revents: 0),
                    pollfd(fd: watchesOther ? also?.descriptor ?? -1 : -1, events: Int16(POLLIN), revents: 0),
                ]
                let wait = max(.zero, nextTick - .now) / .milliseconds(1)
                if written == writing.count, outbox.withLock({ !$0.bytes.isEmpty }) { continue }
                guard poll(&entries, nfds_t(entries.count), Int32(min(wait.rounded(.up), 60_000))) >= 0 else {
                    if errno == EINTR { continue }
                    return .broken("poll failed: \(String(cString: strerror(errno)))")
                }
                if entries[1].revents != 0 { drainWake() }
                if entries[2].revents != 0, let also { watchesOther = also.isReadable() }
                if entries[0].revents != 0 {
                    guard try receive(into: &reader) else { return .closed }
                    while let frame = try reader.next() { try handle(frame) }
                }
            }
        } catch let error as WorkerProtocolError {
            return .broken(error.description)
        } catch is ConnectionEnd {
            return .closed
        } catch {
            return .broken("\(error)")
        }
    }

    private struct ConnectionEnd: Error {}

    private func sendNow(_ bytes: [UInt8], from start: Int) throws -> Int {
        let count = bytes.withUnsafeBytes { buffer -> Int64 in
            let rest = UnsafeRawBufferPointer(rebasing: buffer[start...])
            return roost_send(descriptor, rest.baseAddress, rest.count, nil, 0)
        }
        if count >= 0 { return Int(count) }
        if -count == Int64(EAGAIN) { return 0 }
        // What the other side said before it went is read first.
        return bytes.count - start
    }

    private func receive(into reader: inout WorkerFrameReader) throws -> Bool {
        try withUnsafeTemporaryAllocation(byteCount: Self.readCount, alignment: 16) { space in
            let count = read(descriptor, space.baseAddress, space.count)
            if count == 0 { return false }
            if count < 0 {
                if errno == EAGAIN || errno == EINTR { return true }
                throw ConnectionEnd()
            }
            reader.append(UnsafeRawBufferPointer(rebasing: space[..<count]))
            return true
        }
    }

    private func drainWake() {
        withUnsafeTemporaryAllocation(byteCount: 64, alignment: 1) { _ = read(wakeReader, $0.baseAddress, $0.count) }
    }
}

private func closeDescriptor(_ descriptor: Int32) { close(descriptor) }
