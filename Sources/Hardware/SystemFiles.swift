public import Foundation

/// The files in which a system tells about itself (`/proc`, `/sys`), below a folder: `/` is this machine, any other
/// folder a recorded one.
///
/// Nothing here fails: what cannot be read is unknown.
public struct SystemFiles: Sendable, Hashable {
    /// The folder that stands for `/`.
    public let root: URL

    /// The files of this machine, or those recorded below `root`.
    public init(root: URL = URL(fileURLWithPath: "/")) { self.root = root }

    /// Whether these are the files of the machine that this process runs on.
    public var isThisMachine: Bool { root.standardizedFileURL.path == "/" }

    /// Where a file of the system lies, for example `/proc/meminfo`.
    func path(_ path: String) -> String { isThisMachine ? path : root.path + path }

    /// A file's text, at most a megabyte.
    func text(_ path: String) -> String? {
        guard let file = FileHandle(forReadingAtPath: self.path(path)) else { return nil }
        defer { try? file.close() }
        // Files of the kernel have no size; they are read until they end.
        guard let data = try? file.read(upToCount: 1 << 20) else { return nil }
        return String(decoding: data, as: UTF8.self)
    }

    /// The text of a file of one line, without the line feed; `nil` when it is empty.
    func line(_ path: String) -> String? {
        // A device tree's strings end with a zero.
        guard let line = text(path)?.trimmingCharacters(in: .whitespacesAndNewlines.union(["\0"])), !line.isEmpty else {
            return nil
        }
        return line
    }

    /// The whole number that a file is.
    func number(_ path: String) -> Int64? { line(path).flatMap { Int64($0) } }

    /// The processors that a file lists, such as `0-3,8`.
    func processors(_ path: String) -> [Int]? { line(path).flatMap(ProcessorList.parse) }

    /// The names in a folder, numbers in their order (`cpu2` before `cpu10`).
    func names(in path: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: self.path(path))) ?? [])
            .sorted { $0.compare($1, options: .numeric) == .orderedAscending }
    }

    /// Whether there is a file or folder.
    func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: self.path(path)) }

    /// The fields of a file of lines "name: value" or "name value".
    func fields(_ path: String, separator: Character = ":") -> [String: String] {
        var fields: [String: String] = [:]
        for line in (text(path) ?? "").split(separator: "\n") {
            guard let end = line.firstIndex(of: separator) else { continue }
            let name = line[..<end].trimmingCharacters(in: .whitespaces)
            if fields[name] == nil {
                fields[name] = line[line.index(after: end)...].trimmingCharacters(in: .whitespaces)
            }
        }
        return fields
    }
}

/// The kernel's lists of processors: `0-3,8,10-11`.
enum ProcessorList {
    /// No system has more.
    private static let limit = 65_536

    /// The numbers, rising; `nil` when the text is no such list.
    static func parse(_ text: String) -> [Int]? {
        var numbers: Set<Int> = []
        for part in text.split(separator: ",") {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false)
                .map { Int($0.trimmingCharacters(in: .whitespaces)) }
            guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1],
                first >= 0, first <= last, last < limit
            else { return nil }
            numbers.formUnion(first...last)
        }
        return numbers.sorted()
    }
}
