import Foundation
import Security

/// The downloads of all processes on a store: what each does, and a way to tell it to do otherwise.
///
/// Every ticket is a small file of its own; who runs it holds a lock that the system gives back when the process dies,
/// so a ticket without one is at rest whatever it says. All calls block for a few file calls: make them off the
/// cooperative pool.
///
/// ```swift
/// let ledger = DownloadLedger(folder: store.appending(path: "downloads"), partialFolders: [partial])
/// guard let claim = try ledger.claim(DownloadTicket(name: "tiny", reference: "tiny")) else { return }
/// try claim.update { $0.state = .downloading }
/// try claim.finish(.completed)
/// ```
public struct DownloadLedger: Sendable {
    private let folder: TicketFolder
    private let partialFolders: [URL]
    private let time: any DownloadTime

    /// A ledger in a folder, which is made when the first ticket is.
    /// - Parameters:
    ///   - partialFolders: Where unfinished files may be: a cancelled ticket's are removed from all of them.
    ///   - time: The clock that commands are looked for by.
    public init(folder: URL, partialFolders: [URL] = [], time: any DownloadTime = SystemTime()) {
        self.folder = TicketFolder(path: folder.path)
        self.partialFolders = partialFolders
        self.time = time
    }

    /// All tickets, the highest priority first, then the oldest.
    /// - Throws: ``DownloadError/io(path:operation:code:)`` when the folder cannot be read.
    public func tickets() throws -> [LedgerItem] { try contents().items }

    /// All tickets, and the files that are none.
    /// - Throws: ``DownloadError/io(path:operation:code:)`` when the folder cannot be read.
    public func contents() throws -> LedgerContents {
        var items: [LedgerItem] = []
        var damaged: [DamagedTicket] = []
        for id in try folder.ids() {
            switch folder.read(id) {
            case nil: continue
            case .failure(let reason): damaged.append(DamagedTicket(path: folder.ticket(id), reason: reason.text))
            case .success(var ticket):
                let isRunning = DownloadLock.isHeld(folder.lock(id))
                let isActive = [.queued, .downloading, .verifying].contains(ticket.state)
                if !isRunning, isActive { ticket.rest(.paused) }
                items.append(
                    LedgerItem(ticket: ticket, isRunning: isRunning, isInterrupted: !isRunning && isActive))
            }
        }
        items.sort { ($1.ticket.priority, $0.ticket.createdAt) < ($0.ticket.priority, $1.ticket.createdAt) }
        return LedgerContents(items: items, damaged: damaged)
    }

    /// The ticket of a model, as it was found; `nil` when there is none.
    /// - Throws: ``DownloadError/io(path:operation:code:)`` when the folder cannot be read.
    public func item(named name: String) throws -> LedgerItem? {
        let id = DownloadTicket.id(of: name)
        return try tickets().first { $0.ticket.id == id }
    }

    /// Takes a ticket to run it; `nil` while another process, or another claim of this one, does.
    ///
    /// A ticket of that name that is there already keeps its first date; all else is the given one's.
    /// - Throws: ``DownloadError/io(path:operation:code:)``.
    public func claim(_ ticket: DownloadTicket) throws -> LedgerClaim? {
        try FileCalls.createFolder(folder.path)
        guard let lock = try DownloadLock.acquireSoon(folder.lock(ticket.id)) else { return nil }
        // Commands for a run that is over.
        _ = try folder.takeCommands(for: ticket.id)
        var ticket = ticket
        if case .success(let earlier) = folder.read(ticket.id) { ticket.createdAt = earlier.createdAt }
        ticket.updatedAt = time.date()
        try folder.write(ticket)
        return LedgerClaim(ticket: ticket, folder: folder, lock: lock, time: time)
    }

    /// Tells whoever runs a ticket what to do, or changes a ticket that nobody runs.
    ///
    /// At rest, `pause` and `resume` set the state (`paused`, `queued`), `limit` and `priority` their values, and
    /// `cancel` removes the ticket and the unfinished files that no other ticket names.
    /// - Throws: ``DownloadError/io(path:operation:code:)``.
    public func send(_ command: DownloadCommand, to id: String) throws -> DownloadCommand.Delivery {
        guard TicketFolder.isID(id), folder.read(id) != nil else { return .notFound }
        if let lock = try DownloadLock.acquireSoon(folder.lock(id)) { return try apply(command, to: id, lock) }
        let file = try folder.leave(command, for: id)
        // It may have ended just now: then nobody will look.
        guard !DownloadLock.isHeld(folder.lock(id)), let lock = try DownloadLock.acquireSoon(folder.lock(id)) else {
            return .delivered
        }
        guard FileCalls.exists(file) else {
            lock.removeFile()
            return .delivered
        }
        try FileCalls.remove(file)
        return try apply(command, to: id, lock)
    }

    private func apply(_ command: DownloadCommand, to id: String, _ lock: DownloadLock) throws
        -> DownloadCommand.Delivery
    {
        defer { lock.removeFile() }
        guard let found = folder.read(id) else { return .notFound }
        guard case .success(var ticket) = found else {
            // Nobody can read it, so nothing can be changed in it; it can be removed.
            if command == .cancel { try folder.remove(id) }
            return command == .cancel ? .applied : .notFound
        }
        switch command {
        case .pause: ticket.rest(.paused)
        case .resume:
            ticket.rest(.queued)
            ticket.failure = nil
        case .limit(let limit): ticket.bandwidthLimit = limit.map { max(1, $0) }
        case .priority(let priority): ticket.priority = priority
        case .cancel:
            try discardFiles(of: ticket)
            try folder.remove(id)
            return .applied
        }
        ticket.updatedAt = time.date()
        try folder.write(ticket)
        return .applied
    }

    private func discardFiles(of ticket: DownloadTicket) throws {
        let others = try contents().items.filter { $0.ticket.id != ticket.id }
        let shared = Set(others.flatMap { $0.ticket.files.compactMap(\.digest) })
        for digest in Set(ticket.files.compactMap(\.digest)).subtracting(shared) {
            for folder in partialFolders { try Downloader.discard(digest, partialFolder: folder) }
        }
    }
}
