public import Foundation

/// What is known of a key: all but its secret.
public struct AccessKey: Sendable, Hashable, Identifiable {
    /// Longest name, in characters.
    public static let maximumNameLength = 64

    /// The public part of its token.
    public let id: String
    /// What its owner calls it; no two keys have the same.
    public let name: String
    /// What it allows.
    public let scopes: Set<AccessScope>
    /// The models that it allows; empty for all.
    public let models: [ModelPattern]
    /// When it was made.
    public let createdAt: Date
    /// When it ends; `nil` for never.
    public let expiresAt: Date?
    private let secretDigest: Digest

    /// The key that `token` shows. Times are kept in whole seconds.
    public init(
        for token: AccessToken, name: String, scopes: Set<AccessScope>, models: [ModelPattern] = [], createdAt: Date,
        expiresAt: Date? = nil
    ) {
        id = token.keyID
        self.name = name
        self.scopes = scopes
        self.models = models
        self.createdAt = Self.wholeSeconds(createdAt)
        self.expiresAt = expiresAt.map(Self.wholeSeconds)
        secretDigest = token.secretDigest
    }

    /// Whether `token` shows this key, in a time that does not tell how much of it is right.
    public func isShown(by token: AccessToken) -> Bool {
        token.keyID == id && areEqual(token.secretDigest.hexadecimal.utf8, secretDigest.hexadecimal.utf8)
    }

    /// Whether it is good no longer.
    public func isExpired(at now: Date) -> Bool { expiresAt.map { $0 <= now } ?? false }

    /// Whether a text can be a key's name: 1 to 64 ASCII letters, digits, `-`, `_` and `.`.
    public static func isName(_ text: String) -> Bool {
        (1...maximumNameLength).contains(text.utf8.count)
            && text.utf8.allSatisfy { $0.isASCIILetterOrDigit || "-_.".utf8.contains($0) }
    }

    private static func wholeSeconds(_ date: Date) -> Date {
        Date(timeIntervalSince1970: date.timeIntervalSince1970.rounded(.down))
    }
}

extension AccessKey: Codable {
    private enum CodingKeys: String, CodingKey {
        case id, name, scopes, models
        case secretDigest = "secret_sha256"
        case createdAt = "created_at"
        case expiresAt = "expires_at"
    }

    /// Decodes what `encode` wrote. Throws `DecodingError` for anything that no key of ours has.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        id = try container.decode(String.self, forKey: .id)
        name = try container.decode(String.self, forKey: .name)
        scopes = Set(try container.decode([AccessScope].self, forKey: .scopes))
        models = try container.decode([ModelPattern].self, forKey: .models)
        createdAt = try container.decode(Date.self, forKey: .createdAt)
        expiresAt = try container.decodeIfPresent(Date.self, forKey: .expiresAt)
        secretDigest = try container.decode(Digest.self, forKey: .secretDigest)
        guard AccessToken.isID(id) else {
            throw DecodingError.dataCorruptedError(forKey: .id, in: container, debugDescription: "it is no key's id")
        }
        guard Self.isName(name) else {
            throw DecodingError.dataCorruptedError(
                forKey: .name, in: container, debugDescription: "it is no key's name")
        }
    }

    /// Encodes all of it, with the digest of the secret.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode(name, forKey: .name)
        try container.encode(AccessScope.allCases.filter(scopes.contains), forKey: .scopes)
        try container.encode(models, forKey: .models)
        try container.encode(createdAt, forKey: .createdAt)
        try container.encodeIfPresent(expiresAt, forKey: .expiresAt)
        try container.encode(secretDigest, forKey: .secretDigest)
    }
}
