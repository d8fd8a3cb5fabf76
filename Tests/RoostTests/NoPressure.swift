import Roost

/// Memory that never runs out: what other tests take of it makes no model go.
struct NoPressure: MemoryPressure {
    func signals() -> AsyncStream<Void> { AsyncStream { _ in } }
}
