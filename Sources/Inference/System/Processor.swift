import Foundation
import LlamaBridge

/// The processor as far as the engine's threads are concerned.
enum Processor {
    /// The cores that are good for arithmetic, as the engine counts them, but no more than this process may use (affinity, cgroup quota).
    static var defaultThreadCount: Int {
        if let known = KnownSystem.current { return known.threadCount }
        return max(1, min(Int(roost_math_core_count()), ProcessInfo.processInfo.activeProcessorCount, quota ?? .max))
    }

    /// Whole cores of the cgroup's (v2) CPU quota; `nil` when there is none.
    private static var quota: Int? {
        guard let text = try? String(contentsOfFile: "/sys/fs/cgroup/cpu.max", encoding: .utf8) else { return nil }
        let words = text.split(whereSeparator: \.isWhitespace)
        guard words.count == 2, let share = Double(words[0]), let period = Double(words[1]), period > 0 else {
            return nil
        }
        return Int((share / period).rounded(.up))
    }
}
