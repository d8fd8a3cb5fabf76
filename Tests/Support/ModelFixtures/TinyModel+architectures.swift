import ModelFormats

extension TinyModel {
    private static let width: UInt64 = 64
    private static let headLength: UInt64 = 32
    private static let feedForward: UInt64 = 128
    /// Layers, where nothing else is asked for.
    public static let layers: UInt64 = 2

    /// Llama: SentencePiece vocabulary with byte tokens, `<|im_start|>` and `<|im_end|>`; 2 layers of width 64.
    public static func llama(
        chatTemplate: String? = nil, contextLength: UInt32 = 512, layerCount: UInt64 = layers, seed: UInt64 = 1
    ) -> TinyModel {
        let vocabulary = TinyVocabulary.sentencePiece(gemma: false)
        var tensors = edges(vocabulary)
        for layer in 0..<layerCount { tensors += attention(layer) + feedForward(layer) }
        return model(
            "llama", title: "Tiny Llama", vocabulary, tensors, chatTemplate, contextLength, seed,
            layerCount: layerCount,
            extra: [
                ("rope.dimension_count", .uint32(UInt32(headLength))),
                ("attention.layer_norm_rms_epsilon", .float32(1e-5)),
            ])
    }

    /// Qwen 2: byte-level BPE vocabulary with chat and fill-in-the-middle marks; biases in attention.
    public static func qwen2(
        chatTemplate: String? = nil, contextLength: UInt32 = 512, seed: UInt64 = 2
    ) -> TinyModel {
        let vocabulary = TinyVocabulary.bytePairs()
        var tensors = edges(vocabulary)
        for layer in 0..<layers { tensors += attention(layer, bias: true) + feedForward(layer) }
        return model(
            "qwen2", title: "Tiny Qwen 2", vocabulary, tensors, chatTemplate, contextLength, seed,
            extra: [("attention.layer_norm_rms_epsilon", .float32(1e-6)), ("rope.freq_base", .float32(1_000_000))])
    }

    /// Qwen 2 VL: positions in two dimensions for pictures (M-RoPE), for ``visionProjector(_:seed:)``.
    public static func qwen2vl(contextLength: UInt32 = 512, seed: UInt64 = 7) -> TinyModel {
        let vocabulary = TinyVocabulary.bytePairs()
        var tensors = edges(vocabulary)
        for layer in 0..<layers { tensors += attention(layer, bias: true) + feedForward(layer) }
        return model(
            "qwen2vl", title: "Tiny Qwen 2 VL", vocabulary, tensors, nil, contextLength, seed,
            extra: [
                ("attention.layer_norm_rms_epsilon", .float32(1e-6)), ("rope.freq_base", .float32(1_000_000)),
                ("rope.dimension_sections", .array(GGUFArray([4, 6, 6, 0].map(Int32.init)))),
            ])
    }

    /// Qwen 2 with a mixture of 4 experts (2 used) and a shared one.
    public static func qwen2moe(
        chatTemplate: String? = nil, contextLength: UInt32 = 512, layerCount: UInt64 = layers, seed: UInt64 = 3
    ) -> TinyModel {
        let vocabulary = TinyVocabulary.bytePairs()
        var tensors = edges(vocabulary)
        for layer in 0..<layerCount { tensors += attention(layer, bias: true) + experts(layer, count: 4) }
        return model(
            "qwen2moe", title: "Tiny Qwen 2 MoE", vocabulary, tensors, chatTemplate, contextLength, seed,
            layerCount: layerCount,
            extra: [
                ("attention.layer_norm_rms_epsilon", .float32(1e-6)), ("expert_count", .uint32(4)),
                ("expert_used_count", .uint32(2)), ("expert_feed_forward_length", .uint32(32)),
                ("expert_shared_feed_forward_length", .uint32(64)),
            ])
    }

    /// Gemma 3: SentencePiece vocabulary, `<start_of_turn>` and `<end_of_turn>`, sliding window, output tied to input.
    public static func gemma3(
        chatTemplate: String? = nil, contextLength: UInt32 = 512, seed: UInt64 = 4
    ) -> TinyModel {
        let vocabulary = TinyVocabulary.sentencePiece(gemma: true)
        var tensors = edges(vocabulary, tied: true)
        for layer in 0..<layers {
            tensors += attention(layer) + feedForward(layer)
            tensors += [
                // Above 1, or the tied embedding outweighs the layers and each token repeats itself.
                norm("blk.\(layer).post_attention_norm.weight", to: 3),
                norm("blk.\(layer).post_ffw_norm.weight", to: 3),
                norm("blk.\(layer).attn_q_norm.weight", headLength),
                norm("blk.\(layer).attn_k_norm.weight", headLength),
            ]
        }
        return model(
            "gemma3", title: "Tiny Gemma 3", vocabulary, tensors, chatTemplate, contextLength, seed,
            extra: [
                ("attention.layer_norm_rms_epsilon", .float32(1e-6)),
                ("attention.key_length", .uint32(UInt32(headLength))),
                ("attention.value_length", .uint32(UInt32(headLength))),
                ("attention.sliding_window", .uint32(128)), ("rope.freq_base", .float32(1_000_000)),
            ])
    }

