/// What a saved state is.
enum PackStateKind: UInt8, Sendable, CaseIterable {
    /// All of a sequence, as `llama_state_seq_get_data_ext` gives it.
    case sequence = 0
    /// Only what a cache without it could not compute from the rest (`PARTIAL_ONLY`).
    case checkpoint = 1
}

/// A saved prefix.
struct PackEntry: Sendable, Hashable {
    /// Whose it is: 32 bytes that stand for a tenant and its adapters' scales.
    var namespace: [UInt8]
    /// The tokens, in order.
    var tokens: [Int32]
    /// What the saved state is.
    var kind: PackStateKind
    /// When it was of use last, in seconds since 1970; orders entries, and nothing else.
    var lastUse: Int64
    /// Bytes of the state; set by who reads or writes the pack.
    private(set) var stateByteCount = 0

    /// Where the state stands in the file.
    private(set) var offset: UInt64 = 0
    /// The code over the entry and its state.
    private(set) var code: [UInt8] = []

    init(namespace: [UInt8], tokens: [Int32], kind: PackStateKind, lastUse: Int64) {
        self.namespace = namespace
        self.tokens = tokens
        self.kind = kind
        self.lastUse = lastUse
    }

    /// The same with its state at a place of a file.
    func placed(at offset: UInt64, byteCount: Int, code: [UInt8]) -> PackEntry {
        var entry = self
        entry.offset = offset
        entry.stateByteCount = byteCount
        entry.code = code
        return entry
    }
}
