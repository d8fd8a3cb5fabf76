import Security

/// Reads a pack through a descriptor. Nothing is returned that a holder of the secret did not write for this key.
package struct PackReader: Sendable {
    /// The saved prefixes, in the order in which they were written.
    let entries: [PackEntry]
    private let file: PackDescriptor
    private let keyDigest: [UInt8]
    private let secret: PackSecret

    /// Verifies the header and the index. The descriptor stays the caller's and must stay open.
    ///
    /// Throws `PackError`.
    package init(descriptor: Int32, key: PackKey, secret: PackSecret) throws {
        file = PackDescriptor(rawValue: descriptor)
        keyDigest = PackFormat.keyDigest(key)
        self.secret = secret
        let (header, index) = try Self.verifiedIndex(file, keyDigest, secret)
        entries = try Self.entries(of: index, header)
    }

    /// The state of one of `entries`.
    ///
    /// Throws `PackError.corrupt` when the bytes are not those that were written, `.system`.
    func state(of entry: PackEntry) throws -> [UInt8] {
        let end = entry.offset.addingReportingOverflow(UInt64(entry.stateByteCount))
        guard !end.overflow, end.partialValue <= (try file.byteCount()) else {
            throw PackError.corrupt(reason: "the file became shorter")
        }
        let state = try file.read(entry.stateByteCount, at: entry.offset)
        let code = state.withUnsafeBytes {
            PackFormat.stateCode(secret, keyDigest: keyDigest, entry: entry, state: $0)
        }
        guard code.isValid(entry.code) else { throw PackError.corrupt(reason: "a state was changed") }
        return state
    }

    private static func verifiedIndex(
        _ file: PackDescriptor, _ keyDigest: [UInt8], _ secret: PackSecret
    ) throws -> (PackFormat.Header, [UInt8]) {
        let byteCount = try file.byteCount()
        guard byteCount >= UInt64(PackFormat.headerByteCount) else {
            throw PackError.corrupt(reason: "the file is too short")
        }
        let bytes = try file.read(PackFormat.headerByteCount, at: 0)
        var cursor = PackCursor(bytes)
        guard cursor.take(PackFormat.magic.count) == PackFormat.magic, let version = cursor.integer(UInt32.self) else {
            throw PackError.corrupt(reason: "the file is not a pack or was not finished")
        }
        guard version == PackFormat.version else { throw PackError.unsupportedVersion(version) }
        guard let entryCount = cursor.integer(UInt32.self), let writtenFor = cursor.take(keyDigest.count),
            let indexOffset = cursor.integer(UInt64.self), let indexByteCount = cursor.integer(UInt64.self),
            let code = cursor.take(MessageAuthentication.byteCount)
        else { throw PackError.corrupt(reason: "the header is too short") }
        guard writtenFor == keyDigest else { throw PackError.foreignKey }
        let end = indexOffset.addingReportingOverflow(indexByteCount)
        guard indexOffset >= UInt64(PackFormat.headerByteCount), !end.overflow, end.partialValue == byteCount,
            indexByteCount <= PackFormat.indexByteLimit,
            UInt64(entryCount) <= indexByteCount / UInt64(PackFormat.entryByteCount)
        else { throw PackError.corrupt(reason: "its sizes do not agree with the file's") }

        let index = try file.read(Int(indexByteCount), at: indexOffset)
        let header = Array(bytes[..<PackFormat.authenticatedHeaderByteCount])
        guard PackFormat.indexCode(secret, header: header, index: index).isValid(code) else {
            throw PackError.corrupt(reason: "its index was changed or written elsewhere")
        }
        return (
            PackFormat.Header(
                keyDigest: keyDigest, entryCount: entryCount, indexOffset: indexOffset, indexByteCount: indexByteCount),
            index
        )
    }

    /// The index was written by a holder of the secret; it is checked all the same.
    private static func entries(of index: [UInt8], _ header: PackFormat.Header) throws -> [PackEntry] {
        var cursor = PackCursor(index)
        var entries: [PackEntry] = []
        entries.reserveCapacity(Int(header.entryCount))
        var expected = UInt64(PackFormat.headerByteCount)
        for _ in 0..<header.entryCount {
            guard let namespace = cursor.take(PackFormat.namespaceByteCount),
                let kind = cursor.integer(UInt8.self).flatMap(PackStateKind.init),
                let lastUse = cursor.integer(Int64.self), let offset = cursor.integer(UInt64.self),
                let byteCount = cursor.integer(UInt64.self), let tokenCount = cursor.integer(UInt32.self),
                let tokens = cursor.tokens(Int(tokenCount)), let code = cursor.take(MessageAuthentication.byteCount),
                offset == expected, byteCount <= header.indexOffset - expected
            else { throw PackError.corrupt(reason: "its index makes no sense") }
            expected += byteCount
            let entry = PackEntry(namespace: namespace, tokens: tokens, kind: kind, lastUse: lastUse)
            entries.append(entry.placed(at: offset, byteCount: Int(byteCount), code: code))
        }
        guard expected == header.indexOffset, cursor.remaining == 0 else {
            throw PackError.corrupt(reason: "its index makes no sense")
        }
        return entries
    }
}
