/// A value of a table `[engines.NAME]`, in whatever format the table was written.
public enum EngineSetting: Sendable, Hashable, Decodable {
    case text(String)
    case integer(Int)
    case number(Double)
    case flag(Bool)
    case texts([String])

    /// Decodes the value by its own type.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let flag = try? container.decode(Bool.self) {
            self = .flag(flag)
        } else if let integer = try? container.decode(Int.self) {
            self = .integer(integer)
        } else if let number = try? container.decode(Double.self) {
            self = .number(number)
        } else if let text = try? container.decode(String.self) {
            self = .text(text)
        } else {
            self = .texts(try container.decode([String].self))
        }
    }

    /// As a person would write it, for messages; long ones are cut.
    var shown: String {
        switch self {
        case .text(let text): "“\(text.prefix(80))”"
        case .integer(let value): "\(value)"
        case .number(let value): "\(value)"
        case .flag(let value): "\(value)"
        case .texts(let texts): "a list of \(texts.count)"
        }
    }
}
