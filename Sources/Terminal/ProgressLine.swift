/// What one line of progress says: a label, how much of what, how fast, how long yet.
public struct ProgressLine: Sendable, Hashable {
    /// What is worked on.
    public var label: String
    /// Bytes that are done.
    public var completed: Int64
    /// Bytes in all, when known.
    public var total: Int64?
    /// Bytes per second; 0 when nothing moves or it is not known.
    public var bytesPerSecond: Double
    /// Time to the end, when it can be told.
    public var timeRemaining: Duration?
    /// A word on what is going on, in the place of speed and time: `verifying`.
    public var note: String?

    /// A line of progress.
    public init(
        label: String, completed: Int64, total: Int64?, bytesPerSecond: Double = 0, timeRemaining: Duration? = nil,
        note: String? = nil
    ) {
        self.label = label
        self.completed = completed
        self.total = total
        self.bytesPerSecond = bytesPerSecond
        self.timeRemaining = timeRemaining
        self.note = note
    }

    /// 0 to 1; `nil` without a total.
    public var fraction: Double? {
        total.map { $0 > 0 ? min(1, max(0, Double(completed) / Double($0))) : 1 }
    }

    /// Percentage, bytes, speed and time left: `42%  120 MB of 285 MB  31 MB/s  6 s left`.
    var facts: String {
        // Nothing is known yet but what goes on.
        if completed == 0, total == nil, let note { return note }
        var parts: [String] = []
        if let fraction { parts.append("\(Int(fraction * 100))%") }
        let done = HumanReadable.bytes(completed)
        parts.append(total.map { "\(done) of \(HumanReadable.bytes($0))" } ?? done)
        if let note {
            parts.append(note)
        } else {
            if bytesPerSecond >= 1 { parts.append(HumanReadable.bytes(Int64(min(bytesPerSecond, 1e18))) + "/s") }
            if let timeRemaining {
                let left = min((timeRemaining / .seconds(1)).rounded(.up), 1e9)
                parts.append(HumanReadable.duration(.seconds(left)) + " left")
            }
        }
        return parts.joined(separator: "  ")
    }

    /// The line with a bar, in at most `width - 1` columns; the label takes `labelWidth`.
    func drawn(on console: Console, width: Int, labelWidth: Int) -> String {
        Self.bar(label: label, fraction: fraction, facts: facts, on: console, width: width, labelWidth: labelWidth)
    }

    /// `label  ━━━━────  facts`, without the bar where there is no room for it or no fraction to show.
    static func bar(
        label: String, fraction: Double?, facts: String, on console: Console, width: Int, labelWidth: Int
    ) -> String {
        let text = label.printable.truncated(toWidth: labelWidth)
        let padding = String(repeating: " ", count: max(0, labelWidth - text.displayWidth))
        let room = width - 1 - labelWidth - facts.displayWidth - 4
        guard let fraction, room >= 10 else {
            return "\(text)\(padding)  \(facts)".truncated(toWidth: max(1, width - 1))
        }
        let cells = min(room, 40)
        let filled = Int((fraction * Double(cells)).rounded(.down))
        return "\(text)\(padding)  " + console.styled(String(repeating: "━", count: filled), .cyan)
            + console.styled(String(repeating: "─", count: cells - filled), .dim) + "  \(facts)"
    }
}
