import Hummingbird
import NIOCore

/// What a handler knows of a request besides its head and body.
struct RoostRequestContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// The connection it came in on.
    let channel: any Channel
    /// Who sent it; nobody until the `Authenticator` knows.
    var caller = Caller.nobody(.missing)
    /// Whether it came over the Unix socket, which only this person's processes can open: the file's permissions say
    /// who may call.
    let isLocalSocket: Bool
    /// Its id, and what is found out about it.
    var record = RequestRecord()
    /// Set when the request asked to keep the chat.
    var saving: SavingWish?
    /// Tells when the client goes away; the server sets it.
    var watcher: ConnectionWatcher?

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        channel = source.channel
        isLocalSocket = source.channel.isLocalSocket
    }

    /// Watches for the client going away; `nil` on channels that the server did not set up.
    func connection() async -> ConnectionWatcher? { watcher }
}

extension Channel {
    /// Whether it is a connection over a Unix socket.
    var isLocalSocket: Bool { if case .unixDomainSocket? = localAddress { true } else { false } }
}
