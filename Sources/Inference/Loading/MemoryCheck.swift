import CLlama

/// Refuses what cannot fit before the kernel has to kill somebody for it.
enum MemoryCheck {
    /// Throws `InferenceError.outOfMemory` when the model with this context needs more than is available.
    ///
    /// A generous bound decides the usual case at once. Only when that does not fit the engine is asked for the
    /// exact figure, which costs reading the vocabulary again. Memory of GPUs is the driver's to give: the engine itself
    /// fails cleanly there.
    static func requireRoom(
        for model: ModelHandle, files: ModelFileSet, options: LoadOptions, context: llama_context_params
    ) throws {
        guard let available = HostFacts.availableByteCount else { return }
        let weights = Int64(clamping: llama_model_size(model.pointer))
        let bound = Double(weights) + cacheBound(model, options, Int(context.n_ctx)) + Double(1 << 30)
        guard bound > Double(available) else { return }

        guard let needed = exact(files, options, context), needed > available else { return }
        throw InferenceError.outOfMemory(
            neededByteCount: needed, availableByteCount: available,
            what: "\(files.path) with a context of \(context.n_ctx) tokens")
    }

    /// What the engine would take in the machine's memory; `nil` when it could not tell.
    private static func exact(
        _ files: ModelFileSet, _ options: LoadOptions, _ context: llama_context_params
    ) -> Int64? {
        guard let layout = try? ModelLayout(paths: files.paths, options: options, name: files.path),
            let memory = try? layout.memory(of: context)
        else { return nil }
        return memory.devices.filter(\.isHost).reduce(0) { $0 + $1.totalByteCount }
    }

    /// Bytes that the KV cache takes at most: every layer full, none with a sliding window.
    private static func cacheBound(_ model: ModelHandle, _ options: LoadOptions, _ contextLength: Int) -> Double {
        let architecture = model.metadata("general.architecture") ?? ""
        let heads = max(Int(llama_model_n_head(model.pointer)), 1)
        let headSize = Int(llama_model_n_embd(model.pointer)) / heads
        let length = { (key: String) in
            Double(model.metadata("\(architecture).attention.\(key)").flatMap(Int.init) ?? headSize)
        }
        let perHead =
            length("key_length") * options.keyCacheType.bytesPerValue
            + length("value_length") * options.valueCacheType.bytesPerValue
        let headCount = max(Int(llama_model_n_head_kv(model.pointer)), 1)
        return perHead * Double(headCount * Int(llama_model_n_layer(model.pointer))) * Double(contextLength)
    }
}
