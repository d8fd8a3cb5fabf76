import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// Reads request bodies within limits, and says which field is wrong when one is.
struct RequestReader: Sendable {
    let maximumByteCount: Int
    let maximumDepth: Int

    init(configuration: RoostServerConfiguration) {
        maximumByteCount = configuration.maximumBodyByteCount
        maximumDepth = configuration.maximumJSONDepth
    }

    /// Decodes the JSON body of `request`, whatever its content type says, as Ollama does.
    ///
    /// Throws `APIError.invalidRequest`, `.bodyTooLarge` or `.bodyUnreadable`.
    func decode<Body: Decodable>(_ type: Body.Type, from request: Request) async throws -> Body {
        guard let data = try await jsonBody(of: request) else {
            throw APIError.invalidRequest("missing request body")
        }
        return try Self.decode(type, from: data)
    }

    /// The body of `request`, nested no deeper than is allowed; `nil` when there is none.
    ///
    /// Throws `APIError.invalidRequest`, `.bodyTooLarge` or `.bodyUnreadable`.
    func jsonBody(of request: Request) async throws -> Data? {
        let data = try await body(of: request)
        guard data.contains(where: { !$0.isJSONWhitespace }) else { return nil }
        if JSONDepth.of(data, exceeds: maximumDepth) {
            throw APIError.invalidRequest("The request body nests deeper than \(maximumDepth) levels.")
        }
        return data
    }

    /// Decodes a JSON text. Throws `APIError.invalidRequest` that names the field.
    static func decode<Body: Decodable>(_ type: Body.Type, from data: Data) throws -> Body {
        do {
            return try decoder(of: data).decode(type, from: data)
        } catch let error as DecodingError {
            throw outOfRange(type, error, in: data) ?? invalidRequest(error)
        }
    }

    private static func decoder(of data: Data) -> JSONDecoder {
        let decoder = JSONDecoder()
        if let key = CodingUserInfoKey.jsonOutline { decoder.userInfo[key] = JSONOutline(data) }
        return decoder
    }

    /// A number that a field cannot hold: the parser tells it without the field, which is the one whose number, put to
    /// zero, makes the text be read further.
    private static func outOfRange<Body: Decodable>(
        _ type: Body.Type, _ error: DecodingError, in data: Data
    ) -> APIError? {
        // The text is read again for each number: only of a small one is this worth its time.
        guard isNamelessFault(error), data.count <= 64 << 10 else { return nil }
        let bytes = Array(data)
        for candidate in NamedNumbers(bytes).prefix(64) {
            let other = Data(bytes[..<candidate.range.lowerBound] + "0".utf8 + bytes[candidate.range.upperBound...])
            do {
                _ = try decoder(of: other).decode(type, from: other)
            } catch let error as DecodingError where isNamelessFault(error) {
                continue
            } catch {}
            let digits = String(decoding: bytes[candidate.range].prefix(40), as: UTF8.self)
            let number = candidate.range.count > 40 ? digits + "…" : digits
            return .invalidRequest(
                "\(candidate.field) is \(number), but must be a whole number that is not out of range.",
                parameter: candidate.field)
        }
        return nil
    }

    private static func isNamelessFault(_ error: DecodingError) -> Bool {
        if case .dataCorrupted(let context) = error { context.codingPath.isEmpty } else { false }
    }

    private func body(of request: Request) async throws -> Data {
        if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > maximumByteCount {
            throw APIError.bodyTooLarge(limit: maximumByteCount)
        }
        do {
            let buffer = try await request.body.collect(upTo: maximumByteCount)
            return Data(buffer.readableBytesView)
        } catch is NIOTooManyBytesError {
            throw APIError.bodyTooLarge(limit: maximumByteCount)
        } catch {
            throw RequestFault(error)?.apiError
                ?? APIError.bodyUnreadable("The request body did not arrive whole: \(error).")
        }
    }

    private static func invalidRequest(_ error: DecodingError) -> APIError {
        switch error {
        case .typeMismatch(let type, let context):
            let path = self.path(context.codingPath)
            return .invalidRequest("\(name(path)) must be \(noun(for: type)).", parameter: path)
        case .valueNotFound(let type, let context):
            let path = self.path(context.codingPath)
            return .invalidRequest("\(name(path)) must be \(noun(for: type)), but is null.", parameter: path)
        case .keyNotFound(let key, let context):
            let path = self.path(context.codingPath + [key])
            return .invalidRequest("\(name(path)) is required.", parameter: path)
        case .dataCorrupted(let context):
            guard let path = self.path(context.codingPath) else {
                // The parser tells the two apart no more than this.
                return .invalidRequest("The request body is not valid JSON, or a number in it is out of range.")
            }
            return .invalidRequest("\(path) is not valid: \(context.debugDescription).", parameter: path)
        @unknown default:
            return .invalidRequest("The request body could not be read.")
        }
    }

    private static func name(_ path: String?) -> String { path ?? "The request body" }

    /// `messages[0].content`.
    private static func path(_ keys: [any CodingKey]) -> String? {
        let text = keys.reduce(into: "") { text, key in
            if let index = key.intValue {
                text += "[\(index)]"
            } else {
                text += (text.isEmpty ? "" : ".") + key.stringValue
            }
        }
        return text.isEmpty ? nil : text
    }

    private static func noun(for type: Any.Type) -> String {
        switch type {
        case is String.Type: "a string"
        case is Bool.Type: "true or false"
        case is any BinaryInteger.Type: "a whole number"
        case is any BinaryFloatingPoint.Type: "a number"
        case is [Any].Type: "an array"
        default: "an object"
        }
    }
}
