import Foundation

/// What clients ask of a server, from a file in `Benchmarks/Workloads`.
struct ServingWorkload: Codable {
    enum Kind: String, Codable {
        /// So many streams at once until all requests are answered: tokens per second, of prompts and answers together.
        case throughput
        /// The 99th percentile of the time between two pieces of running streams while a long prompt comes in.
        case gap
        /// Time to the first token of requests that begin with the same long text as an earlier one.
        case sharedPrefix
        /// The same, when the server was stopped and started after the earlier one.
        case restart
        /// Tokens per second of answers that repeat their prompt.
        case copying
        /// From the start of a program to the first token of its answer.
        case firstAnswer
    }

    let name: String
    let title: String
    let kind: Kind
    /// Requests that the server computes together.
    let parallel: Int
    /// Tokens that one request may have.
    let contextLength: Int
    let requestCount: Int
    /// Least and most tokens of a prompt.
    let promptTokens: [Int]
    /// Least and most tokens of an answer.
    let outputTokens: [Int]
    /// Tokens at the beginning of each prompt that are the same in all.
    let sharedTokens: Int?
    /// Tokens of the prompt that disturbs the others.
    let disturbanceTokens: Int?
    /// Texts instead of random tokens.
    let prompts: [String]?
    /// Greedy answers to random prompts soon repeat themselves, which speculation makes use of: where that is not what
    /// is measured, a temperature. `nil` is 0.
    let temperature: Double?
    /// How many times better than the peer Roost means to be, at least.
    let goal: Double

    /// Whether less is better: a time.
    var isTime: Bool { kind != .throughput && kind != .copying }

    static func load(_ name: String, from folder: URL) throws -> ServingWorkload {
        let file = folder.appendingPathComponent(name + ".json")
        do {
            return try JSONDecoder().decode(ServingWorkload.self, from: Data(contentsOf: file))
        } catch {
            throw BenchError(description: "The workload \(file.path) cannot be read: \(error)")
        }
    }

    /// The names of all workloads in `folder`.
    static func names(in folder: URL) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path)
            .filter { $0.hasSuffix(".json") }.map { String($0.dropLast(5)) }.sorted()
    }
}
