import ModelFormats

extension SizedModel {
    /// The metadata under the architecture's own name.
    var facts: [(key: String, value: GGUFValue)] {
        func number(_ value: Int) -> GGUFValue { .uint32(UInt32(value)) }
        var facts: [(key: String, value: GGUFValue)] = [
            ("context_length", number(contextLength)), ("embedding_length", number(width)),
            ("block_count", number(layerCount)), ("vocab_size", number(vocabulary.count)),
            ("feed_forward_length", number(architecture == .mamba ? 0 : feedForward)),
            ("attention.head_count", number(architecture == .mamba ? 0 : headCount)),
        ]
        if architecture == .bert {
            return facts + [
                ("attention.layer_norm_epsilon", .float32(1e-12)), ("attention.causal", .bool(false)),
                ("pooling_type", number(1)),
            ]
        }
        facts.append(("attention.layer_norm_rms_epsilon", .float32(1e-6)))
        switch architecture {
        case .llama, .bert:
            facts.append(("rope.dimension_count", number(headLength)))
        case .qwen3, .qwen3moe, .gemma3, .falconH1: facts += heads(key: headLength, value: headLength)
        case .deepseek2:
            facts += [
                ("attention.head_count_kv", number(1)), ("attention.q_lora_rank", number(queryRank)),
                ("attention.kv_lora_rank", number(latentLength)), ("rope.dimension_count", number(headLength)),
                ("attention.key_length", number(latentLength + headLength)),
                ("attention.value_length", number(latentLength)),
                ("attention.key_length_mla", number(2 * headLength)),
                ("attention.value_length_mla", number(headLength)),
                ("leading_dense_block_count", number(1)), ("expert_shared_count", number(1)),
                ("expert_weights_scale", .float32(1)),
            ]
        case .mamba: facts += states(state: 16, rank: width / 16)
        case .lfm2:
            let counts = (0..<layerCount).map { UInt32(hasAttention($0) ? keyHeadCount : 0) }
            facts += [("shortconv.l_cache", number(3)), ("attention.head_count_kv", .array(GGUFArray(counts)))]
        }
        switch architecture {
        case .gemma3: facts.append(("attention.sliding_window", number(windowLength)))
        case .falconH1: facts += states(state: stateLength, rank: stateHeadCount) + [("ssm.group_count", number(1))]
        case .qwen3moe, .deepseek2:
            facts += [
                ("expert_count", number(expertCount)), ("expert_used_count", number(4)),
                ("expert_feed_forward_length", number(expertLength)),
            ]
        default: break
        }
        return facts
    }

    private func heads(key: Int, value: Int) -> [(key: String, value: GGUFValue)] {
        [
            ("attention.head_count_kv", .uint32(UInt32(keyHeadCount))), ("attention.key_length", .uint32(UInt32(key))),
            ("attention.value_length", .uint32(UInt32(value))), ("rope.dimension_count", .uint32(UInt32(key))),
        ]
    }

    private func states(state: Int, rank: Int) -> [(key: String, value: GGUFValue)] {
        [
            ("ssm.conv_kernel", .uint32(4)), ("ssm.inner_size", .uint32(UInt32(2 * width))),
            ("ssm.state_size", .uint32(UInt32(state))), ("ssm.time_step_rank", .uint32(UInt32(rank))),
        ]
    }

    var expertCount: Int { 16 }
    var expertLength: Int { 256 }
    var queryRank: Int { 256 }
    var latentLength: Int { 256 }
    var stateLength: Int { 64 }
    var stateHeadCount: Int { 2 * width / 64 }
}
