import ArgumentParser
import Roost
import Terminal

/// `roost doctor`: looks for what is wrong and says how to mend it.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Check the engine, the store, permissions, the disk and the server.",
        discussion: "Ends with status 1 when something needs mending. Contents are not hashed: see “roost verify”.")

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let findings = await Examination.run()
        if json {
            try Console.output.printJSON(findings)
        } else {
            for finding in findings { finding.print(to: .output) }
        }
        if findings.contains(where: { $0.state == .problem }) { throw ExitStatus.failure.code }
    }
}

/// One thing that was looked at.
struct Finding: Encodable, Sendable, Hashable {
    /// How it is.
    enum State: String, Encodable, Sendable {
        case good, notice, problem
    }

    let subject: String
    let state: State
    let message: String
    /// How to mend it.
    var remedy: String?

    func print(to console: Console) {
        let mark =
            switch state {
            case .good: console.styled("ok      ", .green)
            case .notice: console.styled("note    ", .yellow)
            case .problem: console.styled("problem ", .red)
            }
        console.print(mark + console.styled(subject, .bold) + ": " + message.printable)
        if let remedy { console.print("        " + remedy.printable) }
    }
}
