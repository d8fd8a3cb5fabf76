import Foundation

/// What was measured, on what, as it is kept in a file.
struct SampleFile<Sample: Codable>: Codable {
    let model: String
    let threadCount: Int
    let cores: Int
    let rounds: Int
    let samples: [Sample]

    init(model: URL, threadCount: Int, rounds: Int, samples: [Sample]) {
        self.model = model.lastPathComponent
        self.threadCount = threadCount
        cores = ProcessInfo.processInfo.activeProcessorCount
        self.rounds = rounds
        self.samples = samples
    }

    /// Writes one JSON file in place of what was there.
    func write(to file: URL) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try encoder.encode(self).write(to: file, options: .atomic)
    }
}
