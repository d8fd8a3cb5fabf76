import Foundation
import Hardware
import Testing

/// A machine written down in one text file: what it must be detected as, and the files in which its system tells of it.
///
/// A line `=== /proc/meminfo` begins a file. In a path `{0-3,8}` stands for each of these numbers, and `{}` in the text
/// for that number, `{+16}` for one that is 16 more; `=== /sys/x -> ../y` is a link. Lines before the first are about the machine; those of the form
/// `processor.coreCount = 8` are what must be found: a place in the machine's JSON, and its value there (`unknown` where
/// it must not be there).
struct RecordedMachine {
    let name: String
    /// Places in the machine's JSON and what must be there.
    let expectations: [(path: String, value: String)]
    private let files: [(path: String, text: String)]

    static let names: [String] = {
        guard let folder = Bundle.module.url(forResource: "Machines", withExtension: nil),
            let names = try? FileManager.default.contentsOfDirectory(atPath: folder.path)
        else { return [] }
        return names.filter { $0.hasSuffix(".txt") }.map { String($0.dropLast(4)) }.sorted()
    }()

    init(_ name: String) throws {
        self.name = name
        let folder = try #require(Bundle.module.url(forResource: "Machines", withExtension: nil))
        let text = try String(contentsOf: folder.appending(path: "\(name).txt"), encoding: .utf8)
        var sections = text.split(separator: "\n", omittingEmptySubsequences: false)
            .reduce(into: [(String, [Substring])]()) { sections, line in
                if line.hasPrefix("=== ") {
                    sections.append((String(line.dropFirst(4)), []))
                } else if sections.isEmpty {
                    sections.append(("", [line]))
                } else {
                    sections[sections.count - 1].1.append(line)
                }
            }
        let head = sections.removeFirst().1
        expectations = head.compactMap { line in
            let parts = line.split(separator: " = ", maxSplits: 1)
            return parts.count == 2 && !line.hasPrefix("#") ? (String(parts[0]), String(parts[1])) : nil
        }
        files = try sections.flatMap { path, lines in
            try Self.expand(path, lines.joined(separator: "\n"))
        }
    }

    private static func expand(_ path: String, _ text: String) throws -> [(String, String)] {
        guard let open = path.firstIndex(of: "{"), let close = path[open...].firstIndex(of: "}") else {
            return [(path, text)]
        }
        let list = path[path.index(after: open)..<close]
        let numbers = try list.split(separator: ",").flatMap { part -> [Int] in
            let ends = try part.split(separator: "-").map { try #require(Int($0)) }
            return Array(ends[0]...ends[ends.count - 1])
        }
        return numbers.map { number in
            (
                path.replacingCharacters(in: open...close, with: "\(number)"),
                text.replacing("{}", with: "\(number)").replacing(#/\{([+-][0-9]+)\}/#) { match in
                    Int(match.1).map { "\(number + $0)" } ?? ""
                }
            )
        }
    }

    /// Writes the files below a folder.
    func write(to root: URL) throws {
        for (path, text) in files {
            let parts = path.components(separatedBy: " -> ")
            let file = root.appending(path: parts[0])
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            if parts.count == 2 {
                try FileManager.default.createSymbolicLink(atPath: file.path, withDestinationPath: parts[1])
            } else {
                try Data(text.utf8).write(to: file)
            }
        }
    }
}

/// A value's JSON.
indirect enum JSONFact: Decodable {
    case truth(Bool)
    case whole(Int64)
    case number(Double)
    case text(String)
    case list([JSONFact])
    case object([String: JSONFact])

    init(of value: some Encodable) throws {
        self = try JSONDecoder().decode(JSONFact.self, from: JSONEncoder().encode(value))
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let value = try? container.decode(Bool.self) {
            self = .truth(value)
        } else if let value = try? container.decode(Int64.self) {
            self = .whole(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .text(value)
        } else if let value = try? container.decode([JSONFact].self) {
            self = .list(value)
        } else {
            self = .object(try container.decode([String: JSONFact].self))
        }
    }

    /// A place in it, such as `graphics.0.name`, or `graphics.count`; `nil` where there is nothing.
    func at(_ path: String) -> JSONFact? {
        path.split(separator: ".").reduce(self) { fact, name in
            switch fact {
            case .list(let facts):
                name == "count"
                    ? .whole(Int64(facts.count))
                    : Int(name).flatMap { facts.indices.contains($0) ? facts[$0] : nil }
            case .object(let facts): facts[String(name)]
            default: nil
            }
        }
    }

    /// As fixtures write it.
    var description: String {
        switch self {
        case .truth(let value): "\(value)"
        case .whole(let value): "\(value)"
        case .number(let value): "\(value)"
        case .text(let value): value
        case .list(let facts): facts.map(\.description).joined(separator: " ")
        case .object(let facts):
            facts.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value.description)" }.joined(separator: ", ")
        }
    }
}
