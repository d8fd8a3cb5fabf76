import CLlama

extension LoadOptions {
    /// Whether anything may go to a GPU, if the engine has one.
    public var usesGraphics: Bool { gpuLayerCount != 0 && devices?.isEmpty != true }

    /// Most GPUs that a model can be spread over.
    public static var deviceLimit: Int { llama_max_devices() }

    /// Calls `body` with what llama.cpp is told when it loads the weights. The pointers in it are good during the call:
    /// the engine copies what it needs later.
    ///
    /// - Throws: `InferenceError.unknownDevice`; `.invalidOption` when there are more or fewer shares than GPUs; what
    ///   `body` throws.
    func withModelParameters<Result>(_ body: (inout llama_model_params) throws -> Result) throws -> Result {
        Engine.start()
        var parameters = llama_model_default_params()
        parameters.n_gpu_layers = gpuLayerCount.map { Int32(clamping: $0) } ?? -1
        parameters.split_mode = LLAMA_SPLIT_MODE_LAYER
        parameters.load_mode =
            switch (memoryMap, memoryLock) {
            case (true, true): LLAMA_LOAD_MODE_MMAP_MLOCK
            case (true, false): LLAMA_LOAD_MODE_MMAP
            case (false, true): LLAMA_LOAD_MODE_MLOCK
            case (false, false): LLAMA_LOAD_MODE_NONE
            }
        // Both lists end with an empty entry; a missing list leaves it to the engine.
        var devices: [ggml_backend_dev_t?] = try chosenDevices().map { $0 + [nil] } ?? []
        let shares = try shares()
        let pattern = ExpertPattern(layerCount: expertLayersOnProcessor ?? 0)?.text ?? ""
        return try pattern.withCString { pattern in
            let overrides = [
                llama_model_tensor_buft_override(pattern: pattern, buft: ggml_backend_cpu_buffer_type()),
                llama_model_tensor_buft_override(),
            ]
            return try overrides.withUnsafeBufferPointer { overrides in
                try shares.withUnsafeBufferPointer { shares in
                    try devices.withUnsafeMutableBufferPointer { devices in
                        if pattern.pointee != 0 { parameters.tensor_buft_overrides = overrides.baseAddress }
                        if !shares.isEmpty { parameters.tensor_split = shares.baseAddress }
                        if !devices.isEmpty { parameters.devices = devices.baseAddress }
                        return try body(&parameters)
                    }
                }
            }
        }
    }

    /// The devices by name, in their order; `nil` when the engine may choose.
    private func chosenDevices() throws -> [ggml_backend_dev_t?]? {
        // With no layer on them the engine would still compute prompts on its GPUs.
        guard usesGraphics else { return [] }
        guard devices != nil || tensorSplit != nil else { return nil }
        let known = Engine.devices.filter(\.isGraphics).map(\.name)
        return try (devices ?? Engine.graphics.map(\.name)).map { name in
            guard known.contains(name), let device = ggml_backend_dev_by_name(name) else {
                throw InferenceError.unknownDevice(name: name, known: known)
            }
            return device
        }
    }

    /// As many numbers as the engine reads, however few devices there are; none when it may choose.
    private func shares() throws -> [Float] {
        guard let tensorSplit, usesGraphics else { return [] }
        let count = devices?.count ?? Engine.graphics.count
        guard tensorSplit.count == count else {
            throw InferenceError.invalidOption(
                name: "tensor split", value: "\(tensorSplit.count) shares",
                rule: "one share for each of the \(count) GPUs that are used")
        }
        let largest = tensorSplit.max() ?? 1
        let room = max(0, Self.deviceLimit - count)
        return tensorSplit.map { Float($0 / largest) } + [Float](repeating: 0, count: room)
    }
}
