import Foundation
import Hummingbird
import Roost

extension NativeAPI {
    /// What happens, as it happens.
    var eventRoutes: [NativeRoute] {
        [
            endpoint(
                .get, "/roost/v1/events", .scope(.read),
                Operation(
                    id: "followEvents", tag: .events, summary: "Follow what happens.",
                    note: "Server-sent events: `download`, `loaded`, `health`, and of `events` `health_began`, "
                        + "`health_ended`, `load_retreat` and `engine`. It begins with the present state of downloads, loaded "
                        + "models and health, whatever `Last-Event-ID` says.",
                    query: [
                        .init(
                            name: "topic", schema: .choice(of: EventTopic.self, "Only these; all when left out."),
                            isRepeated: true)
                    ] + EventStream.parameters,
                    answer: .events("Events with JSON each."))
            ) { request in
                let chosen = Set(request.texts("topic").compactMap(EventTopic.init))
                return try await follow(chosen.isEmpty ? Set(EventTopic.allCases) : chosen, request)
            },
            endpoint(
                .get, "/roost/v1/ws", .scope(.infer),
                Operation(
                    id: "openSocket", tag: .events,
                    summary: "A WebSocket for chats, downloads and events on one connection.",
                    note:
                        "Messages are JSON texts, described in Documentation/API.md. `subscribe` needs the scope `read`.",
                    answer: Operation.Answer(
                        status: .switchingProtocols, note: "The WebSocket is open.", contents: []),
                    failures: [.badRequest, .upgradeRequired])
            ) { request in
                try await WebSocketUpgrade.response(to: request, parts: parts)
            },
        ]
    }

    private func follow(_ topics: Set<EventTopic>, _ request: NativeRequest) async throws -> Response {
        let stream = native.events.stream(topics)
        let caller = request.context.caller
        let (events, sink) = AsyncStream<EventStream.Event>.makeStream(bufferingPolicy: .bufferingNewest(256))
        let task = Task {
            for await event in stream {
                if let event = event.seen(by: caller), let data = try? event.data() {
                    sink.yield(EventStream.Event(event.name, data: data))
                }
            }
            sink.finish()
        }
        sink.onTermination = { _ in task.cancel() }
        return try await EventStream.response(to: request, parts, events)
    }
}
