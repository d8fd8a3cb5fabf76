import Foundation
import Security

/// The file that is downloaded: content that no compression makes smaller and that is the same on every machine
/// (SplitMix64 from seed 1, little-endian). Made once, checked before every use.
struct PseudorandomFile {
    let url: URL
    let byteCount: Int64
    let digest: Digest

    private static let chunkByteCount = 8 << 20

    /// The file in a folder for such files.
    init(byteCount: Int64, folder: URL) throws {
        self.byteCount = byteCount
        url = folder.appendingPathComponent("pseudorandom-\(byteCount)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let wanted = try Self.make(byteCount: byteCount, at: nil)
        digest = wanted
        if let found = try? Self.digest(of: url), found == wanted { return }
        let partial = folder.appendingPathComponent("partial-\(ProcessInfo.processInfo.processIdentifier)")
        defer { try? FileManager.default.removeItem(at: partial) }
        _ = try Self.make(byteCount: byteCount, at: partial)
        try? FileManager.default.removeItem(at: url)
        try FileManager.default.moveItem(at: partial, to: url)
    }

    /// The digest of a file's content.
    static func digest(of url: URL) throws -> Digest {
        let file = try FileHandle(forReadingFrom: url)
        defer { try? file.close() }
        var hash = ContentHash()
        while let data = try file.read(upToCount: chunkByteCount), !data.isEmpty {
            data.withUnsafeBytes { hash.update($0) }
        }
        return hash.finish()
    }

    /// Makes the content, and the file with it where a place is given.
    private static func make(byteCount: Int64, at url: URL?) throws -> Digest {
        var output: FileHandle?
        if let url {
            guard FileManager.default.createFile(atPath: url.path, contents: nil) else {
                throw BenchError(description: "The file \(url.path) could not be made.")
            }
            output = try FileHandle(forWritingTo: url)
        }
        defer { try? output?.close() }
        var hash = ContentHash()
        var state: UInt64 = 1
        var words = [UInt64](repeating: 0, count: chunkByteCount / 8)
        var left = byteCount
        while left > 0 {
            for index in words.indices {
                state &+= 0x9E37_79B9_7F4A_7C15
                var word = state
                word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
                word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
                words[index] = (word ^ (word >> 31)).littleEndian
            }
            let count = Int(min(left, Int64(chunkByteCount)))
            try words.withUnsafeBytes { bytes in
                let part = UnsafeRawBufferPointer(rebasing: bytes[..<count])
                hash.update(part)
                try output?.write(contentsOf: Data(part))
            }
            left -= Int64(count)
        }
        return hash.finish()
    }
}
