import Hummingbird
import NIOCore

/// What a handler knows of a request besides its head and body.
struct RoostRequestContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// The connection it came in on.
    let channel: any Channel
    /// Who sent it; nobody until the `Authenticator` knows.
    var caller = Caller.nobody(.missing)
    /// Whether it came in on the server's Unix socket, where the file's permissions say who may call.
    var isLocalSocket = false

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        channel = source.channel
    }

    /// Watches for the client going away; `nil` on channels that the server did not set up.
    func connection() async -> ConnectionWatcher? {
        try? await channel.pipeline.handler(type: ConnectionWatcher.self).get()
    }
}
