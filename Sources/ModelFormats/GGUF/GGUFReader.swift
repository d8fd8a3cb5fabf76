import Foundation

/// Reads the header of a GGUF file: metadata and the list of tensors.
///
/// The format's structure is checked as it is read; `GGUFValidator` checks layout and meaning on top. Format:
/// `docs/gguf.md` of ggml, and what the engine's own reader accepts.
public enum GGUFReader {
    /// How `open` gets at the bytes of a header.
    public enum Access: Sendable {
        /// Maps the file: the fastest. Another process that truncates the file while it is open would end this one,
        /// so it is meant for files that nobody changes, such as a store's blobs.
        case memoryMapped
        /// Reads a copy of the header: safe with a file that anybody may change meanwhile.
        case copied
    }

    /// Opens a file and reads its header. Values are decoded when asked for, so a vocabulary of 262,144 tokens costs
    /// a millisecond.
    ///
    /// - Parameters:
    ///   - url: A regular file.
    ///   - access: Map or copy.
    ///   - followingSymbolicLinks: `false` refuses a path whose last component is a symbolic link.
    /// - Throws: `GGUFError`.
    public static func open(
        _ url: URL, access: Access = .memoryMapped, followingSymbolicLinks: Bool = true
    ) throws -> GGUFFile {
        let file = try ReadOnlyFile(path: url.path, followingSymbolicLinks: followingSymbolicLinks)
        guard file.byteCount > 0 else { throw GGUFError.emptyFile }
        let header =
            switch access {
            case .memoryMapped: try mappedHeader(of: file)
            case .copied: try copiedHeader(of: file)
            }
        return GGUFFile(url: url, fileByteCount: file.byteCount, header: header)
    }

    /// Reads a header from the first bytes of a file.
    ///
    /// - Parameters:
    ///   - bytes: The file's first bytes, as many as are there.
    ///   - fileByteCount: The size of the whole file when it is known; lets a header that cannot fit be refused early.
    /// - Returns: The header, or how many bytes are needed at the least.
    /// - Throws: `GGUFError`.
    public static func header(
        from bytes: some ContiguousBytes, fileByteCount: UInt64? = nil
    ) throws -> GGUFHeaderRead {
        try bytes.withUnsafeBytes { bytes in
            try header(from: bytes, fileByteCount: fileByteCount) { count in
                GGUFStorage(copying: UnsafeRawBufferPointer(rebasing: bytes[..<count]))
            }
        }
    }

    private static func header(
        from bytes: UnsafeRawBufferPointer, fileByteCount: UInt64?, storage: (Int) -> GGUFStorage
    ) throws -> GGUFHeaderRead {
        var parser = GGUFHeaderParser(bytes: bytes, fileByteCount: fileByteCount)
        do {
            return .complete(try parser.parse(storage: storage))
        } catch let need as NeedsMoreBytes {
            return .needsMore(atLeast: need.atLeast)
        }
    }

    private static func mappedHeader(of file: borrowing ReadOnlyFile) throws -> GGUFHeader {
        let storage = try file.map()
        let size = file.byteCount
        switch try header(from: storage.bytes, fileByteCount: size, storage: { _ in storage }) {
        case .complete(let header): return header
        case .needsMore(let count): throw GGUFError.truncated(needed: UInt64(count), available: size)
        }
    }

    private static func copiedHeader(of file: borrowing ReadOnlyFile) throws -> GGUFHeader {
        let size = file.byteCount
        var count = min(1 << 20, Int(clamping: size))
        while true {
            let storage = try file.read(count)
            // The parse that succeeds keeps this buffer, so a header is in memory once.
            switch try header(from: storage.bytes, fileByteCount: size, storage: { _ in storage }) {
            case .complete(let header): return header
            case .needsMore(let needed):
                guard storage.bytes.count == count, needed > count, UInt64(needed) <= size else {
                    throw GGUFError.truncated(needed: UInt64(needed), available: UInt64(storage.bytes.count))
                }
                count = min(max(needed, 2 * count), Int(clamping: size))
            }
        }
    }
}

/// An opened GGUF file.
public struct GGUFFile: Sendable {
    /// Where the file is.
    public let url: URL
    /// The size of the whole file in bytes.
    public let fileByteCount: UInt64
    /// What the file says of itself.
    public let header: GGUFHeader
}