    /// Mamba: a recurrent model without attention.
    public static func mamba(
        chatTemplate: String? = nil, contextLength: UInt32 = 512, seed: UInt64 = 5
    ) -> TinyModel {
        let vocabulary = TinyVocabulary.bytePairs()
        let inner = 2 * width
        let (convolution, state, rank): (UInt64, UInt64, UInt64) = (4, 16, 4)
        var tensors = edges(vocabulary, tied: true)
        for layer in 0..<layers {
            let block = "blk.\(layer)."
            tensors += [
                norm(block + "attn_norm.weight"),
                matrix(block + "ssm_in.weight", width, 2 * inner),
                TinyTensor(name: block + "ssm_conv1d.weight", dimensions: [convolution, inner]),
                TinyTensor(name: block + "ssm_conv1d.bias", dimensions: [inner], content: .constant(0)),
                matrix(block + "ssm_x.weight", inner, rank + 2 * state),
                TinyTensor(name: block + "ssm_dt.weight", dimensions: [rank, inner]),
                TinyTensor(name: block + "ssm_dt.bias", dimensions: [inner], content: .constant(-2)),
                TinyTensor(name: block + "ssm_a", dimensions: [state, inner], content: .negativeSteps),
                TinyTensor(name: block + "ssm_d", dimensions: [inner], content: .constant(1)),
                matrix(block + "ssm_out.weight", inner, width),
            ]
        }
        return model(
            "mamba", title: "Tiny Mamba", vocabulary, tensors, chatTemplate, contextLength, seed, attention: false,
            extra: [
                ("feed_forward_length", .uint32(0)), ("attention.head_count", .uint32(0)),
                ("ssm.conv_kernel", .uint32(UInt32(convolution))), ("ssm.inner_size", .uint32(UInt32(inner))),
                ("ssm.state_size", .uint32(UInt32(state))), ("ssm.time_step_rank", .uint32(UInt32(rank))),
                ("attention.layer_norm_rms_epsilon", .float32(1e-5)),
            ])
    }

    /// BERT: WordPiece vocabulary, mean pooling; turns text into a vector of 64 numbers. With `ranks` it has a head that
    /// scores pairs of texts instead.
    public static func bert(contextLength: UInt32 = 128, ranks: Bool = false, seed: UInt64 = 6) -> TinyModel {
        let vocabulary = TinyVocabulary.wordPieces()
        var tensors = [
            matrix("token_embd.weight", width, UInt64(vocabulary.count)),
            TinyTensor(name: "token_types.weight", dimensions: [width, 2]),
            TinyTensor(name: "position_embd.weight", dimensions: [width, UInt64(contextLength)]),
            norm("token_embd_norm.weight"), bias("token_embd_norm.bias"),
        ]
        for layer in 0..<layers {
            let block = "blk.\(layer)."
            for name in ["attn_q", "attn_k", "attn_v", "attn_output"] {
                tensors += [matrix(block + name + ".weight", width, width), bias(block + name + ".bias")]
            }
            tensors += [
                norm(block + "attn_output_norm.weight"), bias(block + "attn_output_norm.bias"),
                matrix(block + "ffn_up.weight", width, feedForward), bias(block + "ffn_up.bias", feedForward),
                matrix(block + "ffn_down.weight", feedForward, width), bias(block + "ffn_down.bias"),
                norm(block + "layer_output_norm.weight"), bias(block + "layer_output_norm.bias"),
            ]
        }
        if ranks {
            tensors += [
                matrix("cls.weight", width, width), bias("cls.bias"), matrix("cls.output.weight", width, 1),
                bias("cls.output.bias", 1),
            ]
        }
        return model(
            "bert", title: "Tiny BERT", vocabulary, tensors, nil, contextLength, seed, keyValueHeads: 2,
            extra: [
                ("attention.layer_norm_epsilon", .float32(1e-12)), ("attention.causal", .bool(false)),
                ("pooling_type", .uint32(ranks ? 4 : 1)),
            ])
    }

    /// Every architecture, for tests that want them all.
    public static var all: [TinyModel] { [llama(), qwen2(), qwen2moe(), gemma3(), mamba(), bert()] }

    // MARK: Parts

