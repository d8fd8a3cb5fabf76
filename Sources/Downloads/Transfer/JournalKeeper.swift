import Security

/// Writes the journal while bytes land: after so many of them, or after so long.
struct JournalKeeper: Sendable {
    let context: TransferContext
    let journal: JournalFile
    let key: Digest
    let entityTag: String?

    /// Works until it is cancelled.
    func run() async throws {
        let configuration = context.configuration
        // At half of what a crash may cost, so that connections need not wait for the disk to synchronize.
        let limit = configuration.journalByteCount / 2
        var last = context.time.now()
        while true {
            let version = context.board.signal.version
            let isDue = context.time.now() - last >= configuration.journalInterval
            if let map = context.board.journalMap(ifMoreThan: isDue ? 0 : limit) {
                try write(map)
                context.board.noteJournal()
                last = context.time.now()
            }
            try await context.board.signal.changed(since: version)
        }
    }

    /// Writes what has landed by now.
    func flush() throws { try write(context.board.map) }

    private func write(_ map: BlockMap) throws {
        try journal.write(Journal(key: key, map: map, validator: entityTag), after: context.file)
    }
}
