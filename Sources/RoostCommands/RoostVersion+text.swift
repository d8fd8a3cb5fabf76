import Roost

extension RoostVersion {
    /// What `roost --version` says: Roost's version and the engine's.
    static var text: String { "roost \(number) (llama.cpp \(Engine.version))" }
}
