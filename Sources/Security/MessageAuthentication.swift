import Crypto

/// HMAC-SHA256 (RFC 2104) of content that arrives in pieces: shows that content was written by a holder of the key and
/// was not changed since.
///
/// ```swift
/// var code = MessageAuthentication(key)
/// code.update(header)
/// code.update(body)
/// guard code.isValid(storedCode) else { throw … }
/// ```
public struct MessageAuthentication: Sendable {
    /// Bytes of a code.
    public static let byteCount = 32

    /// A secret of 32 bytes.
    public struct Key: Sendable {
        fileprivate let key: SymmetricKey

        /// A new random key.
        public init() { key = SymmetricKey(size: .bits256) }

        /// `nil` for any other count than 32 bytes.
        public init?(_ bytes: some Collection<UInt8>) {
            guard bytes.count == 32 else { return nil }
            key = SymmetricKey(data: Array(bytes))
        }

        /// The secret itself, for the place where it is kept.
        public var bytes: [UInt8] { key.withUnsafeBytes { Array($0) } }
    }

    private var state: HMAC<SHA256>

    /// A code of nothing yet.
    public init(_ key: Key) { state = HMAC(key: key.key) }

    /// Adds the next bytes.
    public mutating func update(_ bytes: UnsafeRawBufferPointer) { state.update(data: bytes) }

    /// Adds the next bytes.
    public mutating func update(_ bytes: some Collection<UInt8>) {
        if bytes.withContiguousStorageIfAvailable({ state.update(data: UnsafeRawBufferPointer($0)) }) == nil {
            state.update(data: Array(bytes))
        }
    }

    /// The 32 bytes of the code over everything added so far; more may be added afterwards.
    public func finish() -> [UInt8] { Array(state.finalize()) }

    /// Whether `code` is that of everything added so far, in a time that does not tell where it differs.
    public func isValid(_ code: some Collection<UInt8>) -> Bool {
        areEqual(finish(), code)
    }
}
