import Foundation
import RemoteEngines
import TOMLKit

/// `config.toml` in the home directory: settings by their keys, each worth the same as its environment variable, which
/// goes before it.
struct ConfigurationFile {
    /// Values by environment variable.
    private(set) var values: [String: String] = [:]
    /// The tables `[engines.NAME]`.
    private(set) var engines: [String: [String: EngineSetting]] = [:]

    private static let maximumByteCount = 1 << 20

    /// Reads the file; one that is not there has no settings.
    ///
    /// - Throws: `RoostError.invalidConfiguration` with the place and the rule.
    init(homeDirectory: URL) throws {
        let path = homeDirectory.appendingPathComponent("config.toml").path
        func refusal(_ place: String, _ rule: String) -> RoostError {
            .invalidConfiguration(path: path, place: place, rule: rule)
        }
        guard FileManager.default.fileExists(atPath: path) else { return }
        guard let handle = FileHandle(forReadingAtPath: path),
            let data = try? handle.read(upToCount: Self.maximumByteCount + 1) ?? Data(),
            data.count <= Self.maximumByteCount
        else { throw refusal("its beginning", "a readable text of at most 1 MiB") }
        guard let text = String(bytes: data, encoding: .utf8) else { throw refusal("its beginning", "UTF-8 text") }
        let entries: [String: Value]
        do {
            entries = try TOMLDecoder().decode([String: Value].self, from: text)
        } catch let error as TOMLParseError {
            throw refusal("line \(error.source.begin.line)", "TOML: \(error.description)")
        } catch let error as DecodingError {
            throw refusal(error.key ?? "its beginning", "a text, a number, true, false or a list of texts")
        }
        for (key, value) in entries.sorted(by: { $0.key < $1.key }) {
            guard let setting = Setting.all.first(where: { $0.key == key }) else {
                let line = Self.line(of: key, in: text).map { "“\(key)” in line \($0)" } ?? "“\(key)”"
                throw refusal(line, Self.rule(forUnknown: key))
            }
            if case .engines(let tables) = value {
                engines = tables
                do {
                    // Their secrets are looked up later; here it is their form that counts.
                    _ = try EngineTable(environment: [:]).engines(in: tables)
                } catch RemoteEngineError.invalidSetting(let place, let value, let rule) {
                    throw refusal("\(place), which is \(value),", rule)
                }
                continue
            }
            values[setting.variable] = value.text(separator: key == "models" ? ":" : ",")
        }
    }

    /// The line in which a key stands; `nil` when it is written in a form that is not looked for.
    private static func line(of key: String, in text: String) -> Int? {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        return lines.firstIndex { line in
            let name = line.prefix { $0 != "=" && $0 != "]" }.drop { $0 == " " || $0 == "\t" || $0 == "[" }
            return name.trimmingCharacters(in: CharacterSet(charactersIn: " \t\"'")).split(separator: ".").first ?? ""
                == key
        }.map { $0 + 1 }
    }

    /// What a key that does not exist may have been meant to be.
    private static func rule(forUnknown key: String) -> String {
        let keys = Setting.all.map(\.key)
        let wanted = Array(key.lowercased().replacing("-", with: "_").utf8)
        let near = keys.map { (key: $0, distance: distance(wanted, Array($0.utf8))) }.min { $0.distance < $1.distance }
        // Beyond a third of its letters it is another word.
        if let near, near.distance <= max(1, near.key.utf8.count / 3) {
            return "a setting (did you mean “\(near.key)”?)"
        }
        return "one of the keys \(keys.joined(separator: ", "))"
    }

    /// Levenshtein's distance, one row at a time.
    private static func distance(_ first: [UInt8], _ second: [UInt8]) -> Int {
        var row = Array(0...second.count)
        for (index, byte) in first.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for column in second.indices {
                let change = diagonal + (second[column] == byte ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(change, row[column] + 1, diagonal + 1)
            }
        }
        return row[second.count]
    }

    /// The values under an environment: a variable that is set and not empty goes first.
    func merged(under environment: [String: String]) -> [String: String] {
        var merged = environment
        for (name, value) in values where (environment[name] ?? "").isEmpty {
            // Proxies are known by both letter cases.
            guard (environment[name.lowercased()] ?? "").isEmpty else { continue }
            merged[name] = value
        }
        return merged
    }

    /// A value as its environment variable would have it.
    private enum Value: Decodable {
        case one(String)
        case list([String])
        case engines([String: [String: EngineSetting]])

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if decoder.codingPath.last?.stringValue == "engines",
                let tables = try? container.decode([String: [String: EngineSetting]].self)
            {
                self = .engines(tables)
                return
            }
            if let flag = try? container.decode(Bool.self) {
                self = .one(flag ? "1" : "0")
            } else if let number = try? container.decode(Int.self) {
                self = .one(String(number))
            } else if let text = try? container.decode(String.self) {
                self = .one(text)
            } else {
                self = .list(try container.decode([String].self))
            }
        }

        func text(separator: String) -> String {
            switch self {
            case .one(let text): text
            case .list(let texts): texts.joined(separator: separator)
            case .engines(let tables): tables.keys.sorted().joined(separator: separator)
            }
        }
    }
}

extension DecodingError {
    /// The key that an error is about.
    fileprivate var key: String? {
        let path =
            switch self {
            case .typeMismatch(_, let context), .valueNotFound(_, let context), .keyNotFound(_, let context),
                .dataCorrupted(let context):
                context.codingPath
            @unknown default: [any CodingKey]()
            }
        return path.first.map { "“\($0.stringValue)”" }
    }
}
