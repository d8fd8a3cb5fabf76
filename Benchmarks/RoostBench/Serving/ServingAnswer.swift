import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

/// When the pieces of one streamed answer came, in seconds since the request was sent.
struct ServingAnswer: Codable, Sendable {
    /// When each piece with text came.
    var pieceTimes: [Double] = []
    /// When the answer ended.
    var endTime = 0.0
    var promptTokenCount = 0
    var outputTokenCount = 0
    /// When it was sent, in seconds since the run began.
    var sentAt = 0.0

    var timeToFirstToken: Double? { pieceTimes.first }

    /// Sends `request` and reads the events of the answer.
    ///
    /// Throws `BenchError` when the server refuses or the answer is cut short.
    static func of(
        _ request: ServingRequest, from base: String, since start: ContinuousClock.Instant,
        onPiece: @Sendable (Int) -> Void = { _ in }
    ) async throws -> ServingAnswer {
        var message = HTTPClientRequest(url: base + "/v1/completions")
        message.method = .POST
        message.headers.add(name: "Content-Type", value: "application/json")
        // A connection each: llama-server closes idle ones when it likes.
        message.headers.add(name: "Connection", value: "close")
        message.body = .bytes(try JSONEncoder().encode(request))
        var answer = ServingAnswer()
        let sent = ContinuousClock.now
        answer.sentAt = (sent - start) / .seconds(1)
        let response = try await HTTPClient.shared.execute(message, timeout: .seconds(600))
        guard response.status == .ok else {
            let body = try await response.body.collect(upTo: 1 << 16)
            throw BenchError(description: "\(base) answered \(response.status.code): \(String(buffer: body))")
        }
        var rest = Data()
        for try await buffer in response.body {
            let now = (ContinuousClock.now - sent) / .seconds(1)
            rest.append(contentsOf: buffer.readableBytesView)
            while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                let line = rest[rest.startIndex..<end]
                answer.take(line, at: now, onPiece)
                rest = Data(rest[rest.index(after: end)...])
            }
        }
        answer.endTime = (ContinuousClock.now - sent) / .seconds(1)
        guard answer.outputTokenCount > 0 else {
            throw BenchError(description: "\(base) ended an answer without its usage; see its log.")
        }
        return answer
    }

    private struct Chunk: Decodable {
        struct Choice: Decodable {
            var text: String?
        }

        struct Usage: Decodable {
            var promptTokenCount: Int
            var outputTokenCount: Int

            private enum CodingKeys: String, CodingKey {
                case promptTokenCount = "prompt_tokens"
                case outputTokenCount = "completion_tokens"
            }
        }

        var choices: [Choice]
        var usage: Usage?
    }

    private mutating func take(_ line: Data, at time: Double, _ onPiece: (Int) -> Void) {
        guard line.starts(with: Data("data: {".utf8)),
            let chunk = try? JSONDecoder().decode(Chunk.self, from: line.dropFirst(6))
        else { return }
        if let usage = chunk.usage {
            promptTokenCount = usage.promptTokenCount
            outputTokenCount = usage.outputTokenCount
        }
        guard let text = chunk.choices.first?.text, !text.isEmpty else { return }
        pieceTimes.append(time)
        onPiece(pieceTimes.count)
    }
}
