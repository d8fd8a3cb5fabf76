import Foundation

/// Lines entered before, oldest first, kept in a file that only its owner can read.
public struct LineHistory: Sendable {
    /// The entries, oldest first.
    public private(set) var entries: [String] = []
    private var file: URL?
    private let limit: Int

    /// Reads the history of `file`, if there is one; with `nil` nothing is kept. At most `limit` entries.
    public init(file: URL?, limit: Int = 1000) {
        self.file = file
        self.limit = max(1, limit)
        guard let file, let data = try? Data(contentsOf: file) else { return }
        let lines = String(decoding: data, as: UTF8.self).split(separator: "\n")
        entries = lines.suffix(self.limit).map { Self.decode(String($0)) }
        // Rewritten now and then only, so that entries are appended otherwise.
        if lines.count > 2 * self.limit { rewrite() }
    }

    /// Adds an entry, unless it is empty or repeats the last one. A file that cannot be written is no error: the
    /// entry is remembered until the program ends.
    public mutating func add(_ entry: String) {
        let entry = entry.trimmingCharacters(in: .newlines)
        guard !entry.isEmpty, entry != entries.last else { return }
        entries.append(entry)
        if entries.count > limit { entries.removeFirst(entries.count - limit) }
        guard let file else { return }
        if let handle = try? FileHandle(forWritingTo: file) {
            defer { try? handle.close() }
            guard (try? handle.seekToEnd()) != nil else { return }
            try? handle.write(contentsOf: Data((Self.encode(entry) + "\n").utf8))
        } else {
            rewrite()
        }
    }

    /// From now on keeps the entries in another file, those that there are too; with `nil` in none.
    public mutating func keep(in file: URL?) {
        guard file != self.file else { return }
        self.file = file
        if file != nil { rewrite() }
    }

    private func rewrite() {
        guard let file else { return }
        let text = entries.map { Self.encode($0) + "\n" }.joined()
        _ = FileManager.default.createFile(
            atPath: file.path, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600])
    }

    private static func encode(_ entry: String) -> String {
        entry.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
    }

    private static func decode(_ line: String) -> String {
        var result = ""
        var isEscaped = false
        for character in line {
            if isEscaped {
                result.append(character == "n" ? "\n" : character)
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else {
                result.append(character)
            }
        }
        return result
    }
}
