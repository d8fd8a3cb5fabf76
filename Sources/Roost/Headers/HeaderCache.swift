import Foundation
import ModelStore
import Security

/// Headers of models that are elsewhere, and what names stood for, in `cache/headers` of the home directory.
///
/// A file is written beside its place and renamed, and holds a checksum of all that it has: what a crash or a disk
/// spoilt counts as missing. Nothing here is the only copy of anything, so failures to write are no errors. The files
/// that were not used for longest go when there are too many. Everything blocks.
struct HeaderCache: Sendable {
    let folder: URL
    /// The most bytes of all files together.
    var byteLimit: Int64 = 512 << 20

    /// What one file holds.
    struct Entry: Sendable, Hashable {
        /// A number that goes with the bytes: the size of the file that they are the beginning of.
        var number: Int64
        var bytes: Data
    }

    /// Kinds of files, by their extension.
    enum Kind: String, Sendable { case header, model }

    private static let magic = Data("ROOSTHD1".utf8)
    /// Magic, number, count of bytes, SHA-256 of key, number and bytes.
    private static let prefixByteCount = 8 + 8 + 8 + 32

    /// The entry of a key, checked; it counts as used now.
    func entry(_ kind: Kind, _ key: Digest) -> Entry? {
        let url = url(kind, key)
        guard let data = try? Data(contentsOf: url), data.count >= Self.prefixByteCount,
            data.prefix(8) == Self.magic, Self.number(data, at: 16) == Int64(data.count - Self.prefixByteCount)
        else { return nil }
        let entry = Entry(number: Self.number(data, at: 8), bytes: data.dropFirst(Self.prefixByteCount))
        guard Data(Self.checksum(key, entry).bytes) == data[24..<56] else {
            try? FileManager.default.removeItem(at: url)
            return nil
        }
        try? FileManager.default.setAttributes([.modificationDate: Date()], ofItemAtPath: url.path)
        return entry
    }

    /// Keeps an entry, and lets others go that there is no room for.
    func keep(_ kind: Kind, _ key: Digest, _ entry: Entry) {
        guard Int64(entry.bytes.count + Self.prefixByteCount) <= byteLimit else { return }
        let start =
            Self.magic + Self.encoded(entry.number) + Self.encoded(Int64(entry.bytes.count))
            + Data(Self.checksum(key, entry).bytes)
        let files = FileManager.default
        try? files.createDirectory(
            at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let temporary = folder.appending(path: "\(UUID().uuidString).tmp")
        do {
            guard files.createFile(atPath: temporary.path, contents: start, attributes: [.posixPermissions: 0o600])
            else { return }
            let file = try FileHandle(forWritingTo: temporary)
            try file.seekToEnd()
            try file.write(contentsOf: entry.bytes)
            try file.close()
            guard rename(temporary.path, url(kind, key).path) == 0 else { throw CocoaError(.fileWriteUnknown) }
            makeRoom()
        } catch {
            try? files.removeItem(at: temporary)
        }
    }

    /// Removes what was not used for longest until the rest is within the limit.
    private func makeRoom() {
        let keys: Set<URLResourceKey> = [.fileSizeKey, .contentModificationDateKey]
        let urls = (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: Array(keys)))
        let files = (urls ?? []).compactMap { url -> (url: URL, size: Int64, used: Date)? in
            guard let values = try? url.resourceValues(forKeys: keys), let size = values.fileSize,
                let used = values.contentModificationDate
            else { return nil }
            return (url, Int64(size), used)
        }
        var total = files.reduce(0) { $0 + $1.size }
        for file in files.sorted(by: { $0.used < $1.used }) where total > byteLimit {
            try? FileManager.default.removeItem(at: file.url)
            total -= file.size
        }
    }

    private func url(_ kind: Kind, _ key: Digest) -> URL {
        folder.appending(path: key.fileName + "." + kind.rawValue)
    }

    private static func checksum(_ key: Digest, _ entry: Entry) -> Digest {
        var hash = ContentHash()
        hash.update(key.bytes)
        hash.update([UInt8](encoded(entry.number)))
        entry.bytes.withUnsafeBytes { hash.update($0) }
        return hash.finish()
    }

    private static func encoded(_ number: Int64) -> Data { withUnsafeBytes(of: number.littleEndian) { Data($0) } }

    private static func number(_ data: Data, at offset: Int) -> Int64 {
        data.withUnsafeBytes { Int64(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: Int64.self)) }
    }
}
