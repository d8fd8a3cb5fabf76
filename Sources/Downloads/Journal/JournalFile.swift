/// The journal's file: replaced in one step, so a reader and a crash see the old or the new one, never half.
struct JournalFile: Sendable {
    let path: String
    /// The folder that the journal and the partial file are in.
    let folder: String
    /// Larger files are not journals.
    private static let maximumByteCount: Int64 = 256 << 20

    /// The journal, or `nil` when there is none that can be trusted.
    func read() -> Journal? {
        (try? FileCalls.readFile(path, limit: Self.maximumByteCount)).flatMap { Journal(decoding: $0) }
    }

    /// Makes the data durable, then the journal that speaks of it: a journal never promises what the disk lacks.
    ///
    /// The snapshot must have been taken before the call: only what was written before `fdatasync` is covered by it.
    func write(_ journal: Journal, after data: PartialFile) throws {
        try data.synchronizeData()
        let temporary = path + ".new"
        try FileCalls.writeFile(temporary, journal.encoded())
        try FileCalls.move(temporary, to: path)
        try FileCalls.synchronizeFolder(folder)
    }

    func remove() throws {
        try FileCalls.remove(path + ".new")
        try FileCalls.remove(path)
    }
}
