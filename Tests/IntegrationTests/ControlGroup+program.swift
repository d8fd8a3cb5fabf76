import ControlGroups
import Foundation

extension ControlGroup {
    /// Runs the program inside the group.
    func run(_ program: BuiltProgram, _ arguments: String...) async throws -> BuiltProgram.Outcome {
        var shell = program
        shell.url = URL(fileURLWithPath: "/bin/sh")
        return try await shell.run(self.arguments(running: [program.url.path] + arguments))
    }
}
