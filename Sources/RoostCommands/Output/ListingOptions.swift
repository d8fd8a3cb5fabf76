import ArgumentParser
import Terminal

/// The flags of every command that lists: table by default, `--json`, or `--quiet` for names alone.
///
///     @OptionGroup var listing: ListingOptions
///     try Console.output.printList(items, style: listing.style, empty: "No models yet.")
struct ListingOptions: ParsableArguments {
    @Flag(help: "Print JSON.")
    var json = false

    @Flag(name: .shortAndLong, help: "Print names only, one a line.")
    var quiet = false

    var style: ListStyle { json ? .json : quiet ? .names : .table }

    func validate() throws {
        if json && quiet { throw ValidationError("Choose one of --json and --quiet.") }
    }
}
