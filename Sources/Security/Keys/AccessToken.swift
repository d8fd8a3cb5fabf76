/// What a caller sends to show who it is: `roost_<id>_<secret>`.
///
/// The id is public and names the key. The secret is 43 letters and digits drawn from the system's generator, which is
/// 256 bits: nobody finds it by trying, so its SHA-256 is what is stored and no slow hash is needed.
public struct AccessToken: Sendable, Hashable {
    private static let scheme = "roost"
    private static let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
    private static let idAlphabet = Array("0123456789abcdefghjkmnpqrstvwxyz")
    static let idLength = 8
    /// 62⁴³ is more than 2²⁵⁶.
    static let secretLength = 43

    /// The public part.
    public let keyID: String
    private let secret: String

    /// A new random token.
    public init() {
        // The system's own generator on every platform, which is fit for secrets.
        var generator = SystemRandomNumberGenerator()
        func text(_ alphabet: [Character], _ count: Int) -> String {
            String((0..<count).map { _ in alphabet[Int.random(in: alphabet.indices, using: &generator)] })
        }
        keyID = text(Self.idAlphabet, Self.idLength)
        secret = text(Self.alphabet, Self.secretLength)
    }

    /// Reads the text form; `nil` for anything else.
    public init?(_ text: String) {
        guard text.utf8.count == Self.scheme.utf8.count + Self.idLength + Self.secretLength + 2 else { return nil }
        let parts = text.split(separator: "_", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == Self.scheme, Self.isID(parts[1]), parts[2].count == Self.secretLength,
            parts[2].allSatisfy(Self.alphabet.contains)
        else { return nil }
        keyID = String(parts[1])
        secret = String(parts[2])
    }

    /// The whole text, which is shown to its owner once and never logged.
    public var text: String { "\(Self.scheme)_\(keyID)_\(secret)" }

    /// What is stored of the secret.
    var secretDigest: Digest { .of(Array(secret.utf8)) }

    static func isID(_ text: some StringProtocol) -> Bool {
        text.count == idLength && text.allSatisfy(idAlphabet.contains)
    }
}

extension AccessToken: CustomStringConvertible, CustomDebugStringConvertible {
    /// The id, without the secret: a token that gets into a log or an error gives nothing away.
    public var description: String { "\(Self.scheme)_\(keyID)_…" }
    /// As `description`.
    public var debugDescription: String { description }
}
