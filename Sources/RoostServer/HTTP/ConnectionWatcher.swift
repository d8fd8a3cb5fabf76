import NIOCore
import Synchronization

/// Tells when a client goes away, also while nothing is being written to it.
///
/// The server allows half-closed connections, so that a closed input alone does not close the channel. A client that
/// closes its side while it waits for an answer has gone, as Go's and Node's servers see it too.
final class ConnectionWatcher: ChannelInboundHandler, RemovableChannelHandler, Sendable {
    /// Nothing is unwrapped here: parts pass as they are.
    typealias InboundIn = Never

    private struct State {
        var isClosed = false
        var nextObserver = 0
        var observers: [Int: @Sendable () -> Void] = [:]
    }

    private let state = Mutex(State())

    /// Calls `action` once when the client goes away; at once when it has gone already. Returns the number to
    /// `forget` it by.
    func onClose(_ action: @escaping @Sendable () -> Void) -> Int {
        let (number, isClosed) = state.withLock { state in
            state.nextObserver += 1
            if !state.isClosed { state.observers[state.nextObserver] = action }
            return (state.nextObserver, state.isClosed)
        }
        if isClosed { action() }
        return number
    }

    /// Calls the action no more.
    func forget(_ observer: Int) {
        state.withLock { _ = $0.observers.removeValue(forKey: observer) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed? = event as? ChannelEvent { close() }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        close()
        context.fireChannelInactive()
    }

    private func close() {
        let observers = state.withLock { state in
            state.isClosed = true
            defer { state.observers = [:] }
            return state.observers.values.map { $0 }
        }
        for observer in observers { observer() }
    }
}