    static func model(
        _ architecture: String, title: String, _ vocabulary: TinyVocabulary, _ tensors: [TinyTensor],
        _ chatTemplate: String?, _ contextLength: UInt32, _ seed: UInt64,
        width: UInt64 = width, feedForward: UInt64 = feedForward, headCount: UInt64 = width / headLength,
        layerCount: UInt64 = layers, attention: Bool = true, keyValueHeads: UInt32 = 1, extra: [(String, GGUFValue)]
    ) -> TinyModel {
        var metadata: [(key: String, value: GGUFValue)] = [
            ("general.architecture", .string(architecture)), ("general.type", .string("model")),
            ("general.name", .string(title)), ("general.license", .string("apache-2.0")),
            ("general.file_type", .uint32(1)), ("general.quantization_version", .uint32(2)),
        ]
        func own(_ key: String, _ value: GGUFValue) { metadata.append(("\(architecture).\(key)", value)) }
        own("context_length", .uint32(contextLength))
        own("embedding_length", .uint32(UInt32(width)))
        own("block_count", .uint32(UInt32(layerCount)))
        own("vocab_size", .uint32(UInt32(vocabulary.count)))
        if attention {
            own("feed_forward_length", .uint32(UInt32(feedForward)))
            own("attention.head_count", .uint32(UInt32(headCount)))
            own("attention.head_count_kv", .uint32(keyValueHeads))
        }
        for (key, value) in extra { own(key, value) }
        metadata += vocabulary.metadata
        if let chatTemplate { metadata.append(("tokenizer.chat_template", .string(chatTemplate))) }
        return TinyModel(metadata: metadata, tensors: tensors, seed: seed)
    }

    /// Input and output. Control tokens have zero rows in the output, so that their logit is never the highest.
    private static func edges(_ vocabulary: TinyVocabulary, tied: Bool = false) -> [TinyTensor] {
        let count = UInt64(vocabulary.count)
        var output = matrix(tied ? "token_embd.weight" : "output.weight", width, count)
        output.zeroRows = vocabulary.controlTokens
        let input = tied ? [] : [matrix("token_embd.weight", width, count)]
        return input + [norm("output_norm.weight"), output]
    }

    private static func attention(_ layer: UInt64, bias hasBias: Bool = false) -> [TinyTensor] {
        let block = "blk.\(layer)."
        var tensors = [
            norm(block + "attn_norm.weight"),
            matrix(block + "attn_q.weight", width, width), matrix(block + "attn_k.weight", width, headLength),
            matrix(block + "attn_v.weight", width, headLength), matrix(block + "attn_output.weight", width, width),
        ]
        if hasBias {
            tensors += [
                bias(block + "attn_q.bias"), bias(block + "attn_k.bias", headLength),
                bias(block + "attn_v.bias", headLength),
            ]
        }
        return tensors
    }

    private static func feedForward(_ layer: UInt64) -> [TinyTensor] {
        let block = "blk.\(layer)."
        return [
            norm(block + "ffn_norm.weight"), matrix(block + "ffn_gate.weight", width, feedForward),
            matrix(block + "ffn_up.weight", width, feedForward), matrix(block + "ffn_down.weight", feedForward, width),
        ]
    }

    private static func experts(_ layer: UInt64, count: UInt64) -> [TinyTensor] {
        let block = "blk.\(layer)."
        let (inner, shared): (UInt64, UInt64) = (32, 64)
        return [
            norm(block + "ffn_norm.weight"),
            TinyTensor(name: block + "ffn_gate_inp.weight", dimensions: [width, count]),
            TinyTensor(name: block + "ffn_gate_exps.weight", dimensions: [width, inner, count], type: .f16),
            TinyTensor(name: block + "ffn_up_exps.weight", dimensions: [width, inner, count], type: .f16),
            TinyTensor(name: block + "ffn_down_exps.weight", dimensions: [inner, width, count], type: .f16),
            TinyTensor(name: block + "ffn_gate_inp_shexp.weight", dimensions: [width]),
            matrix(block + "ffn_gate_shexp.weight", width, shared),
            matrix(block + "ffn_up_shexp.weight", width, shared),
            matrix(block + "ffn_down_shexp.weight", shared, width),
        ]
    }

    private static func matrix(_ name: String, _ columns: UInt64, _ rows: UInt64) -> TinyTensor {
        TinyTensor(name: name, dimensions: [columns, rows], type: .f16)
    }

    static func norm(_ name: String, _ count: UInt64 = width, to weight: Float = 1) -> TinyTensor {
        TinyTensor(name: name, dimensions: [count], content: .constant(weight))
    }

    private static func bias(_ name: String, _ count: UInt64 = width) -> TinyTensor {
        TinyTensor(name: name, dimensions: [count], content: .random(scale: 0.1))
    }
}
