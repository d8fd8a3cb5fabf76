import ChatHistory
import Foundation
import Synchronization

/// A folder that goes with its owner, and the history in it.
final class HistoryFixture: Sendable {
    let folder = FileManager.default.temporaryDirectory.appending(path: "roost-history-\(UUID().uuidString)")
    private let clock = Mutex(1_000_000.0)

    init() throws { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) }

    deinit { try? FileManager.default.removeItem(at: folder) }

    var file: URL { folder.appending(path: ChatHistory.fileName) }

    /// Opens the history; each call is a connection of its own, as of another process. Time goes on a second with each
    /// look at it.
    func open(_ limits: HistoryLimits = HistoryLimits()) throws -> ChatHistory {
        try ChatHistory(in: folder, limits: limits) { [self] in
            Date(
                timeIntervalSince1970: clock.withLock { time in
                    time += 1
                    return time
                })
        }
    }

    /// The files of the folder and what is in them.
    func contents() throws -> [String: Data] {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        return try Dictionary(
            uniqueKeysWithValues: names.map { ($0, try Data(contentsOf: folder.appending(path: $0))) })
    }

    /// The files in which a text is.
    func files(with text: String) throws -> [String] {
        try contents().filter { $0.value.range(of: Data(text.utf8)) != nil }.map(\.key).sorted()
    }
}

extension SavedMessage {
    static func user(_ text: String) -> SavedMessage { SavedMessage(role: .user, content: text) }
    static func assistant(_ text: String) -> SavedMessage { SavedMessage(role: .assistant, content: text) }
}

extension SavedMessage {
    /// Without the time at which it was kept.
    var untimed: SavedMessage {
        var message = self
        message.createdAt = nil
        return message
    }
}

/// Numbers that are the same for a seed.
struct Seeded: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        // SplitMix64.
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
