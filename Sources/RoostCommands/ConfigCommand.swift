import ArgumentParser
import Foundation
import Roost
import Terminal

/// `roost config`: each setting, its value and where that came from.
struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Show the settings, and where each comes from.",
        discussion: """
            Settings come from config.toml in ROOST_HOME, and before that from environment variables; flags of a \
            command go before both.

              max_concurrent_downloads = 3
              limit_rate = "20M"
              no_proxy = ["localhost", ".corp.example"]
            """
    )

    @OptionGroup var listing: ListingOptions

    func run() async throws {
        let items = try RoostConfiguration.settings().map(ListedSetting.init)
        try Console.output.printList(items, style: listing.style)
    }
}

/// A setting as it is listed.
private struct ListedSetting: ListedItem, Encodable {
    let report: SettingReport

    init(_ value: SettingValue) { report = SettingReport(value) }

    func encode(to encoder: any Encoder) throws { try report.encode(to: encoder) }

    static let columns: [Table.Column] = [
        .left("KEY"), .left("VALUE"), .left("FROM"), .left("VARIABLE"), .left("WHAT IT DECIDES", isFlexible: true),
    ]

    var cells: [String] { [report.key, report.value ?? "", report.origin, report.variable, report.summary] }
    var name: String { report.key }
}
