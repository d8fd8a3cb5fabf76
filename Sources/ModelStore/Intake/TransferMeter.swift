/// Adds the progress of several files to one that never goes back.
final class TransferMeter {
    let total: Int64
    private let progress: @Sendable (ImportProgress) -> Void
    private var done: Int64 = 0

    init(total: Int64, progress: @escaping @Sendable (ImportProgress) -> Void) {
        self.total = total
        self.progress = progress
    }

    /// The progress of the next file.
    func next(byteCount: Int64) -> @Sendable (ImportProgress) -> Void {
        let start = done
        let total = total
        let progress = progress
        done += byteCount
        return { step in
            let completed = min(start + step.completed, max(total, step.completed))
            progress(ImportProgress(phase: step.phase, completed: completed, total: max(total, completed)))
        }
    }
}
