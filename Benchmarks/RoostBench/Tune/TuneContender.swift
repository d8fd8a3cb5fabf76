import Hardware
import Inference
import Planning

/// Whose settings a run is made with: all of them on the same engine and model.
enum TuneContender: String, CaseIterable, Codable {
    /// Roost without having measured anything.
    case roost = "Roost's defaults"
    /// Roost after `roost tune`.
    case tuned = "Roost tuned"
    /// What llama-server and llama-cli choose.
    case llamaCpp = "llama.cpp's defaults"
    /// What Ollama chooses for its llama.cpp runner.
    case ollama = "Ollama's rules"

    /// Its settings on a machine, threads in numbers.
    func options(_ machine: Machine, tuned: TunedSettings, contextLength: Int) -> LoadOptions {
        var options = LoadOptions()
        options.contextLength = contextLength
        options.gpuLayerCount = 0
        options.parallelRequestCount = 1
        options.speculation = false
        options.prefixByteLimit = 0
        switch self {
        case .roost: break
        case .tuned: options = tuned.applied(to: options)
        // common_cpu_get_num_math: fast cores of a hybrid processor, else physical cores; a quota is not looked at.
        // n_batch 2048, n_ubatch 512, attention automatic, an f16 cache.
        case .llamaCpp: options.threadCount = Self.cores(machine)
        // As many threads as there are fast physical cores, whatever the quota (ollama#17916); num_batch 512; an f16
        // cache; attention not fused unless OLLAMA_FLASH_ATTENTION asks for it.
        case .ollama:
            options.threadCount = Self.cores(machine)
            options.batchSize = 512
            options.flashAttention = .off
        }
        options.threadCount = options.threadCount ?? machine.computeThreadCount
        options.batchThreadCount = options.batchThreadCount ?? options.threadCount
        return options
    }

    private static func cores(_ machine: Machine) -> Int {
        machine.processor.performanceCoreCount ?? machine.processor.coreCount
    }
}
