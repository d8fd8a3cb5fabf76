/// A model's name: `[host/][namespace/]name[:tag]`, as Ollama writes it.
///
/// `gemma3` means `gemma3:latest`; `hf.co/user/repo:Q4_K_M` keeps its host and namespace. Letter case is kept for
/// showing but does not tell two names apart. A name never becomes a path: blobs are found by ``Security/Digest`` only.
public struct ModelName: Sendable, LosslessStringConvertible {
    /// Everything before the tag: `gemma3`, `user/model`, `hf.co/user/repo`.
    public let name: String
    /// The part after the last colon; `latest` when none was given.
    public let tag: String

    /// The tag that a name without one stands for.
    public static let defaultTag = "latest"
    /// The longest text that is a name, in bytes, with its tag.
    public static let maximumByteCount = 255

    /// Reads a name.
    ///
    /// - Throws: ``ModelStoreError/invalidName(text:rule:)`` with the rule that the text breaks.
    public init(parsing text: String) throws {
        func refuse(_ rule: String) -> ModelStoreError { .invalidName(text: text, rule: rule) }

        guard !text.isEmpty else { throw refuse("a name has at least one letter or digit") }
        guard text.utf8.count <= Self.maximumByteCount else {
            throw refuse("a name has at most \(Self.maximumByteCount) bytes, this one has \(text.utf8.count)")
        }
        guard text.utf8.allSatisfy(Self.isAllowed) else {
            throw refuse("a name has only the letters a-z and A-Z, digits, “-”, “_”, “.”, “/” and “:”")
        }

        var parts = text.split(separator: "/", omittingEmptySubsequences: false)
        let last = parts.removeLast().split(separator: ":", omittingEmptySubsequences: false)
        guard last.count <= 2 else { throw refuse("a name has one “:”, before its tag") }
        parts.append(last[0])
        let tag = last.count == 2 ? last[1] : Self.defaultTag[...]
        guard !tag.isEmpty else { throw refuse("a tag must follow the “:”") }

        for (index, part) in (parts + [tag]).enumerated() {
            // Only a host, which is followed by more parts, may carry a port: localhost:5000/user/model.
            let pieces = part.split(separator: ":", omittingEmptySubsequences: false)
            let isHost = index == 0 && parts.count > 1
            guard pieces.count == 1 || (isHost && pieces.count == 2 && Self.isPort(pieces[1])) else {
                throw refuse("a “:” stands before the tag or before a host's port")
            }
            guard let first = pieces[0].utf8.first else {
                throw refuse("no part between “/” is empty")
            }
            guard Self.isAlphanumeric(first) || first == UInt8(ascii: "_") else {
                throw refuse("each part starts with a letter, a digit or “_”")
            }
            guard !part.contains("..") else { throw refuse("“..” is not allowed") }
        }
        self.name = parts.joined(separator: "/")
        self.tag = String(tag)
        // The implied tag counts, or the name could not be read back.
        guard description.utf8.count <= Self.maximumByteCount else {
            throw refuse("a name has at most \(Self.maximumByteCount) bytes with its tag")
        }
    }

    /// Reads a name; `nil` when the text breaks a rule.
    public init?(_ description: String) {
        guard let name = try? ModelName(parsing: description) else { return nil }
        self = name
    }

    /// Name and tag, always with the tag: `gemma3:latest`.
    public var description: String { name + ":" + tag }

    /// As people write it: without the tag when that is `latest`.
    public var display: String { tag.lowercased() == Self.defaultTag ? name : description }

    /// What tells names apart.
    var key: String { description.lowercased() }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        isAlphanumeric(byte) || "-_./:".utf8.contains(byte)
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
            || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
    }

    private static func isPort(_ text: Substring) -> Bool {
        guard let port = UInt16(text) else { return false }
        return port > 0 && text.utf8.allSatisfy { $0 != UInt8(ascii: "+") }
    }
}

extension ModelName: Hashable, Comparable {
    /// Equal when they differ at most in letter case.
    public static func == (lhs: ModelName, rhs: ModelName) -> Bool { lhs.key == rhs.key }

    /// Hashes what tells names apart.
    public func hash(into hasher: inout Hasher) { hasher.combine(key) }

    /// Alphabetical, without regard to letter case.
    public static func < (lhs: ModelName, rhs: ModelName) -> Bool { lhs.key < rhs.key }
}

extension ModelName: Codable {
    /// Decodes the text form. Throws `DecodingError.dataCorrupted` when the text breaks a rule.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        do {
            self = try ModelName(parsing: text)
        } catch {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "\(error)")
        }
    }

    /// Encodes ``description``.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
