import Foundation

/// The small text files that go with a model.
enum TextFile {
    /// The longest text that is taken in, in bytes: the engine's templates are far below, licences a little.
    static let maximumByteCount: Int64 = 1 << 20

    struct Problem: Error, CustomStringConvertible {
        let description: String
    }

    /// Reads a text after checking that it is what `role` asks for.
    static func read(_ path: String, role: StoreFileRole) throws -> String {
        let file = try OpenFile.reading(path)
        let status = try file.status()
        guard status.kind == .file, status.byteCount <= maximumByteCount else {
            throw Problem(description: "it has more than \(maximumByteCount) bytes, too many for a \(role.rawValue)")
        }
        let bytes = try file.readAll(upTo: Int(maximumByteCount))
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Problem(description: "it is not UTF-8 text")
        }
        switch role {
        case .parameters where !((try? JSONSerialization.jsonObject(with: Data(bytes))) is [String: Any]):
            throw Problem(description: "it is not a JSON object")
        case .messages where !((try? JSONSerialization.jsonObject(with: Data(bytes))) is [Any]):
            throw Problem(description: "it is not a JSON array")
        default: return text
        }
    }

    /// Whether a template is Jinja, which the engine applies, and not Ollama's Go template, which has no `{%`.
    static func isJinja(_ template: String) -> Bool { template.contains("{%") }
}
