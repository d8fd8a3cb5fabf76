import Foundation

/// A well-known graphics processor or system on a chip, by its maker's specification.
struct KnownProcessor: Sendable, Decodable {
    /// As people write it, in lower case: `rtx 4090`, `m2 pro`.
    let name: String
    /// GiB of its own memory; `nil` where it uses the machine's.
    let gigabytes: Int64?
    /// 10⁹ bytes in a second.
    let bandwidth: Double
    /// Whether its memory is the machine's.
    let unified: Bool?
    /// Cores that compute, where it is a whole system.
    let cores: Int?

    var bytesPerSecond: Double { bandwidth * 1e9 }
    var isUnified: Bool { unified ?? false }

    private struct Table: Decodable {
        let processors: [KnownProcessor]
    }

    /// All of them; a test reads the table, so in a release it is good.
    static let all: [KnownProcessor] =
        (try? JSONDecoder().decode(Table.self, from: Data(PackageResources.processors_json)))?.processors ?? []

    /// The one that a name means: the longest whose words are in it, one after the other.
    ///
    /// A processor of a notebook is another than that of the same name for desks, and is not known.
    static func find(_ text: String) -> KnownProcessor? {
        let words = words(of: text)
        guard !words.contains("laptop"), !words.contains("mobile"), !words.contains("max-q") else { return nil }
        return all.filter { contains(words, Self.words(of: $0.name)) }.max { $0.name.count < $1.name.count }
    }

    private static func words(of text: String) -> [String] {
        text.lowercased().replacingOccurrences(of: "(tm)", with: " ").replacingOccurrences(of: "(r)", with: " ")
            .split { $0 == " " || $0 == "," }.map(String.init)
    }

    private static func contains(_ words: [String], _ part: [String]) -> Bool {
        guard !part.isEmpty, words.count >= part.count else { return false }
        return (0...(words.count - part.count)).contains { Array(words[$0..<($0 + part.count)]) == part }
    }
}
