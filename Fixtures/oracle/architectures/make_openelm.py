# SPDX-License-Identifier: Apache-2.0
"""Makes the tiny OpenELM of Fixtures/architectures, of which transformers has no class.

What it computes is by mlx-lm's, Apple's own, in f32. Parameters are random, all of them, and stored in BF16
under the names of the hub; no two layers have the same heads and widths.

    pip install "mlx[cpu]" mlx-lm torch safetensors
    python Fixtures/oracle/architectures/make_openelm.py
"""

import json

import mlx.core as mx
import numpy as np
import torch
from make import FOLDER, LAYERS, NO_HEAD_NORM, NO_ROTATION, TOKENS, WRONG_ACTIVATION
from mlx.utils import tree_flatten
from mlx_lm.models import openelm
from mlx_lm.models.base import create_attention_mask
from safetensors.torch import save_file

# 0.36 * 32 is nearest to 8, which is less than nine tenths of it; 0.7 * 32 to 24.
CONFIG = dict(
    model_type="openelm", model_dim=32, head_dim=8, num_transformer_layers=3, vocab_size=512,
    num_query_heads=[2, 4, 6], num_kv_heads=[1, 4, 2], ffn_multipliers=[0.36, 0.7, 2.0], ffn_dim_divisor=8,
    ffn_with_glu=True, activation_fn_name="swish", normalize_qk_projections=True, share_input_output_layers=True,
    rms_norm_eps=1e-3, rope_freq_constant=100, max_context_length=64, rope_max_length=128, bos_token_id=1,
    eos_token_id=2)
MISTAKES = {
    "no rotation": NO_ROTATION,
    "head norms": NO_HEAD_NORM,
    "epsilon": {LAYERS + "attention.epsilon": 0.1},
    "activation": WRONG_ACTIVATION}


def array(tensor):
    return mx.array(tensor.to(torch.float32).numpy())


def tensor(array):
    return torch.from_numpy(np.array(array, copy=True))


def main():
    mx.set_default_device(mx.cpu)
    arguments = {key: value for key, value in CONFIG.items() if key in openelm.ModelArgs.__dataclass_fields__}
    model = openelm.Model(openelm.ModelArgs(**arguments))
    generator = torch.Generator().manual_seed(1)
    weights = {}
    for name, value in sorted(tree_flatten(model.parameters())):
        noise = torch.randn(value.shape, generator=generator)
        noise = noise * 1.5 / value.shape[-1] ** 0.5 if value.ndim > 1 else 1 + 0.3 * noise
        weights[name] = noise.to(torch.bfloat16)
    model.load_weights([(name, array(value)) for name, value in weights.items()])
    inner = model.transformer
    state = inner.token_embeddings(mx.array([TOKENS]))
    golden = {"tokens": torch.tensor(TOKENS, dtype=torch.int32), "language.embeddings": tensor(state[0])}
    for index, layer in enumerate(inner.layers):
        state = layer(state, create_attention_mask(state, None))
        golden[f"language.layers.{index}"] = tensor(state[0])
    golden["language.norm"] = tensor(inner.norm(state)[0])
    golden["logits"] = tensor(model(mx.array([TOKENS]))[0])
    folder = FOLDER / "openelm"
    folder.mkdir(parents=True, exist_ok=True)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    save_file(golden, folder / "golden.safetensors")
    (folder / "config.json").write_text(json.dumps(CONFIG, indent=1) + "\n")
    (folder / "mistakes.json").write_text(json.dumps(MISTAKES, indent=1) + "\n")
    size = sum(file.stat().st_size for file in folder.iterdir())
    print(f"openelm: {size:,} bytes, logits deviate by {golden['logits'].std():.2f}")


if __name__ == "__main__":
    main()
