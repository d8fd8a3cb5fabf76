import Security

/// Writes a pack through a descriptor. Until ``finish()`` returned, what is in the file is not a pack.
struct PackWriter {
    private let file: PackDescriptor
    private let keyDigest: [UInt8]
    private let secret: PackSecret
    private let byteLimit: UInt64
    private var index: [UInt8] = []
    private var entryCount: UInt32 = 0
    private var end = UInt64(PackFormat.headerByteCount)

    /// Empties the file. The descriptor stays the caller's.
    ///
    /// - Parameter byteLimit: most bytes of the file; what would make it larger is refused.
    /// Throws `PackError.system`.
    init(descriptor: Int32, key: PackKey, secret: PackSecret, byteLimit: Int64 = .max) throws {
        file = PackDescriptor(rawValue: descriptor)
        keyDigest = PackFormat.keyDigest(key)
        self.secret = secret
        self.byteLimit = UInt64(max(0, byteLimit))
        try file.truncate(to: 0)
    }

    /// Bytes that the file will have.
    var byteCount: UInt64 { end + UInt64(index.count) }

    /// Adds a prefix and its state. What comes first is read first: add the latest first.
    ///
    /// Throws `PackError.tooLarge` when there is no room for it (others may still fit), `.system`; `.corrupt` for a
    /// namespace that has not 32 bytes.
    mutating func add(_ entry: PackEntry, state: UnsafeRawBufferPointer) throws {
        guard entry.namespace.count == PackFormat.namespaceByteCount else {
            throw PackError.corrupt(reason: "a namespace has \(entry.namespace.count) bytes instead of 32")
        }
        let added = UInt64(state.count) + UInt64(PackFormat.entryByteCount + entry.tokens.count * 4)
        guard byteCount + added <= byteLimit else {
            throw PackError.tooLarge(byteCount: Int64(clamping: byteCount + added), limit: Int64(clamping: byteLimit))
        }
        guard index.count + PackFormat.entryByteCount + entry.tokens.count * 4 <= Int(PackFormat.indexByteLimit),
            entryCount < .max, entry.tokens.count <= Int(UInt32.max)
        else {
            throw PackError.tooLarge(byteCount: Int64(index.count), limit: Int64(PackFormat.indexByteLimit))
        }
        let code = PackFormat.stateCode(secret, keyDigest: keyDigest, entry: entry, state: state).finish()
        try file.write(state, at: end)
        PackFormat.append(entry.placed(at: end, byteCount: state.count, code: code), to: &index)
        end += UInt64(state.count)
        entryCount += 1
    }

    /// As ``add(_:state:)`` for bytes in an array.
    mutating func add(_ entry: PackEntry, state: [UInt8]) throws {
        try state.withUnsafeBytes { try add(entry, state: $0) }
    }

    /// Makes it a pack: the index, the header, all on the disk. Nothing may be added afterwards.
    ///
    /// Throws `PackError.system`.
    consuming func finish() throws {
        let header = PackFormat.Header(
            keyDigest: keyDigest, entryCount: entryCount, indexOffset: end, indexByteCount: UInt64(index.count)
        ).bytes
        let code = PackFormat.indexCode(secret, header: header, index: index).finish()
        try index.withUnsafeBytes { try file.write($0, at: end) }
        // What an attempt that failed may have left behind the end.
        try file.truncate(to: byteCount)
        try file.synchronize()
        try (header + code).withUnsafeBytes { try file.write($0, at: 0) }
        try file.synchronize()
    }
}
