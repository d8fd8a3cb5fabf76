import Hummingbird
import NIOCore

/// What a handler knows of a request besides its head and body.
struct RoostRequestContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// The connection it came in on.
    let channel: any Channel
    /// Who sent it.
    var caller = Caller.owner
    /// Set when the request asked to keep the chat.
    var saving: SavingWish?

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        channel = source.channel
    }

    /// Watches for the client going away; `nil` on channels that the server did not set up.
    func connection() async -> ConnectionWatcher? {
        try? await channel.pipeline.handler(type: ConnectionWatcher.self).get()
    }
}
