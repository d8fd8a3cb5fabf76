import Foundation
import Roost

extension RoostConfiguration {
    /// As the environment and `config.toml` say; models run in processes of this program.
    ///
    /// - Throws: `RoostError`; `InferenceError.workerFailed` where the system does not say where this program is.
    static func forCommands(allowsUnsandboxed: Bool = false) throws -> RoostConfiguration {
        var configuration = try fromEnvironment()
        configuration.useWorkers(of: try ThisProgram.url())
        if allowsUnsandboxed { configuration.allowsUnsandboxed = true }
        return configuration
    }
}
