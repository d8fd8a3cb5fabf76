import Hummingbird

/// What stands behind the `?` of a request's address.
struct QueryParameters: Sendable {
    private let request: Request

    init(_ request: Request) { self.request = request }

    /// The value of a field; `nil` when it is missing or empty.
    func string(_ name: String) -> String? {
        guard let value = request.uri.queryParameters[Substring(name)], !value.isEmpty else { return nil }
        return String(value)
    }

    /// A whole number in `range`. Throws `APIError.invalidRequest`.
    func int(_ name: String, in range: ClosedRange<Int>) throws -> Int? {
        guard let text = string(name) else { return nil }
        guard let value = Int(text), range.contains(value) else {
            throw APIError.invalidRequest(
                "\(name) is “\(text.prefix(40))”, but must be a whole number from \(range.lowerBound) to "
                    + "\(range.upperBound).", parameter: name)
        }
        return value
    }

    /// Yes or no. Throws `APIError.invalidRequest`.
    func bool(_ name: String) throws -> Bool? {
        switch string(name) {
        case nil: return nil
        case "true", "1": return true
        case "false", "0": return false
        case .some(let text):
            throw APIError.invalidRequest(
                "\(name) is “\(text.prefix(40))”, but must be true or false.", parameter: name)
        }
    }
}
