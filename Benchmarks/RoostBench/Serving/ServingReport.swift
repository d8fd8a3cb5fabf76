import Foundation

/// The samples of a run of ``ServingBenchmark``, as they are kept.
struct ServingReport: Codable {
    let model: String
    let threadCount: Int
    let cores: Int
    let rounds: Int
    let samples: [ServingBenchmark.Sample]

    /// Writes one JSON file.
    func write(to file: URL) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        try encoder.encode(self).write(to: file)
    }
}
