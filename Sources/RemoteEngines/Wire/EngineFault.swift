import Foundation

/// An error in an engine's own words: `{"error": {"message": …}}`, `{"error": "…"}` and what others write.
struct EngineFault: Decodable, Sendable, Hashable {
    var message: String
    var code: String?
    /// The status that an error in the middle of a stream would have had.
    var status: Int?

    private enum CodingKeys: CodingKey { case message, code, type, error, detail }

    init(message: String, code: String? = nil, status: Int? = nil) {
        self.message = message
        self.code = code
        self.status = status
    }

    init(from decoder: any Decoder) throws {
        if let text = try? decoder.singleValueContainer().decode(String.self) {
            self.init(message: text)
            return
        }
        let container = try decoder.container(keyedBy: CodingKeys.self)
        if let inner = try? container.decode(EngineFault.self, forKey: .error) {
            self = inner
            return
        }
        let text =
            (try? container.decode(String.self, forKey: .message))
            ?? (try? container.decode(String.self, forKey: .detail))
            ?? "no reason was given"
        let type = try? container.decode(String.self, forKey: .type)
        let word = (try? container.decode(String.self, forKey: .code)) ?? type
        self.init(
            message: text, code: type == "exceed_context_size_error" ? "context_length_exceeded" : word,
            status: try? container.decode(Int.self, forKey: .code))
    }

    /// Reads the body of a refusal, whatever it is.
    init(body: [UInt8]) {
        if let fault = try? JSONDecoder().decode(EngineFault.self, from: Data(body)) {
            self = fault
        } else {
            let text = String(decoding: body.prefix(2000), as: UTF8.self)
            let isPage = text.lowercased().contains("<html") || text.lowercased().contains("<!doctype")
            message = isPage || text.isEmpty ? "no reason was given" : text
        }
    }

    /// Its words on one line, cut where they are long, without control characters.
    var shownMessage: String { Self.shown(message) }

    static func shown(_ text: String) -> String {
        let line = text.unicodeScalars.prefix(500).reduce(into: "") { line, scalar in
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse: line += " "
            default: line.unicodeScalars.append(scalar)
            }
        }
        return line.trimmingCharacters(in: .whitespaces)
    }
}
