import HTTPTypes
import Hummingbird
import NIOCore
import Roost

/// How a dialect writes a generation piece by piece.
protocol StreamFrames: Sendable {
    /// The media type of the stream.
    static var contentType: String { get }
    /// What comes before any text.
    func opening() throws -> [ByteBuffer]
    /// While the request waits or its prompt is computed: a sign of life, where the dialect has one.
    func waiting() throws -> [ByteBuffer]
    /// More of a choice.
    func delta(_ delta: GenerationDelta) throws -> [ByteBuffer]
    /// The end of one choice while others go on.
    func ended(_ result: GenerationResult) throws -> [ByteBuffer]
    /// The end of all: each choice's result, by its number. The last was not given to `ended`.
    func finished(_ results: [GenerationResult], last: GenerationResult) throws -> [ByteBuffer]
    /// The end of a generation that did not succeed.
    func failed(_ error: APIError) throws -> [ByteBuffer]
}

extension StreamFrames {
    func opening() throws -> [ByteBuffer] { [] }
    func waiting() throws -> [ByteBuffer] { [] }
    func ended(_ result: GenerationResult) throws -> [ByteBuffer] { [] }
}

extension StartedGeneration {
    /// An answer that is written as it comes. It always ends with a whole frame: the result, or an error.
    func response(framedBy frames: some StreamFrames) -> Response {
        var headers: HTTPFields = [.contentType: type(of: frames).contentType, .cacheControl: "no-cache"]
        if let warning { headers[.roostWarning] = warning }
        let body = ResponseBody { writer in
            defer { cancel() }
            try await writer.write(contentsOf: frames.opening())
            var iterator = events.makeAsyncIterator()
            var results: [GenerationResult] = []
            var last: [ByteBuffer]?
            while last == nil {
                let events: [GenerationEvent]
                do {
                    // A client that reads slowly may have much to read yet.
                    if let error = interruption.error { throw error }
                    guard let batch = try await iterator.nextBatch() else {
                        throw APIError.unavailable("The request was cancelled.")
                    }
                    events = batch
                } catch {
                    last = try frames.failed(APIError(error, model: job.model))
                    break
                }
                var buffers: [ByteBuffer] = []
                for event in events where last == nil {
                    switch event {
                    case .queued, .promptProgress: buffers += try frames.waiting()
                    case .delta(let delta): buffers += try frames.delta(delta)
                    case .finished(let result):
                        results.append(result)
                        if results.count < job.request.choiceCount {
                            buffers += try frames.ended(result)
                        } else {
                            last = try frames.finished(results.sorted { $0.choice < $1.choice }, last: result)
                        }
                    }
                }
                // What came together goes together: one call of the system for all.
                if !buffers.isEmpty { try await writer.write(contentsOf: buffers) }
            }
            try await writer.write(contentsOf: last ?? [])
            try await writer.finish(nil)
        }
        return Response(status: .ok, headers: headers, body: body)
    }
}
