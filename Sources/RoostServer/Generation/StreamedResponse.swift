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
    /// More text.
    func text(_ text: String) throws -> ByteBuffer
    /// The end of a generation that succeeded.
    func finished(_ result: GenerationResult) throws -> [ByteBuffer]
    /// The end of one that did not.
    func failed(_ error: APIError) throws -> [ByteBuffer]
}

extension StreamFrames {
    func opening() throws -> [ByteBuffer] { [] }
}

extension StartedGeneration {
    /// An answer that is written as the text comes. It always ends with a whole frame: the result, or an error.
    func response(framedBy frames: some StreamFrames) -> Response {
        var headers: HTTPFields = [.contentType: type(of: frames).contentType, .cacheControl: "no-cache"]
        if let warning { headers[.roostWarning] = warning }
        let body = ResponseBody { writer in
            defer { cancel() }
            try await writer.write(contentsOf: frames.opening())
            var iterator = events.makeAsyncIterator()
            var last: [ByteBuffer]?
            while last == nil {
                let event: GenerationEvent?
                do {
                    // A client that reads slowly may have much to read yet.
                    if let error = interruption.error { throw error }
                    event = try await iterator.next()
                } catch {
                    last = try frames.failed(APIError(error, model: job.model))
                    break
                }
                switch event {
                case .queued, .promptProgress: continue
                case .delta(let delta):
                    if !delta.text.isEmpty { try await writer.write(frames.text(delta.text)) }
                case .finished(let result): last = try frames.finished(result)
                case nil: last = try frames.failed(.unavailable("The request was cancelled."))
                }
            }
            try await writer.write(contentsOf: last ?? [])
            try await writer.finish(nil)
        }
        return Response(status: .ok, headers: headers, body: body)
    }
}
