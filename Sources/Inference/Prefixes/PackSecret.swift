import Security

/// The secret of 32 bytes that packs are authenticated with: one of this installation, so that a pack from elsewhere, or
/// one that somebody changed, is not believed.
public struct PackSecret: Sendable {
    let key: MessageAuthentication.Key

    /// A new random secret.
    public init() { key = MessageAuthentication.Key() }

    /// `nil` for any other count than 32 bytes.
    public init?(_ bytes: [UInt8]) {
        guard let key = MessageAuthentication.Key(bytes) else { return nil }
        self.key = key
    }

    /// The secret itself, for who keeps it or hands it to a worker.
    public var bytes: [UInt8] { key.bytes }
}
