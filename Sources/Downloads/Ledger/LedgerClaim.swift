import Foundation
import Synchronization

/// The right to run one ticket, until ``finish(_:)`` or the end of the process.
public final class LedgerClaim: Sendable {
    /// How a run ended.
    public enum End: Hashable, Sendable {
        /// The model is there; the ticket goes.
        case completed
        /// Nobody wants it; the ticket goes.
        case cancelled
        /// It goes on another time; the ticket stays.
        case paused
        /// Its process ends, which nobody meant for it: the next server goes on. The ticket stays.
        case interrupted
        /// It goes on another time; the ticket stays and says why.
        case failed(String)
    }

    private struct State {
        var ticket: DownloadTicket
        /// `nil` when the claim is over.
        var lock: DownloadLock?
    }

    /// What other processes ask for, in order. Ends with the claim. For one reader.
    public let commands: AsyncStream<DownloadCommand>
    private let continuation: AsyncStream<DownloadCommand>.Continuation
    private let state: Mutex<State>
    private let folder: TicketFolder
    private let id: String
    private let date: @Sendable () -> Date
    private let watch = Mutex<Task<Void, Never>?>(nil)
    private static let executor = BlockingExecutor.shared
    private static let interval = Duration.milliseconds(250)

    init(ticket: DownloadTicket, folder: TicketFolder, lock: DownloadLock, time: any DownloadTime) {
        (commands, continuation) = AsyncStream.makeStream(of: DownloadCommand.self)
        state = Mutex(State(ticket: ticket, lock: lock))
        self.folder = folder
        id = ticket.id
        date = { time.date() }
        let (id, continuation) = (ticket.id, continuation)
        let task = Task(executorPreference: Self.executor) {
            while !Task.isCancelled {
                // A folder that cannot be read now may be read later.
                for command in (try? folder.takeCommands(for: id)) ?? [] { continuation.yield(command) }
                guard (try? await time.sleep(for: Self.interval)) != nil else { return }
            }
        }
        watch.withLock { $0 = task }
    }

    deinit { stopWatching() }

    /// The ticket as it was written last.
    public var ticket: DownloadTicket { state.withLock { $0.ticket } }

    /// Changes the ticket and writes it, in one step and for good. Blocks for a few file calls: call it about once a
    /// second, off the cooperative pool. Nothing happens when the claim is over.
    /// - Throws: ``DownloadError/io(path:operation:code:)``.
    public func update(_ change: (inout DownloadTicket) -> Void) throws {
        try state.withLock { state in
            guard state.lock != nil else { return }
            change(&state.ticket)
            state.ticket.updatedAt = date()
            try folder.write(state.ticket)
        }
    }

    /// Ends the claim. Blocks for a few file calls. A second call does nothing.
    /// - Throws: ``DownloadError/io(path:operation:code:)``; the claim is over then, too.
    public func finish(_ end: End) throws {
        stopWatching()
        try state.withLock { state in
            guard let lock = state.lock else { return }
            defer {
                lock.removeFile()
                state.lock = nil
            }
            switch end {
            case .completed, .cancelled:
                try folder.remove(id)
                _ = try folder.takeCommands(for: id)
                return
            case .paused:
                state.ticket.rest(.paused)
            case .interrupted:
                state.ticket.rest(.queued)
            case .failed(let reason):
                state.ticket.rest(.failed)
                state.ticket.failure = reason
            }
            state.ticket.updatedAt = date()
            try folder.write(state.ticket)
        }
    }

    private func stopWatching() {
        watch.withLock { $0?.cancel() }
        continuation.finish()
    }
}
