public import Inference

/// Says what a model will take before it is loaded.
public protocol MemoryForecast: Sendable {
    /// Bytes of RAM that the model takes when it is loaded so, rather too many than too few; `nil` when that cannot be
    /// told, and the engine itself has to refuse what does not fit.
    func memory(of files: ModelFileSet, options: LoadOptions) async -> ModelMemory?
}
