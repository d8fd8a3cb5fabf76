#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The file that a download fills, written and read at offsets by many threads at once.
final class PartialFile: Sendable {
    let path: String
    private let descriptor: Int32

    /// Opens the file, or makes an empty one.
    init(path: String) throws {
        self.path = path
        descriptor = try FileCalls.openFile(path, flags: O_RDWR | O_CREAT)
    }

    deinit { close(descriptor) }

    /// Gives the file its final size and reserves the disk space for it.
    /// - Parameter margin: Bytes that must stay free beside the file.
    /// - Throws: ``DownloadError/noSpace(path:needed:available:)`` before anything is written.
    func allocate(byteCount: Int64, margin: Int64, reserves: Bool) throws {
        var facts = stat()
        try FileCalls.retrying("read the facts of", path) { Int(fstat(descriptor, &facts)) }
        let reserved = Int64(facts.st_blocks) * 512
        let missing = max(0, byteCount - reserved)
        let (needed, overflow) = missing.addingReportingOverflow(margin)
        let available = try FileCalls.freeByteCount(at: path)
        guard !overflow, needed <= available else {
            throw DownloadError.noSpace(path: path, needed: overflow ? .max : needed, available: available)
        }
        switch reserves ? FileCalls.reserve(descriptor, byteCount: byteCount) : 0 {
        case ENOSPC, EDQUOT: throw DownloadError.noSpace(path: path, needed: needed, available: available)
        case EFBIG: throw DownloadError.io(path: path, operation: "reserve \(byteCount) bytes for", code: EFBIG)
        default: break  // a file system without reservation: a sparse file does
        }
        try FileCalls.retrying("set the size of", path) { Int(ftruncate(descriptor, off_t(byteCount))) }
    }

    /// Writes all bytes at an offset.
    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws {
        guard let base = bytes.baseAddress else { return }
        var done = 0
        while done < bytes.count {
            do {
                done += try FileCalls.retrying("write to", path) {
                    pwrite(descriptor, base + done, bytes.count - done, off_t(offset) + off_t(done))
                }
            } catch DownloadError.noSpace(_, _, let available) {
                throw DownloadError.noSpace(path: path, needed: Int64(bytes.count - done), available: available)
            }
        }
    }

    /// Reads at an offset until the buffer is full or the file ends; how many bytes came.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws -> Int {
        guard let base = buffer.baseAddress else { return 0 }
        var done = 0
        while done < buffer.count {
            let count = try FileCalls.retrying("read", path) {
                pread(descriptor, base + done, buffer.count - done, off_t(offset) + off_t(done))
            }
            if count == 0 { break }
            done += count
        }
        return done
    }

    /// Returns when the bytes written so far are on the disk.
    func synchronizeData() throws { try FileCalls.synchronizeData(descriptor, path: path) }

    /// Returns when the bytes and the size are on the disk.
    func synchronizeAll() throws { try FileCalls.synchronizeAll(descriptor, path: path) }
}
