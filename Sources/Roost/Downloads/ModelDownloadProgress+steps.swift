import Downloads

// How the progress of a model follows from that of its parts.

extension ModelDownloadProgress {
    /// A file's download is further.
    mutating func take(_ step: DownloadProgress, at index: Int) {
        guard files.indices.contains(index) else { return }
        files[index].state = step.state
        files[index].completedByteCount = max(files[index].completedByteCount, step.completedByteCount)
        files[index].totalByteCount = step.totalByteCount ?? files[index].totalByteCount
        files[index].bytesPerSecond = step.bytesPerSecond
        files[index].connectionCount = step.connectionCount
        state = Self.state(of: files.map(\.state))
    }

    /// Another process does the work.
    mutating func follow(_ ticket: DownloadTicket) {
        state = ticket.state
        guard files.count == 1 else { return }
        files[0].state = ticket.state
        files[0].completedByteCount = max(files[0].completedByteCount, ticket.completedByteCount)
        files[0].bytesPerSecond = ticket.bytesPerSecond
        files[0].connectionCount = ticket.connectionCount
    }

    /// Everything is in its place.
    mutating func complete() {
        state = .completed
        for index in files.indices {
            files[index].state = .completed
            files[index].completedByteCount = files[index].totalByteCount ?? files[index].completedByteCount
            files[index].bytesPerSecond = 0
            files[index].connectionCount = 0
        }
    }

    /// It ended without the model.
    mutating func end(_ state: DownloadProgress.State) {
        self.state = state
        for index in files.indices where files[index].state != .completed {
            files[index].state = state
            files[index].bytesPerSecond = 0
            files[index].connectionCount = 0
        }
    }

    /// The whole is what its liveliest part is.
    private static func state(of states: [DownloadProgress.State]) -> DownloadProgress.State {
        for state in [DownloadProgress.State.failed, .downloading, .verifying, .paused, .queued] {
            if states.contains(state) { return state }
        }
        // All files are here; the store has yet to take them in.
        return .verifying
    }
}

extension DownloadTicket {
    /// What other processes are told.
    mutating func take(_ progress: ModelDownloadProgress) {
        state = progress.state
        completedByteCount = progress.completedByteCount
        totalByteCount = progress.totalByteCount ?? totalByteCount
        bytesPerSecond = progress.bytesPerSecond
        connectionCount = progress.connectionCount
    }

    /// Remembers what was asked for beyond this run.
    mutating func note(_ command: DownloadCommand) {
        switch command {
        case .limit(let bytesPerSecond): bandwidthLimit = bytesPerSecond
        case .priority(let priority): self.priority = priority
        case .pause, .resume, .cancel: break
        }
    }
}
