import CLlama
import LlamaBridge

/// A model as the engine sees it without its weights: what it would take, and not its bytes.
final class ModelLayout {
    let model: ModelHandle
    let weights: roost_layout_weights
    private let name: String

    /// A context of more cells than this is told by the line through two shorter ones: the engine's lists of cells are
    /// real even when it only pretends.
    private static let cellLimit: UInt32 = 1 << 17
    /// States of recurrent layers are real too: above this, they are told by the line through fewer sequences.
    private static let stateByteLimit: Int64 = 32 << 20

    /// Reads the files' headers; the weights need not be in them.
    ///
    /// - Parameter name: what messages call the model.
    /// - Throws: `InferenceError.estimateFailed`, `.unknownDevice`, `.invalidOption`.
    init(paths: [String], options: LoadOptions, name: String) throws {
        Engine.start()
        _ = Engine.takeComplaint()
        var weights = roost_layout_weights()
        let pointer = try options.withModelParameters { parameters in
            paths.withCStrings { roost_layout_load(&$0, $0.count, &parameters, &weights) }
        }
        guard let model = ModelHandle(pointer) else {
            throw InferenceError.estimateFailed(
                model: name, reason: Engine.takeComplaint() ?? "the engine cannot read its header")
        }
        self.model = model
        self.weights = weights
        self.name = name
    }

    /// What a context takes; its devices have the weights too.
    ///
    /// - Throws: `InferenceError.estimateFailed`.
    func memory(of parameters: llama_context_params) throws -> ContextMemory {
        let kind = ContextShape.Memory(of: model.pointer)
        if kind.isRecurrent, parameters.n_seq_max > 2 {
            let few = try sequences(parameters)
            if parameters.n_seq_max > few {
                let low = try cells(parameters, kind) { $0.n_seq_max = few / 2 }
                let high = try cells(parameters, kind) { $0.n_seq_max = few }
                return ContextMemory(low, high, at: Double(parameters.n_seq_max - few / 2) / Double(few - few / 2))
            }
        }
        return try cells(parameters, kind) { _ in }
    }

    /// Sequences whose states may be taken.
    private func sequences(_ parameters: llama_context_params) throws -> UInt32 {
        let short = { (count: UInt32) in
            try self.measure(parameters) {
                $0.n_ctx = 256
                $0.n_seq_max = count
            }
        }
        let state = max(1, try short(2).contextByteCount - short(1).contextByteCount)
        return UInt32(clamping: max(2, Self.stateByteLimit / state))
    }

    private func cells(
        _ parameters: llama_context_params, _ kind: ContextShape.Memory, _ change: (inout llama_context_params) -> Void
    ) throws -> ContextMemory {
        let limit = Self.cellLimit
        guard parameters.n_ctx > limit, !kind.isPurelyRecurrent else { return try measure(parameters, change) }
        let (low, high) = try (measure(parameters, change, cells: limit / 2), measure(parameters, change, cells: limit))
        return ContextMemory(low, high, at: Double(parameters.n_ctx - limit / 2) / Double(limit - limit / 2))
    }

    private func measure(
        _ parameters: llama_context_params, _ change: (inout llama_context_params) -> Void, cells: UInt32? = nil
    ) throws -> ContextMemory {
        var (parameters, memory) = (parameters, roost_layout_context())
        change(&parameters)
        if let cells { parameters.n_ctx = cells }
        if parameters.n_outputs_max > 0 {
            parameters.n_outputs_max = max(parameters.n_outputs_max, parameters.n_seq_max)
        }
        _ = Engine.takeComplaint()
        guard roost_layout_context_memory(model.pointer, &parameters, &memory) else {
            throw InferenceError.estimateFailed(
                model: name, reason: Engine.takeComplaint() ?? "the engine cannot make a context for it")
        }
        return ContextMemory(memory)
    }
}
