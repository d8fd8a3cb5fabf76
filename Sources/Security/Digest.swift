/// The SHA-256 of some content: the only value in Roost that a blob's file name is made from.
///
/// Text that is not exactly `sha256:` and 64 lower-case hexadecimal digits never becomes a `Digest`, so no
/// request, manifest or database row can name a path outside the blob folder (the lesson of CVE-2024-37032).
public struct Digest: Hashable, Sendable, Comparable, LosslessStringConvertible {
    /// 64 lower-case hexadecimal digits.
    public let hexadecimal: String

    /// `sha256:` and 64 hexadecimal digits; `nil` for anything else.
    public init?(_ description: String) {
        guard description.hasPrefix("sha256:") else { return nil }
        self.init(hexadecimal: String(description.dropFirst(7)))
    }

    /// 64 lower-case hexadecimal digits without a prefix; `nil` for anything else.
    public init?(hexadecimal: String) {
        guard hexadecimal.utf8.count == 64, hexadecimal.utf8.allSatisfy(Self.isLowercaseHexDigit) else { return nil }
        self.hexadecimal = hexadecimal
    }

    /// The 32 raw bytes of a SHA-256; `nil` for any other count.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 32 else { return nil }
        hexadecimal = Self.digits(of: bytes)
    }

    /// What a finished SHA-256 left in memory: 32 bytes by construction.
    init(sha256 bytes: UnsafeRawBufferPointer) {
        hexadecimal = Self.digits(of: bytes)
    }

    /// `sha256:<hex>`, as registries and manifests write it.
    public var description: String { "sha256:" + hexadecimal }

    /// The 32 bytes.
    public var bytes: [UInt8] {
        let digits = Array(hexadecimal.utf8)
        func value(_ digit: UInt8) -> UInt8 { digit <= UInt8(ascii: "9") ? digit & 15 : digit - UInt8(ascii: "a") + 10 }
        return stride(from: 0, to: digits.count - 1, by: 2).map { value(digits[$0]) << 4 | value(digits[$0 + 1]) }
    }

    /// `sha256-<hex>`: the blob's file name.
    public var fileName: String { "sha256-" + hexadecimal }

    /// The first 12 digits, for tables and messages.
    public var short: String { String(hexadecimal.prefix(12)) }

    /// Orders by the hexadecimal text.
    public static func < (lhs: Digest, rhs: Digest) -> Bool { lhs.hexadecimal < rhs.hexadecimal }

    private static func digits(of bytes: some Collection<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        let text = bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        return String(decoding: text, as: UTF8.self)
    }

    private static func isLowercaseHexDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }
}

extension Digest: Codable {
    /// Decodes the text form. Throws `DecodingError.dataCorrupted` when the text is not a digest.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let digest = Digest(text) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "“\(text.prefix(80))” is not sha256: and 64 hexadecimal digits.")
        }
        self = digest
    }

    /// Encodes `sha256:<hex>`.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
