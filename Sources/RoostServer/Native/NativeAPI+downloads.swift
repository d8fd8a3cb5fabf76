import Foundation
import Hummingbird
import Roost

extension NativeAPI {
    private static let id = Operation.Parameter(
        name: "id", schema: .text(1...255, "The download's number, or its model's name with “/” written as `%2F`."))

    /// Models on their way into the store.
    var downloadRoutes: [NativeRoute] {
        [
            endpoint(
                .get, "/roost/v1/downloads", .scope(.read),
                Operation(
                    id: "listDownloads", tag: .downloads, summary: "The downloads that are not over, of all processes.",
                    answer: .json(.list(.download), "The downloads."))
            ) { request in
                try NativeJSON.response(
                    try await native.downloads.current().filter { request.context.caller.mayUse(model: $0.model) })
            },
            endpoint(
                .post, "/roost/v1/downloads", .scope(.pull),
                Operation(
                    id: "startDownload", tag: .downloads, summary: "Begin to bring a model into the store.",
                    note: "What an earlier download left is gone on with. Paths of files are not taken.",
                    body: DownloadBody.schema,
                    answer: .json(.download, "It has begun, or goes on.", status: .accepted),
                    otherAnswers: [.json(.download, "All of it is here already.")],
                    failures: [.notFound, .conflict, .noSpace])
            ) { request in
                let body = try request.required(DownloadBody.self)
                try Self.requireNoPath(body.model)
                // What it will be called decides whether the caller may have it.
                return try await about(body.name ?? body.model, for: request) {
                    let download = try await native.downloads.start(body.model, body.options)
                    return try NativeJSON.response(
                        download, status: download.state == "completed" ? .ok : .accepted)
                }
            },
            endpoint(
                .put, "/roost/v1/downloads/limit", .scope(.admin),
                Operation(
                    id: "limitDownloads", tag: .downloads,
                    summary: "Limit the rate of this server's downloads together.",
                    body: LimitBody.schema,
                    answer: .json(LimitBody.answer, "The limit that holds now."))
            ) { request in
                let limit = try request.required(LimitBody.self).bytesPerSecond
                try await manager.setBandwidthLimit(limit)
                return try NativeJSON.response(LimitBody(bytesPerSecond: limit))
            },
            endpoint(
                .get, "/roost/v1/downloads/{id}", .scope(.read),
                Operation(
                    id: "getDownload", tag: .downloads, summary: "One download.",
                    note: "One that is over is known for a while.", path: [Self.id],
                    answer: .json(.download, "The download."), failures: [.notFound])
            ) { request in
                try await withDownload(request) { try NativeJSON.response($0) }
            },
            control("pause", "pauseDownload", "Stop a download; what has landed is kept.", .pause),
            endpoint(
                .post, "/roost/v1/downloads/{id}/resume", .scope(.pull),
                Operation(
                    id: "resumeDownload", tag: .downloads, summary: "Go on with a download.",
                    note: "One that another process paused goes on there, others in this server.", path: [Self.id],
                    answer: .json(.download, "It goes on.", status: .accepted), failures: [.notFound, .conflict])
            ) { request in
                try await withDownload(request) {
                    try NativeJSON.response(try await native.downloads.resume($0.id), status: .accepted)
                }
            },
            control("cancel", "cancelDownload", "End a download and remove what has landed.", .cancel),
            endpoint(
                .put, "/roost/v1/downloads/{id}/limit", .scope(.pull),
                Operation(
                    id: "limitDownload", tag: .downloads, summary: "Limit the rate of one download.", path: [Self.id],
                    body: LimitBody.schema,
                    answer: .json(.download, "The download.", status: .accepted), failures: [.notFound])
            ) { request in
                let limit = try request.required(LimitBody.self).bytesPerSecond
                return try await withDownload(request) {
                    try NativeJSON.response(
                        try await native.downloads.send(.limit(limit), to: $0.id), status: .accepted)
                }
            },
            endpoint(
                .get, "/roost/v1/downloads/{id}/events", .scope(.read),
                Operation(
                    id: "followDownload", tag: .downloads, summary: "Follow a download to its end.",
                    note:
                        "Server-sent events `download`, the first with the present state, whatever `Last-Event-ID` says; "
                        + "after `completed`, `failed` or `cancelled` the stream ends.",
                    path: [Self.id], query: EventStream.parameters,
                    answer: .events("Events with a Download each."), failures: [.notFound])
            ) { request in
                try await withDownload(request) { try await follow($0, request) }
            },
        ]
    }

