# SPDX-License-Identifier: Apache-2.0
"""Makes Fixtures/recipes/llama_cpp_mixes.tsv: the type that llama.cpp's quantizer gives each tensor
of a model of 24 layers, for every mix that it makes without an importance matrix.

The models are made up: a dense Llama with as many key heads as query heads, one with a quarter of
them, and a mixture of eight experts. Needs numpy, gguf and llama_cpp.
"""

import ctypes
import itertools
import os
import sys
import tempfile

import gguf
import llama_cpp
import numpy as np

FIXTURES = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MIXES = {"Q4_0": 2, "Q4_1": 3, "Q8_0": 7, "Q5_0": 8, "Q5_1": 9, "Q2_K": 10, "Q3_K_S": 11,
         "Q3_K_M": 12, "Q3_K_L": 13, "Q4_K_S": 14, "Q4_K_M": 15, "Q5_K_S": 16, "Q5_K_M": 17,
         "Q6_K": 18, "IQ4_NL": 25, "IQ3_S": 26, "IQ3_M": 27, "IQ4_XS": 30,
         "TQ1_0": 36, "TQ2_0": 37, "MXFP4_MOE": 38}
LAYERS, WIDTH, HEADS = 24, 256, 8
MODELS = {"dense": (8, 0), "grouped": (2, 0), "mixture": (2, 8)}


def write(path, key_heads, experts):
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_block_count(LAYERS)
    writer.add_context_length(512)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(WIDTH)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(key_heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_vocab_size(WIDTH)
    if experts:
        writer.add_expert_count(experts)
        writer.add_expert_used_count(2)
    random = np.random.default_rng(1)

    def add(name, *shape):
        values = random.normal(0, 0.02, shape)
        writer.add_tensor(name, values.astype(np.float32 if len(shape) == 1 else np.float16))

    add("token_embd.weight", WIDTH, WIDTH)
    add("output.weight", WIDTH, WIDTH)
    add("output_norm.weight", WIDTH)
    narrow = WIDTH // HEADS * key_heads
    stack = (experts,) if experts else ()
    suffix = "_exps" if experts else ""
    for layer in range(LAYERS):
        block = f"blk.{layer}."
        add(block + "attn_norm.weight", WIDTH)
        add(block + "ffn_norm.weight", WIDTH)
        for name, rows in (("q", WIDTH), ("k", narrow), ("v", narrow), ("output", WIDTH)):
            add(block + f"attn_{name}.weight", rows, WIDTH)
        for name in ("gate", "up", "down"):
            add(block + f"ffn_{name}{suffix}.weight", *stack, WIDTH, WIDTH)
        if experts:
            add(block + "ffn_gate_inp.weight", experts, WIDTH)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main():
    lines = ["# model\trecipe\ttensors\ttype*count, by layers"]
    with tempfile.TemporaryDirectory() as folder:
        for model, (key_heads, experts) in MODELS.items():
            source = os.path.join(folder, model + ".gguf")
            write(source, key_heads, experts)
            for name, number in MIXES.items():
                output = os.path.join(folder, name + ".gguf")
                parameters = llama_cpp.llama_model_quantize_default_params()
                parameters.ftype = number
                parameters.nthread = 2
                status = llama_cpp.llama_model_quantize(
                    source.encode(), output.encode(), ctypes.byref(parameters))
                if status != 0:
                    sys.exit(f"{model}, {name}: llama.cpp made none")
                kinds = {}
                for tensor in gguf.GGUFReader(output).tensors:
                    if len(tensor.shape) > 1 and "ffn_gate_inp" not in tensor.name:
                        layer = int(tensor.name.split(".")[1]) if tensor.name.startswith("blk.") else 0
                        kind = kinds.setdefault(tensor.name.split(".")[-2], {})
                        kind[layer] = tensor.tensor_type.name
                for kind, types in sorted(kinds.items()):
                    runs = [f"{t}*{len(list(run))}" for t, run in
                            itertools.groupby(types[layer] for layer in sorted(types))]
                    lines.append(f"{model}\t{name}\t{kind}\t{' '.join(runs)}")
    with open(os.path.join(FIXTURES, "recipes", "llama_cpp_mixes.tsv"), "w") as file:
        file.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
