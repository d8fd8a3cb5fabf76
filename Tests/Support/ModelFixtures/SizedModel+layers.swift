import ModelFormats

extension SizedModel {
    private var keyHeads: Int { architecture == .llama ? headCount : keyHeadCount }

    func attention(_ layer: Int) -> [TinyTensor] {
        let block = "blk.\(layer)."
        let (queries, keys) = (headCount * headLength, keyHeads * headLength)
        var tensors = [
            norm(block + "attn_norm.weight"), matrix(block + "attn_q.weight", width, queries),
            matrix(block + "attn_k.weight", width, keys), matrix(block + "attn_v.weight", width, keys),
            matrix(block + "attn_output.weight", queries, width),
        ]
        if ![.llama, .falconH1].contains(architecture) {
            tensors += ["attn_q_norm", "attn_k_norm"].map { norm(block + $0 + ".weight", headLength) }
        }
        if architecture == .gemma3 {
            tensors += ["post_attention_norm", "post_ffw_norm"].map { norm(block + $0 + ".weight") }
        }
        return tensors
    }

    func feedForward(_ layer: Int, plainNorm: Bool = false) -> [TinyTensor] {
        let block = "blk.\(layer)."
        return [
            norm(block + (plainNorm ? "ffn_norm" : "ffn_norm.weight")),
            matrix(block + "ffn_gate.weight", width, feedForward), matrix(block + "ffn_up.weight", width, feedForward),
            matrix(block + "ffn_down.weight", feedForward, width),
        ]
    }

    func experts(_ layer: Int, shared: Bool = false) -> [TinyTensor] {
        let block = "blk.\(layer)."
        let tensors = [
            norm(block + "ffn_norm.weight"), vector(block + "ffn_gate_inp.weight", width, expertCount),
            stack(block + "ffn_gate_exps.weight", width, expertLength, expertCount),
            stack(block + "ffn_up_exps.weight", width, expertLength, expertCount),
            stack(block + "ffn_down_exps.weight", expertLength, width, expertCount),
        ]
        guard shared else { return tensors }
        return tensors + [
            matrix(block + "ffn_gate_shexp.weight", width, expertLength),
            matrix(block + "ffn_up_shexp.weight", width, expertLength),
            matrix(block + "ffn_down_shexp.weight", expertLength, width),
        ]
    }

    /// DeepSeek's: queries and keys of `headLength` values without position and as many with.
    func latentAttention(_ layer: Int) -> [TinyTensor] {
        let block = "blk.\(layer)."
        return [
            norm(block + "attn_norm.weight"), norm(block + "attn_q_a_norm.weight", queryRank),
            norm(block + "attn_kv_a_norm.weight", latentLength),
            matrix(block + "attn_q_a.weight", width, queryRank),
            matrix(block + "attn_q_b.weight", queryRank, headCount * 2 * headLength),
            matrix(block + "attn_kv_a_mqa.weight", width, latentLength + headLength),
            stack(block + "attn_k_b.weight", headLength, latentLength, headCount, .q8_0),
            stack(block + "attn_v_b.weight", latentLength, headLength, headCount, .q8_0),
            matrix(block + "attn_output.weight", headCount * headLength, width),
        ]
    }

    func mamba(_ layer: Int) -> [TinyTensor] {
        let block = "blk.\(layer)."
        let (inner, rank, state) = (2 * width, width / 16, 16)
        return [
            norm(block + "attn_norm.weight"), matrix(block + "ssm_in.weight", width, 2 * inner),
            vector(block + "ssm_conv1d.weight", 4, inner), vector(block + "ssm_conv1d.bias", inner),
            matrix(block + "ssm_x.weight", inner, rank + 2 * state),
            vector(block + "ssm_dt.weight", rank, inner),
            TinyTensor(name: block + "ssm_dt.bias", dimensions: [UInt64(inner)], content: .constant(-2)),
            TinyTensor(name: block + "ssm_a", dimensions: [UInt64(state), UInt64(inner)], content: .negativeSteps),
            norm(block + "ssm_d", inner), matrix(block + "ssm_out.weight", inner, width),
        ]
    }

    func mamba2(_ layer: Int) -> [TinyTensor] {
        let block = "blk.\(layer)."
        let inner = 2 * width
        let convolution = inner + 2 * stateLength
        return [
            matrix(block + "ssm_in.weight", width, inner + convolution + stateHeadCount),
            vector(block + "ssm_conv1d.weight", 4, convolution), vector(block + "ssm_conv1d.bias", convolution),
            TinyTensor(name: block + "ssm_dt.bias", dimensions: [UInt64(stateHeadCount)], content: .constant(-2)),
            TinyTensor(name: block + "ssm_a", dimensions: [1, UInt64(stateHeadCount)], content: .negativeSteps),
            norm(block + "ssm_d", 1, stateHeadCount), norm(block + "ssm_norm.weight", inner, 1),
            matrix(block + "ssm_out.weight", inner, width),
        ]
    }

    func shortConvolution(_ layer: Int) -> [TinyTensor] {
        let block = "blk.\(layer)."
        return [
            norm(block + "attn_norm.weight"), vector(block + "shortconv.conv.weight", 3, width),
            matrix(block + "shortconv.in_proj.weight", width, 3 * width),
            matrix(block + "shortconv.out_proj.weight", width, width),
        ]
    }

    func encoder(_ layer: Int) -> [TinyTensor] {
        let block = "blk.\(layer)."
        let attention = ["attn_q", "attn_k", "attn_v", "attn_output"].flatMap { name in
            [matrix(block + name + ".weight", width, width), vector(block + name + ".bias", width)]
        }
        return attention + [
            norm(block + "attn_output_norm.weight"), vector(block + "attn_output_norm.bias", width),
            matrix(block + "ffn_up.weight", width, feedForward), vector(block + "ffn_up.bias", feedForward),
            matrix(block + "ffn_down.weight", feedForward, width), vector(block + "ffn_down.bias", width),
            norm(block + "layer_output_norm.weight"), vector(block + "layer_output_norm.bias", width),
        ]
    }
}
