import ArgumentParser
import Roost
import Terminal

/// `roost du`: what models take on the disk.
struct DiskUseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "du",
        abstract: "Show what models and everything else take on the disk.",
        discussion: """
            OWN is what the removal of a model frees, SHARED what it has in common with other names.

            Examples:
              roost du
              roost du --json
            """
    )

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let use = try await ModelManager().store.diskUse()
        if json { return try Console.output.printJSON(use) }
        var models = Table([.left("MODEL", isFlexible: true), .right("OWN"), .right("SHARED")])
        for model in use.models {
            models.add([
                model.name.description, HumanReadable.bytes(model.ownByteCount),
                HumanReadable.bytes(model.sharedByteCount),
            ])
        }
        if !use.models.isEmpty {
            Console.output.print(models)
            Console.output.print()
        }
        Console.output.print(Self.folders(use))
        Console.output.print()
        Console.output.print(
            "\(HumanReadable.bytes(use.byteCount)) in all, \(HumanReadable.bytes(use.databaseByteCount)) of it database"
                + (use.headerCacheByteCount > 0
                    ? " and \(HumanReadable.bytes(use.headerCacheByteCount)) headers of models elsewhere." : ".")
        )
    }

    private static func folders(_ use: DiskUse) -> Table {
        var table = Table([
            .left("FOLDER", isFlexible: true), .right("MODELS"), .right("PARTIAL"), .right("QUARANTINE"),
            .right("FREE"), .left(""),
        ])
        for folder in use.folders {
            let note = !folder.isAvailable ? "not mounted" : folder.isDefault && use.folders.count > 1 ? "default" : ""
            table.add([
                folder.path, HumanReadable.bytes(folder.contentByteCount),
                HumanReadable.bytes(folder.partialByteCount + folder.incomingByteCount),
                HumanReadable.bytes(folder.quarantineByteCount),
                folder.freeByteCount.map { HumanReadable.bytes($0) } ?? "-", note,
            ])
        }
        return table
    }
}
