/// How much is kept at most. The defaults are beyond what conversations are, and within what a machine can bear.
public struct HistoryLimits: Sendable, Hashable {
    /// Bytes of text of one message. Default 8 MiB.
    public var messageByteCount = 8 << 20
    /// Bytes of one picture. Default 32 MiB.
    public var imageByteCount = 32 << 20
    /// Pictures of one message. Default 64.
    public var imagesPerMessage = 64
    /// Messages of one conversation. Default 10,000.
    public var messagesPerConversation = 10_000
    /// Bytes of one conversation, text and pictures. Default 256 MiB.
    public var conversationByteCount: Int64 = 256 << 20
    /// Bytes of all conversations of one owner other than the person; the person's are not limited. Default 1 GiB.
    public var ownerByteCount: Int64 = 1 << 30
    /// Conversations of one owner other than the person. Default 10,000.
    public var conversationsPerOwner = 10_000

    /// The defaults.
    public init() {}

    /// Characters of a title.
    public static let titleLength = 200
    /// Characters of a search text.
    public static let queryLength = 1000
    /// Words of a search text.
    public static let queryWordCount = 32
    /// Conversations of one page.
    public static let pageLength = 1...200
}