    private func control(
        _ word: String, _ id: String, _ summary: String, _ command: DownloadCommand
    ) -> NativeRoute {
        endpoint(
            .post, "/roost/v1/downloads/{id}/\(word)", .scope(.pull),
            Operation(
                id: id, tag: .downloads, summary: summary,
                note: "The process that works on it sees this within half a second.", path: [Self.id],
                answer: .json(.download, "It was told.", status: .accepted), failures: [.notFound])
        ) { request in
            try await withDownload(request) {
                try NativeJSON.response(try await native.downloads.send(command, to: $0.id), status: .accepted)
            }
        }
    }

    /// Runs `body` with the download that the path names, if the caller may know of it. Errors name no others than those
    /// of which the caller may know.
    private func withDownload(
        _ request: NativeRequest, _ body: (DownloadSummary) async throws -> Response
    ) async throws -> Response {
        let name = request.text("id") ?? ""
        let caller = request.context.caller
        do {
            guard let download = try await native.downloads.summary(name), caller.mayUse(model: download.model) else {
                throw RoostError.noDownload(name: name, running: [])
            }
            return try await body(download)
        } catch RoostError.noDownload {
            let others = try await native.downloads.current().map(\.model).filter { caller.mayUse(model: $0) }
            throw RoostError.noDownload(name: name, running: others)
        }
    }

    private func follow(_ first: DownloadSummary, _ request: NativeRequest) async throws -> Response {
        let id = first.id
        let (events, sink) = AsyncStream<EventStream.Event>.makeStream(bufferingPolicy: .bufferingNewest(64))
        let stream = native.events.stream([.downloads]) {
            if case .download(let download) = $0 { download.id == id } else { false }
        }
        native.events.note(first)
        let task = Task {
            func tell(_ download: DownloadSummary) -> Bool {
                if let event = try? EventStream.Event("download", download) { sink.yield(event) }
                return DownloadBoard.endStates.contains(download.state)
            }
            var last = first
            var isOver = tell(first)
            if !isOver {
                for await event in stream {
                    guard case .download(let download) = event, download != last else { continue }
                    last = download
                    isOver = tell(download)
                    if isOver { break }
                }
            }
            sink.finish()
        }
        sink.onTermination = { _ in task.cancel() }
        return try await EventStream.response(to: request, parts, events)
    }
}

/// `POST /roost/v1/downloads`.
private struct DownloadBody: Decodable, Sendable {
    var model: String
    var name: String?
    var quantization: String?
    var revision: String?
    var hub: String?
    var bandwidthLimit: Int64?
    var priority: Int?

    enum CodingKeys: String, CodingKey {
        case model, name, quantization, revision, hub, priority
        case bandwidthLimit = "bandwidth_limit"
    }

    static let schema = Schema.object([
        .required("model", .reference("`gemma3`, `hf.co/user/repo:Q4_K_M`, `ollama.com/library/x:tag`, an address.")),
        .wish("name", .text(1...255, "Its name in the store; the one that was asked for when left out.")),
        .wish("quantization", .text(1...40, "Which of a repository's files: `Q4_K_M`.")),
        .wish("revision", .text(1...200, "A branch, tag or commit of the repository.")),
        .wish("hub", .hub),
        .wish("bandwidth_limit", .integer(1...Schema.largestInteger, "Bytes per second for this download alone.")),
        .wish("priority", .integer(-1000...1000, "Of those that wait the higher goes first. Default 0.")),
    ])

    var options: DownloadOptions {
        var options = DownloadOptions()
        options.name = name
        options.quantization = quantization
        options.revision = revision
        options.hub = hub.map(HubIdentifier.init)
        options.bandwidthLimit = bandwidthLimit
        options.priority = priority ?? 0
        return options
    }
}

/// `PUT /roost/v1/downloads/limit`.
private struct LimitBody: Codable, Sendable {
    var bytesPerSecond: Int64?

    enum CodingKeys: String, CodingKey { case bytesPerSecond = "bytes_per_second" }

    static let schema = Schema.object([
        .required(
            "bytes_per_second", .integer(1...Schema.largestInteger, "Bytes per second; `null` is no limit.").orNull)
    ])
    static let answer = Schema.object([.optional("bytes_per_second", .count("Absent when there is no limit."))])
}
