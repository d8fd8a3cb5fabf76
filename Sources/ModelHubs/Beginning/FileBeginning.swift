/// The first bytes of a file at a hub, as many as someone needed, and what was made of them.
public struct FileBeginning<Value: Sendable>: Sendable {
    /// What was made of them.
    public var value: Value
    /// The size of the whole file in bytes; `nil` when neither hub nor server said it.
    public var fileByteCount: Int64?
    /// The tag by which the server tells one content of the address from another; `nil` when it has none.
    public var entityTag: String?
    /// Bytes of bodies that came over the network.
    public var receivedByteCount: Int64
    /// Requests for bytes, redirects not counted.
    public var requestCount: Int
}

/// What whoever reads the beginning of a file says to the bytes that are there.
public enum BeginningRead<Value: Sendable>: Sendable {
    /// They are enough.
    case complete(Value)
    /// The file's first `atLeast` bytes are needed at the least.
    case needsMore(atLeast: Int)
}

/// What came of asking for the beginning of a file.
public enum BeginningAnswer<Value: Sendable>: Sendable {
    /// The bytes.
    case read(FileBeginning<Value>)
    /// The file still has the tag that the asker knows; nothing was read.
    case unchanged
}

/// How much of a file is asked for at a time.
public struct BeginningSteps: Sendable, Hashable {
    /// Bytes of the first range; 1 or more.
    public var first: Int
    /// The most bytes that are read; a beginning that needs more is refused.
    public var limit: Int
    /// How long no byte may come before the server is given up.
    public var patience: Duration

    /// 1 MiB first, then twice what is there each time, up to 256 MiB; 30 seconds of silence.
    public init(first: Int = 1 << 20, limit: Int = 256 << 20, patience: Duration = .seconds(30)) {
        self.first = max(1, first)
        self.limit = max(1, limit)
        self.patience = patience
    }

    /// How far the next range goes when `count` bytes are there and `needed` are needed.
    func goal(after count: Int, needing needed: Int, of total: Int64?) -> Int {
        let wished = max(needed, count > limit / 2 ? limit : 2 * count)
        return Int(min(Int64(min(wished, limit)), total ?? .max))
    }
}
