import Inference

extension Modelfile {
    /// The longest text that is read, in bytes: a recipe with a licence in it is far below.
    public static let maximumByteCount = 4 << 20

    /// Reads a recipe.
    ///
    /// - Throws: ``ModelCreationError/invalidModelfile(line:reason:)``.
    public init(parsing text: String) throws {
        guard text.utf8.count <= Self.maximumByteCount else {
            throw ModelCreationError.invalidModelfile(
                line: 1, reason: "the file has more than \(Self.maximumByteCount) bytes")
        }
        var reader = ModelfileReader(text)
        instructions = []
        while let instruction = try reader.next() { instructions.append(instruction) }
        guard instructions.contains(where: { $0.keyword == .from }) else {
            throw ModelCreationError.invalidModelfile(
                line: reader.lastLine, reason: "FROM is missing: the model that this one is made of")
        }
    }
}

/// Goes through the lines of a recipe. In bytes, for what has a meaning is ASCII, and a character may hide it: a letter
/// and what is combined with it are one.
private struct ModelfileReader {
    typealias Text = ArraySlice<UInt8>

    private let lines: [Text]
    private var index = 0

    init(_ text: String) {
        var bytes = Array(text.utf8)[...]
        if bytes.starts(with: "\u{FEFF}".utf8) { bytes = bytes.dropFirst(3) }
        lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .map { $0.last == UInt8(ascii: "\r") ? $0.dropLast() : $0 }
    }

    /// The number of the last line.
    var lastLine: Int { max(lines.count, 1) }

    /// The next instruction; `nil` at the end.
    mutating func next() throws -> Modelfile.Instruction? {
        while index < lines.count {
            // Blanks at its end may stand within quotes.
            let line = lines[index].withoutLeadingBlanks
            if !line.isEmpty, line.first != UInt8(ascii: "#") { return try instruction(line, number: index + 1) }
            index += 1
        }
        return nil
    }

    private mutating func instruction(_ line: Text, number: Int) throws -> Modelfile.Instruction {
        func require(_ holds: Bool, _ reason: String) throws {
            guard holds else { throw ModelCreationError.invalidModelfile(line: number, reason: reason) }
        }
        let word = line.firstWord
        let keyword = try keyword(word.string, line: number)
        var rest = line.dropFirst(word.count).withoutLeadingBlanks
        var subject = ""
        if keyword == .parameter || keyword == .message {
            let word = rest.firstWord
            subject = word.string.lowercased()
            rest = rest.dropFirst(word.count).withoutLeadingBlanks
        }
        let value = try value(beginningWith: rest)
        switch keyword {
        case .from:
            try require(!value.isEmpty, "FROM needs a model's name, a .gguf file or a folder")
            return .from(value)
        case .adapter:
            try require(!value.isEmpty, "ADAPTER needs the path of a LoRA adapter in GGUF")
            return .adapter(value)
        case .parameter:
            try require(!value.isEmpty, "PARAMETER needs a name and a value, as in “temperature 0.5”")
            return .parameter(name: subject, value: value)
        case .message:
            guard let role = ChatMessage.Role(rawValue: subject), role != .tool else {
                throw ModelCreationError.invalidModelfile(
                    line: number,
                    reason: "MESSAGE begins with who speaks, system, user or assistant, but has “\(subject.prefix(40))”"
                )
            }
            return .message(role: role, content: value)
        case .system: return .system(value)
        case .template: return .template(value)
        case .license: return .license(value)
        }
    }

    private func keyword(_ word: String, line: Int) throws -> Modelfile.Instruction.Keyword {
        let name = word.lowercased()
        if let keyword = Modelfile.Instruction.Keyword(rawValue: name) { return keyword }
        if ["renderer", "parser", "requires"].contains(name) {
            throw ModelCreationError.invalidModelfile(
                line: line,
                reason: "\(name.uppercased()) names a part of Ollama's own program; leave it out, the model's own chat "
                    + "template is used")
        }
        let known = Modelfile.Instruction.Keyword.allCases.map { $0.rawValue.uppercased() }
        throw ModelCreationError.invalidModelfile(
            line: line,
            reason: "“\(word.prefix(40))” is no instruction; a line begins with \(known.joined(separator: ", ")) or #")
    }

    /// A value that begins on this line. Quotes are closed by the first line that ends with them, as Ollama reads them.
    private mutating func value(beginningWith first: Text) throws -> String {
        let number = index + 1
        index += 1
        let quotes: [UInt8]
        if first.starts(with: "\"\"\"".utf8) {
            quotes = Array("\"\"\"".utf8)
        } else if first.starts(with: "\"".utf8) {
            quotes = Array("\"".utf8)
        } else {
            return first.withoutTrailingBlanks.string
        }
        let opening = first.dropFirst(quotes.count)
        var line = opening
        var value: [UInt8] = []
        while true {
            let trimmed = line.withoutTrailingBlanks
            if trimmed.suffix(quotes.count).elementsEqual(quotes) {
                value += trimmed.dropLast(quotes.count)
                return String(decoding: value, as: UTF8.self)
            }
            value += line
            value.append(UInt8(ascii: "\n"))
            guard index < lines.count else {
                let mark = String(decoding: quotes, as: UTF8.self)
                throw ModelCreationError.invalidModelfile(
                    line: number,
                    reason: opening.string.contains(mark)
                        ? "something follows the closing \(mark); put it on a line of its own"
                        : "the text begins with \(mark) and is never closed by another")
            }
            line = lines[index]
            index += 1
        }
    }
}

extension UInt8 {
    /// What may stand around the parts of a line.
    var isModelfileBlank: Bool { self == 0x20 || self == 0x09 || self == 0x0D }
}

extension ArraySlice<UInt8> {
    fileprivate var string: String { String(decoding: self, as: UTF8.self) }
    fileprivate var firstWord: ArraySlice<UInt8> { prefix { !$0.isModelfileBlank } }
    fileprivate var withoutLeadingBlanks: ArraySlice<UInt8> { drop(while: \.isModelfileBlank) }

    /// Also for the writer, which must not write what this reads otherwise.
    var withoutTrailingBlanks: ArraySlice<UInt8> {
        guard let last = lastIndex(where: { !$0.isModelfileBlank }) else { return self[startIndex..<startIndex] }
        return self[startIndex...last]
    }
}
