import Roost

/// The version of Roost, and what `roost --version` says.
enum RoostVersion {
    /// Semantic version of this source tree.
    static let number = "0.1.0"

    /// Roost's version and the engine's.
    static var text: String { "roost \(number) (llama.cpp \(Engine.version))" }
}
