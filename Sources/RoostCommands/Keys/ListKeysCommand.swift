import ArgumentParser
import Foundation
import Roost
import Security
import Terminal

/// `roost keys list`: the keys, without their secrets.
struct ListKeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List the keys.")

    @OptionGroup var listing: ListingOptions

    func run() async throws {
        let home = RoostConfiguration.defaultHomeDirectory()
        let now = Date()
        let items = (try AccessKeyFile(home: home).keys() ?? []).map { ListedKey($0, now: now) }
        try Console.output.printList(
            items, style: listing.style, empty: "No keys; “roost keys create NAME” makes one.")
    }
}

/// A key as it is listed.
struct ListedKey: ListedItem, Encodable {
    let name: String
    let id: String
    let scopes: [AccessScope]
    /// Empty for all.
    let models: [String]
    let createdAt: Date
    /// `nil` for never.
    let expiresAt: Date?
    let isExpired: Bool
    private let now: Date

    init(_ key: AccessKey, now: Date) {
        name = key.name
        id = key.id
        scopes = AccessScope.allCases.filter(key.scopes.contains)
        models = key.models.map(\.description)
        createdAt = key.createdAt
        expiresAt = key.expiresAt
        isExpired = key.isExpired(at: now)
        self.now = now
    }

    private enum CodingKeys: CodingKey { case name, id, scopes, models, createdAt, expiresAt, isExpired }

    static let columns: [Table.Column] = [
        .left("NAME", isFlexible: true), .left("ID"), .left("SCOPES"), .left("MODELS"), .left("CREATED"),
        .left("EXPIRES"),
    ]

    var cells: [String] {
        [
            name, id, scopes.map(\.rawValue).joined(separator: ","),
            models.isEmpty ? "all" : models.joined(separator: ","), HumanReadable.relative(createdAt, to: now),
            isExpired ? "expired" : expiresAt.map { HumanReadable.relative($0, to: now) } ?? "never",
        ]
    }
}
