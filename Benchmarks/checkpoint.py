# SPDX-License-Identifier: Apache-2.0
"""Makes a Llama checkpoint of random weights, as Hugging Face lays it out.

Usage: python checkpoint.py SIZE TOKENIZER OUTPUT, where SIZE is `medium` (611 MB) or `large` (2.1 GB)
and TOKENIZER a folder with a SentencePiece tokenizer of 1024 pieces.
"""

import json
import os
import shutil
import sys

import torch
from safetensors.torch import save_file

SHARD = 200 << 20
SIZES = {
    "medium": {"hidden_size": 1536, "intermediate_size": 4096, "num_hidden_layers": 12,
               "num_attention_heads": 12, "num_key_value_heads": 4, "head_dim": 128},
    "large": {"hidden_size": 2048, "intermediate_size": 5632, "num_hidden_layers": 22,
              "num_attention_heads": 16, "num_key_value_heads": 8, "head_dim": 128},
}
COMMON = {
    "architectures": ["LlamaForCausalLM"], "model_type": "llama", "dtype": "bfloat16", "vocab_size": 1024,
    "hidden_act": "silu", "max_position_embeddings": 2048, "rms_norm_eps": 1e-5, "rope_theta": 10000.0,
    "tie_word_embeddings": False, "attention_bias": False, "mlp_bias": False, "bos_token_id": 1,
    "eos_token_id": 2}


def shapes(config):
    hidden, inner = config["hidden_size"], config["intermediate_size"]
    queries = config["num_attention_heads"] * config["head_dim"]
    keys = config["num_key_value_heads"] * config["head_dim"]
    yield "model.embed_tokens.weight", (config["vocab_size"], hidden)
    for i in range(config["num_hidden_layers"]):
        layer = f"model.layers.{i}."
        yield layer + "input_layernorm.weight", (hidden,)
        yield layer + "self_attn.q_proj.weight", (queries, hidden)
        yield layer + "self_attn.k_proj.weight", (keys, hidden)
        yield layer + "self_attn.v_proj.weight", (keys, hidden)
        yield layer + "self_attn.o_proj.weight", (hidden, queries)
        yield layer + "post_attention_layernorm.weight", (hidden,)
        yield layer + "mlp.gate_proj.weight", (inner, hidden)
        yield layer + "mlp.up_proj.weight", (inner, hidden)
        yield layer + "mlp.down_proj.weight", (hidden, inner)
    yield "model.norm.weight", (hidden,)
    yield "lm_head.weight", (config["vocab_size"], hidden)


def tensor(shape, generator):
    """Norms near 1; matrices normal with the deviation that keeps a sum over inputs at 1."""
    values = torch.randn(shape, generator=generator)
    values = 1 + 0.1 * values if len(shape) == 1 else values * shape[1] ** -0.5
    return values.to(torch.bfloat16)


def write(config, output):
    """Shards of about 200 MiB, written as they fill."""
    generator = torch.Generator().manual_seed(1)
    shards, shard, size = [], {}, 0

    def flush():
        file = f"part-{len(shards)}.safetensors"
        save_file(shard, os.path.join(output, file), metadata={"format": "pt"})
        shards.append((file, list(shard)))
        shard.clear()

    total = 0
    for name, shape in shapes(config):
        shard[name] = tensor(shape, generator)
        size += shard[name].nbytes
        total += shard[name].nbytes
        if size >= SHARD:
            flush()
            size = 0
    flush()
    index = {}
    for i, (file, names) in enumerate(shards):
        final = f"model-{i + 1:05d}-of-{len(shards):05d}.safetensors"
        os.rename(os.path.join(output, file), os.path.join(output, final))
        index |= {name: final for name in names}
    with open(os.path.join(output, "model.safetensors.index.json"), "w") as f:
        json.dump({"metadata": {"total_size": total}, "weight_map": index}, f)


def main(size, tokenizer, output):
    config = COMMON | SIZES[size]
    os.makedirs(output, exist_ok=True)
    write(config, output)
    shutil.copy(os.path.join(tokenizer, "tokenizer.model"), output)
    with open(os.path.join(tokenizer, "tokenizer_config.json")) as f:
        settings = json.load(f)
    del settings["chat_template"]
    for file, value in (("tokenizer_config.json", settings), ("config.json", config)):
        with open(os.path.join(output, file), "w") as f:
            json.dump(value, f, indent=1)


if __name__ == "__main__":
    if len(sys.argv) != 4 or sys.argv[1] not in SIZES:
        sys.exit(__doc__)
    main(*sys.argv[1:])
