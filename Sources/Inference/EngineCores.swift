import LlamaBridge

/// The engine's own count of cores.
enum EngineCores {
    static var count: Int { Int(roost_math_core_count()) }
}
