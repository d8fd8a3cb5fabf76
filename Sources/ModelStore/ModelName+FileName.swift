import Foundation

extension ModelName {
    /// A name for a file that was imported without one: the file's name without `.gguf`, other characters turned
    /// into “-”. `nil` when nothing usable is left.
    ///
    /// `Gemma 3 (270M).gguf` becomes `Gemma-3-270M:latest`.
    public init?(fileName: String) {
        var stem = fileName[...]
        if stem.lowercased().hasSuffix(".gguf") { stem = stem.dropLast(5) }
        let pieces = stem.split { !($0.isASCII && ($0.isLetter || $0.isNumber)) && !"._-".contains($0) }
        var text = pieces.joined(separator: "-")
        while text.contains("..") { text = text.replacingOccurrences(of: "..", with: ".") }
        while text.contains("--") { text = text.replacingOccurrences(of: "--", with: "-") }
        let ends: Set<Character> = ["-", "."]
        while let first = text.first, ends.contains(first) { text.removeFirst() }
        // Room for “:latest” within the limit.
        text = String(text.prefix(Self.maximumByteCount - Self.defaultTag.count - 1))
        while let last = text.last, ends.contains(last) { text.removeLast() }
        self.init(text)
    }
}
