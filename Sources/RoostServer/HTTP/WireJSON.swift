import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// JSON as the server writes it: keys sorted, dates in RFC 3339 with milliseconds, slashes as they are.
enum WireJSON {
    static func data(_ value: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .custom { date, encoder in
            var container = encoder.singleValueContainer()
            try container.encode(date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true)))
        }
        return try encoder.encode(value)
    }

    /// The value on one line with `prefix` and `suffix` around it: a frame of a stream.
    static func frame(_ value: some Encodable, prefix: StaticString = "", suffix: StaticString = "\n") throws
        -> ByteBuffer
    {
        let data = try data(value)
        var buffer = ByteBuffer()
        buffer.reserveCapacity(data.count + 16)
        buffer.writeStaticString(prefix)
        buffer.writeBytes(data)
        buffer.writeStaticString(suffix)
        return buffer
    }

    /// A whole answer.
    static func response(
        _ value: some Encodable, status: HTTPResponse.Status = .ok, warning: String? = nil
    ) throws -> Response {
        var headers: HTTPFields = [.contentType: "application/json; charset=utf-8"]
        if let warning { headers[.roostWarning] = warning }
        return Response(status: status, headers: headers, body: .init(byteBuffer: try frame(value, suffix: "")))
    }
}

extension HTTPField.Name {
    /// Says what an answer did not do as asked, for people; one sentence.
    static let roostWarning = Self("X-Roost-Warning") ?? .server
}

/// A field that is written as `null` when it has no value, where clients expect the key.
struct Nullable<Value: Encodable & Sendable>: Encodable, Sendable {
    var value: Value?

    init(_ value: Value?) { self.value = value }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if let value {
            try container.encode(value)
        } else {
            try container.encodeNil()
        }
    }
}
