"""Vectors of sentences by a BERT sentence encoder, computed with NumPy alone: what the engine's are compared with.

    python bert_reference.py FOLDER SENTENCES TARGET

SENTENCES has one on each line. TARGET gets their vectors one behind the other, each of length 1, as 32-bit floats.
"""

import json
import math
import os
import sys

import numpy
from safetensors.numpy import load_file

from wordpiece import WordPiece


class Bert:
    """Devlin et al. 2019, section 3; the vector of a text is the mean of its tokens' (Reimers and Gurevych 2019)."""

    def __init__(self, folder):
        with open(os.path.join(folder, "config.json"), encoding="utf-8") as file:
            self.config = json.load(file)
        weights = load_file(os.path.join(folder, "model.safetensors"))
        self.weights = {name: tensor.astype(numpy.float64) for name, tensor in weights.items()
                        if tensor.dtype.kind == "f"}

    def vector(self, ids):
        embeddings = [self.weights[f"embeddings.{kind}_embeddings.weight"] for kind in ("word", "position", "token_type")]
        state = embeddings[0][ids] + embeddings[1][: len(ids)] + embeddings[2][0]
        state = self.normalized(state, "embeddings.LayerNorm")
        for layer in range(self.config["num_hidden_layers"]):
            place = f"encoder.layer.{layer}"
            attended = self.linear(self.attention(state, f"{place}.attention.self"), f"{place}.attention.output.dense")
            state = self.normalized(state + attended, f"{place}.attention.output.LayerNorm")
            inner = gelu(self.linear(state, f"{place}.intermediate.dense"))
            state = self.normalized(state + self.linear(inner, f"{place}.output.dense"), f"{place}.output.LayerNorm")
        mean = state.mean(axis=0)
        return mean / numpy.linalg.norm(mean)

    def attention(self, state, place):
        heads = self.config["num_attention_heads"]
        query, key, value = (
            self.linear(state, f"{place}.{part}").reshape(len(state), heads, -1).transpose(1, 0, 2)
            for part in ("query", "key", "value")
        )
        scores = query @ key.transpose(0, 2, 1) / math.sqrt(query.shape[-1])
        scores = numpy.exp(scores - scores.max(axis=-1, keepdims=True))
        scores /= scores.sum(axis=-1, keepdims=True)
        return (scores @ value).transpose(1, 0, 2).reshape(len(state), -1)

    def linear(self, state, place):
        return state @ self.weights[f"{place}.weight"].T + self.weights[f"{place}.bias"]

    def normalized(self, state, place):
        centred = state - state.mean(axis=-1, keepdims=True)
        scale = numpy.sqrt((centred**2).mean(axis=-1, keepdims=True) + self.config["layer_norm_eps"])
        return centred / scale * self.weights[f"{place}.weight"] + self.weights[f"{place}.bias"]


def gelu(values):
    return values * 0.5 * (1 + numpy.vectorize(math.erf)(values / math.sqrt(2)))


def main(folder, sentences, target):
    tokenizer, model = WordPiece(os.path.join(folder, "vocab.txt")), Bert(folder)
    with open(sentences, encoding="utf-8") as file:
        vectors = [model.vector(tokenizer.encode(line.rstrip("\n"))) for line in file]
    numpy.array(vectors, dtype="<f4").tofile(target)


main(*sys.argv[1:])
