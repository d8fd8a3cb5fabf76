"""Writes a BERT sentence encoder (safetensors, config.json, vocab.txt) as a GGUF file for llama.cpp.

    python bert_gguf.py FOLDER TARGET
"""

import json
import os
import sys

import gguf
import numpy
from safetensors.numpy import load_file

LAYER = {
    "attention.self.query": "attn_q",
    "attention.self.key": "attn_k",
    "attention.self.value": "attn_v",
    "attention.output.dense": "attn_output",
    "attention.output.LayerNorm": "attn_output_norm",
    "intermediate.dense": "ffn_up",
    "output.dense": "ffn_down",
    "output.LayerNorm": "layer_output_norm",
}
EMBEDDINGS = {
    "word_embeddings": "token_embd",
    "position_embeddings": "position_embd",
    "token_type_embeddings": "token_types",
    "LayerNorm": "token_embd_norm",
}
SPECIAL = "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"


def target_name(name):
    """The engine's name of a tensor; None for those it does not use (the pooler, position ids)."""
    place, kind = name.rsplit(".", 1)
    parts = place.split(".")
    if len(parts) == 2 and parts[0] == "embeddings":
        return f"{EMBEDDINGS[parts[1]]}.{kind}"
    if parts[:2] == ["encoder", "layer"]:
        return f"blk.{parts[2]}.{LAYER['.'.join(parts[3:])]}.{kind}"
    return None


def token_text(token):
    """GGUF marks the beginnings of words, WordPiece what follows them."""
    if token.startswith("[") and token.endswith("]"):
        return token
    return token[2:] if token.startswith("##") else "\u2581" + token


def main(folder, target):
    with open(os.path.join(folder, "config.json"), encoding="utf-8") as file:
        config = json.load(file)
    with open(os.path.join(folder, "vocab.txt"), encoding="utf-8") as file:
        tokens = [line.rstrip("\n") for line in file]
    with open(os.path.join(folder, "1_Pooling", "config.json"), encoding="utf-8") as file:
        pooling = json.load(file)
    assert config["model_type"] == "bert" and config["hidden_act"] == "gelu" and pooling["pooling_mode_mean_tokens"]

    writer = gguf.GGUFWriter(target, "bert")
    writer.add_name("all-MiniLM-L6-v2")
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_layer_norm_eps(config["layer_norm_eps"])
    writer.add_causal_attention(False)
    writer.add_pooling_type(gguf.PoolingType.MEAN)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)

    writer.add_tokenizer_model("bert")
    writer.add_tokenizer_pre("default")
    writer.add_token_type_count(config["type_vocab_size"])
    writer.add_token_list([token_text(token) for token in tokens])
    writer.add_token_types([gguf.TokenType.CONTROL if token in SPECIAL else gguf.TokenType.NORMAL for token in tokens])
    writer.add_pad_token_id(tokens.index("[PAD]"))
    writer.add_unk_token_id(tokens.index("[UNK]"))
    writer.add_bos_token_id(tokens.index("[CLS]"))
    writer.add_sep_token_id(tokens.index("[SEP]"))
    writer.add_mask_token_id(tokens.index("[MASK]"))

    for name, tensor in load_file(os.path.join(folder, "model.safetensors")).items():
        if written := target_name(name):
            # Vectors and the small tables stay as they are.
            is_matrix = tensor.ndim == 2 and written not in ("token_types.weight", "position_embd.weight")
            writer.add_tensor(written, tensor.astype(numpy.float16 if is_matrix else numpy.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


main(*sys.argv[1:])
