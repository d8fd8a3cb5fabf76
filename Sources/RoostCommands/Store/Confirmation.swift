import ArgumentParser
import Foundation
import Terminal

/// The flag of every command that removes something: asks on a terminal, goes ahead with `--yes`, and does nothing
/// where there is nobody to ask.
struct Confirmation: ParsableArguments {
    @Flag(name: .shortAndLong, help: "Do not ask.")
    var yes = false

    /// Returns when the answer is yes.
    ///
    /// - Parameter question: What would happen, as a question: “Remove gemma3 (253 MB)?”.
    /// - Throws: ``ConfirmationError/nobodyToAsk``; the failing exit status after another answer than yes.
    func require(_ question: String) async throws {
        if yes { return }
        guard Console.inputIsTerminal else { throw ConfirmationError.nobodyToAsk }
        Console.error.write("\(question) [y/N] ")
        let line = await Self.line()
        if line == nil { Console.error.print() }
        let answer = line?.trimmingCharacters(in: .whitespaces).lowercased()
        guard answer == "y" || answer == "yes" else {
            Console.error.print("Nothing was removed.")
            throw ExitStatus.failure.code
        }
    }

    /// A line that a person types; waiting for it is not for the cooperative pool.
    private static func line() async -> String? {
        await withCheckedContinuation { continuation in
            Thread { continuation.resume(returning: readLine()) }.start()
        }
    }
}

/// What keeps a command from asking.
enum ConfirmationError: Error, Hashable, CustomStringConvertible {
    /// Standard input is not a terminal.
    case nobodyToAsk

    /// One sentence: what was wrong and what to do.
    var description: String {
        "Nothing was removed: there is no terminal to ask on; add --yes if you mean it."
    }
}
