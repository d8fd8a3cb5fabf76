import ArgumentParser
import Foundation
import Roost
import RoostServer
import Terminal

/// `roost ps`: the models that the server has in memory.
struct ProcessesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ps", abstract: "Show the models that the server has in memory.")

    @OptionGroup var listing: ListingOptions

    func run() async throws {
        let home = RoostConfiguration.defaultHomeDirectory()
        guard let server = await ServerClient.running(home: home) else {
            Console.error.print("No server runs for \(home.path); “roost serve” starts one.")
            if listing.style == .json { try Console.output.printList([ProcessItem](), style: .json) }
            return
        }
        let answer: ServerProcesses = try await server.json(.get, "/api/ps")
        try Console.output.printList(
            answer.models.map { ProcessItem($0, now: .now) }, style: listing.style,
            empty: "The server at \(server.server.baseURL) has no model in memory.")
        guard listing.style == .table else { return }
        for model in answer.models {
            for step in model.retreats ?? [] {
                Console.error.print("\(model.name.printable): \(step.message.printable)")
            }
        }
    }
}

/// The answer of `/api/ps`, as far as it is shown.
struct ServerProcesses: Decodable, Sendable {
    struct Retreat: Decodable, Sendable {
        let message: String
        let changesQuality: Bool
        var step: LoadRetreat { LoadRetreat(message: message, changesQuality: changesQuality) }

        enum CodingKeys: String, CodingKey {
            case message
            case changesQuality = "changes_quality"
        }
    }

    struct Model: Decodable, Sendable {
        let name: String
        let digest: String
        let size: Int64
        let contextLength: Int
        let expiresAt: Date
        let isolation: ModelIsolation?
        let pid: Int32?
        let residentBytes: Int64?
        let pinned: Bool?
        let retreats: [Retreat]?

        enum CodingKeys: String, CodingKey {
            case name, digest, size, isolation, pid, pinned, retreats
            case residentBytes = "resident_bytes"
            case contextLength = "context_length"
            case expiresAt = "expires_at"
        }
    }

    let models: [Model]
}

extension ServerProcesses {
    /// The model of a digest, if the server of a home directory has it in memory.
    static func model(with digest: String, home: URL) async -> ProcessItem? {
        guard let client = await ServerClient.running(home: home),
            let answer: ServerProcesses = try? await client.json(.get, "/api/ps", timeout: .seconds(5))
        else { return nil }
        return answer.models.first { $0.digest == digest }.map { ProcessItem($0, now: .now) }
    }
}

/// One row of `roost ps`.
struct ProcessItem: ListedItem, Encodable {
    let name: String
    let digest: String
    let byteCount: Int64
    let contextLength: Int
    /// When it goes; `nil` when it stays.
    let expiresAt: Date?
    /// What stands between it and the machine.
    let isolation: ModelIsolation?
    /// The process that computes; `nil` is the server's own.
    let pid: Int32?
    /// What that process holds in RAM.
    let residentByteCount: Int64?
    let isPinned: Bool
    /// What was given up so that it could be loaded.
    let retreats: [LoadRetreat]
    let until: String

    init(_ model: ServerProcesses.Model, now: Date) {
        name = model.name
        digest = model.digest
        byteCount = model.size
        contextLength = model.contextLength
        let isForever = model.expiresAt.timeIntervalSince(now) > 100 * 365 * 86_400
        expiresAt = isForever ? nil : model.expiresAt
        isolation = model.isolation
        pid = model.pid
        residentByteCount = model.residentBytes
        isPinned = model.pinned ?? false
        retreats = model.retreats?.map(\.step) ?? []
        until = isPinned ? "pinned" : isForever ? "stays" : HumanReadable.relative(model.expiresAt, to: now)
    }

    static let columns: [Table.Column] = [
        .left("NAME", isFlexible: true), .left("ID"), .right("MEMORY"), .right("CONTEXT"), .left("PROCESS"),
        .left("UNTIL"),
    ]

    var cells: [String] {
        [name, String(digest.prefix(12)), HumanReadable.bytes(byteCount), "\(contextLength)", process, until]
    }

    /// `sandboxed 4711`, `in-process`.
    var process: String {
        [isolation?.rawValue, pid.map { "\($0)" }].compactMap { $0 }.joined(separator: " ")
    }

    enum CodingKeys: String, CodingKey {
        case name, digest, byteCount, contextLength, expiresAt, isolation, pid, residentByteCount, isPinned, retreats
    }
}
