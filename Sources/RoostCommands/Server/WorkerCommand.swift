import ArgumentParser
import Foundation
import Roost
import Terminal
import Workers

/// `roost worker`: the program of a model's own process. Roost starts it; for people there is the attack on its sandbox.
///
/// Not asynchronous: it has to lock its process before there is a second thread.
struct WorkerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker", abstract: "Run one model in a process of its own (Roost starts this by itself).",
        shouldDisplay: false)

    @Flag(help: "Try to break out of the sandbox in every way known, and show what happened.")
    var selfAttack = false

    @Flag(inversion: .prefixedNo, help: "With --self-attack: make the attempts with the sandbox, not only without it.")
    var sandbox = true

    @Flag(help: "Print JSON.")
    var json = false

    @Option(help: .hidden)
    var attempt: Int?

    @Option(help: .hidden)
    var cage = SelfAttack.Cage.open

    @Option(help: .hidden)
    var folder = ""

    func run() throws {
        if let attempt {
            SelfAttack.attempt(attempt, in: cage, folder: URL(fileURLWithPath: folder))
        }
        guard selfAttack else { WorkerMain.run(version: RoostVersion.number) }
        let report = try AttackReport(sandboxed: sandbox)
        try Console.output.printList(report.rows, style: json ? .json : .table)
        guard report.holds else { throw ExitCode(ExitStatus.failure.rawValue) }
    }
}

extension SelfAttack.Cage: ExpressibleByArgument {}
