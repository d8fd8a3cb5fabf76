import Testing

@testable import RoostCommands

@Suite struct SlashCommandTests {
    @Test(arguments: [
        ("/?", SlashCommand.help(topic: nil)), ("/help set", .help(topic: "set")), ("/? /show", .help(topic: "show")),
        ("/bye", .bye), ("/exit", .bye), ("/clear", .clear), ("/load gemma3:270m", .load("gemma3:270m")),
        ("/set parameter temperature 0.5", .set(.parameter(name: "temperature", value: "0.5"))),
        ("/set parameter stop \"two words\"", .set(.parameter(name: "stop", value: "two words"))),
        ("/set system You are  a pirate.", .set(.system("You are  a pirate."))),
        ("/set system \"\"\"quoted\"\"\"", .set(.system("quoted"))), ("/set system", .set(.system(""))),
        ("/set verbose", .set(.verbose(true))), ("/set quiet", .set(.verbose(false))),
        ("/set nohistory", .set(.history(false))), ("/show template", .show(.template)),
        ("/save", .save(title: nil)), ("/save My  owls", .save(title: "My  owls")),
        ("/save \"My owls\"", .save(title: "My owls")), ("/history", .history(words: nil)),
        ("/history night owls", .history(words: "night owls")), ("/load 3f2a91c4", .load("3f2a91c4")),
    ])
    func linesAreUnderstood(line: String, expected: SlashCommand) throws {
        #expect(try SlashCommand(parsing: line) == expected)
    }

    @Test(arguments: [
        ("/nothing", SlashCommandError.unknown("/nothing")),
        ("/set parameter temperature", .usage("/set parameter NAME VALUE")),
        ("/show", .usage("/show info | parameters | system | template | license")),
        ("/load", .usage("/load MODEL or /load ID")),
        ("/", .unknown("/")),
    ])
    func whatIsMissingIsNamed(line: String, expected: SlashCommandError) {
        #expect(throws: expected) { try SlashCommand(parsing: line) }
    }

    @Test func helpNamesEveryParameter() {
        let help = SlashCommand.help(topic: "set").joined(separator: "\n")
        #expect(GenerationParameter.all.allSatisfy { help.contains($0.name) })
    }
}
