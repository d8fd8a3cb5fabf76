public import Foundation

/// The log of a model's worker, as it lies on disk: lines of a time (ISO 8601), a space and the text.
public struct WorkerLogFile: Sendable {
    /// One line.
    public struct Line: Sendable, Hashable, Codable {
        /// When it was written, in ISO 8601.
        public var time: String
        /// What it says; control characters are escaped.
        public var text: String

        init(_ line: Substring) {
            let parts = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
            time = String(parts.first ?? "")
            text = parts.count > 1 ? String(parts[1]) : ""
        }
    }

    /// The file that is written now.
    public let url: URL

    /// The log of the model `name` in `folder`. Characters that are not letters, digits, `.`, `-` or `_` are written by
    /// their bytes (`%3A`), so that two names never share a file and none leads out of the folder.
    public init(folder: URL, model name: String) {
        let safe = name.utf8.prefix(80).map { byte -> String in
            let character = Character(UnicodeScalar(byte))
            let isPlain = character.isASCII && (character.isLetter || character.isNumber || "._-".contains(character))
            let hex = String(byte, radix: 16, uppercase: true)
            return isPlain ? String(character) : "%" + (hex.count < 2 ? "0" : "") + hex
        }
        url = folder.appending(path: safe.joined() + ".log", directoryHint: .notDirectory)
    }

    /// Whether there is one.
    public var exists: Bool { FileManager.default.fileExists(atPath: url.path) }

    /// The last `count` lines, the older part included; `nil` all. And where the file ended when they were read.
    ///
    /// - Throws: what reading the file throws.
    public func lines(last count: Int?) throws -> (lines: [Line], end: Int) {
        let older = (try? Data(contentsOf: Self.older(url))) ?? Data()
        let newer = try Data(contentsOf: url)
        let lines = String(decoding: older + newer, as: UTF8.self).split(separator: "\n")
        return ((count.map { lines.suffix($0) } ?? lines[...]).map(Line.init), newer.count)
    }

    /// The whole lines behind `end`, and where they end. A file that is shorter now was begun anew.
    ///
    /// - Throws: what reading the file throws.
    public func lines(after end: Int) throws -> (lines: [Line], end: Int) {
        let file = try FileHandle(forReadingFrom: url)
        defer { try? file.close() }
        let start = try file.seekToEnd() < UInt64(end) ? 0 : end
        try file.seek(toOffset: UInt64(start))
        let data = try file.readToEnd() ?? Data()
        guard let last = data.lastIndex(of: UInt8(ascii: "\n")) else { return ([], start) }
        let whole = data[...last]
        return (String(decoding: whole, as: UTF8.self).split(separator: "\n").map(Line.init), start + whole.count)
    }

    static func older(_ url: URL) -> URL { url.appendingPathExtension("1") }
}
