/// The sizes of a model must be there, have the types that the engine reads, and be sane: the engine asserts some of
/// them and uses others as array sizes and divisors.
struct GGUFHyperparameterCheck {
    let metadata: GGUFTypedMetadata
    let architecture: String

    func run() throws(GGUFError) {
        let layers = Int(try required("block_count", 1...GGUFLimits.layers))
        _ = try required("context_length", 1...GGUFLimits.contextLength)
        _ = try required("embedding_length", 1...GGUFLimits.embeddingLength)
        _ = try perLayer("feed_forward_length", layers, 0...GGUFLimits.layerSize)
        try checkHeads(layers)
        try checkExperts(layers)
        for name in Self.counts { _ = try scalar(name, 0...GGUFLimits.layerSize) }
        for name in Self.positiveCounts { _ = try scalar(name, 1...GGUFLimits.layerSize) }
        for name in Self.numbers {
            guard let number = try metadata.float32(key(name)) else { continue }
            guard number.isFinite else { throw .notFinite(key: key(name)) }
            guard number >= 0 else { throw .negative(key: key(name), value: number) }
        }
        for name in Self.switches { _ = try metadata.bool(key(name)) }
        if let scaling = try metadata.string(key("rope.scaling.type")), !Self.ropeScalings.contains(scaling) {
            throw .unknownRopeScaling(scaling)
        }
        _ = try scalar("vocab_size", 0...Int64(GGUFLimits.tokens))
        _ = try scalar("pooling_type", 0...4)
        _ = try scalar("nextn_predict_layers", 0...Int64(layers))
        _ = try scalar("leading_dense_block_count", 0...GGUFLimits.layers)
    }

    private static let counts = [
        "attention.sliding_window", "attention.q_lora_rank", "attention.kv_lora_rank", "rope.dimension_count",
        "expert_shared_count", "expert_shared_feed_forward_length", "rope.scaling.original_context_length",
    ]
    private static let positiveCounts = [
        "attention.key_length", "attention.value_length", "ssm.conv_kernel", "ssm.inner_size", "ssm.state_size",
        "ssm.time_step_rank", "wkv.head_size",
    ]
    private static let numbers = [
        "attention.layer_norm_epsilon", "attention.layer_norm_rms_epsilon", "rope.freq_base", "rope.scaling.factor",
        "attn_logit_softcapping", "final_logit_softcapping", "logit_scale", "attention.scale",
    ]
    private static let ropeScalings: Set<String> = ["none", "linear", "yarn", "longrope"]
    private static let switches = ["attention.causal", "use_parallel_residual", "expert_weights_norm"]

    private func checkHeads(_ layers: Int) throws(GGUFError) {
        let heads = try perLayer("attention.head_count", layers, 0...GGUFLimits.heads)
        let keyValueHeads = try perLayer("attention.head_count_kv", layers, 0...GGUFLimits.heads) ?? heads
        guard let heads, let keyValueHeads else { return }
        // A number for all layers must not be 0; in a list, 0 marks a layer without attention.
        if !GGUFArchitectures.recurrent.contains(architecture) && !isHybrid {
            for name in ["attention.head_count", "attention.head_count_kv"] {
                _ = try scalarIfNotList(name, 1...GGUFLimits.heads)
            }
        }
        for layer in 0..<layers {
            let (all, shared) = (heads[layer % heads.count], keyValueHeads[layer % keyValueHeads.count])
            guard shared == 0 || all.isMultiple(of: shared) else {
                throw .headsNotDivisible(layer: layer, heads: all, keyValueHeads: shared)
            }
        }
    }

    private func checkExperts(_ layers: Int) throws(GGUFError) {
        let experts = Int(try scalar("expert_count", 0...GGUFLimits.experts) ?? 0)
        let used = try perLayer("expert_used_count", layers, 0...GGUFLimits.experts)?.max() ?? 0
        guard used <= experts, experts == 0 || used > 0 else {
            throw .expertsUsedExceedExperts(used: used, experts: experts)
        }
        _ = try perLayer("expert_feed_forward_length", layers, 0...GGUFLimits.layerSize)

        let groups = Int(try scalar("expert_group_count", 0...GGUFLimits.experts) ?? 0)
        let usedGroups = Int(try scalar("expert_group_used_count", 0...GGUFLimits.experts) ?? 0)
        guard groups == 0 || groups < experts && experts.isMultiple(of: groups),
            groups < 2 || (1..<groups).contains(usedGroups)
        else {
            throw .badExpertGroups(groups: groups, used: usedGroups, experts: experts)
        }
    }

    /// Whether some layers have a state instead of attention.
    private var isHybrid: Bool {
        ["ssm.state_size", "ssm.conv_kernel", "wkv.head_size", "kda.head_dim", "shortconv.l_cache"].contains {
            metadata.type(of: key($0)) != nil
        }
    }

    private func key(_ name: String) -> String { "\(architecture).\(name)" }

    private func required(_ name: String, _ allowed: ClosedRange<Int64>) throws(GGUFError) -> Int64 {
        guard let value = try scalar(name, allowed) else { throw .missingKey(key(name)) }
        return value
    }

    private func scalar(_ name: String, _ allowed: ClosedRange<Int64>) throws(GGUFError) -> Int64? {
        guard let value = try metadata.unsigned32(key(name)).map(Int64.init) else { return nil }
        try check(value, name, allowed)
        return value
    }

    private func scalarIfNotList(_ name: String, _ allowed: ClosedRange<Int64>) throws(GGUFError) -> Int64? {
        metadata.type(of: key(name)) == .array ? nil : try scalar(name, allowed)
    }

    /// One number for all layers, or a list with one for each.
    private func perLayer(_ name: String, _ layers: Int, _ allowed: ClosedRange<Int64>) throws(GGUFError) -> [Int]? {
        guard metadata.type(of: key(name)) == .array else {
            return try scalar(name, allowed).map { [Int($0)] }
        }
        guard let list = try metadata.array(key(name), of: [.uint32, .int32]) else { return nil }
        guard list.count == layers else {
            throw .perLayerCount(key: key(name), count: list.count, layers: layers)
        }
        let values = list.integers ?? []
        for value in values { try check(Int64(value), name, allowed) }
        return values
    }

    private func check(_ value: Int64, _ name: String, _ allowed: ClosedRange<Int64>) throws(GGUFError) {
        guard allowed.contains(value) else {
            throw .valueOutOfRange(key: key(name), value: value, allowed: allowed)
        }
    }
}
