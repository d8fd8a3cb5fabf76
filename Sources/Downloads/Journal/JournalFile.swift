#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The journal's file: replaced in one step, so a reader and a crash see the old or the new one, never half.
struct JournalFile: Sendable {
    let path: String
    /// The folder that the journal and the partial file are in.
    let folder: String

    /// The journal, or `nil` when there is none that can be trusted.
    func read() -> Journal? {
        guard let descriptor = try? FileCalls.openFile(path, flags: O_RDONLY) else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let offset = off_t(bytes.count)
            let count = chunk.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, offset) }
            if count < 0 { return nil }
            if count == 0 { return Journal(decoding: bytes) }
            bytes += chunk[..<count]
        }
    }

    /// Makes the data durable, then the journal that speaks of it: a journal never promises what the disk lacks.
    ///
    /// The snapshot must have been taken before the call: only what was written before `fdatasync` is covered by it.
    func write(_ journal: Journal, after data: PartialFile) throws {
        try data.synchronizeData()
        let temporary = path + ".new"
        let descriptor = try FileCalls.openFile(temporary, flags: O_WRONLY | O_CREAT | O_TRUNC)
        do {
            defer { close(descriptor) }
            try journal.encoded().withUnsafeBytes { bytes in
                guard let base = bytes.baseAddress else { return }
                var done = 0
                while done < bytes.count {
                    done += try FileCalls.retrying("write the journal", temporary) {
                        pwrite(descriptor, base + done, bytes.count - done, off_t(done))
                    }
                }
            }
            try FileCalls.synchronizeAll(descriptor, path: temporary)
        }
        try FileCalls.move(temporary, to: path)
        try FileCalls.synchronizeFolder(folder)
    }

    func remove() throws {
        try FileCalls.remove(path + ".new")
        try FileCalls.remove(path)
    }
}
