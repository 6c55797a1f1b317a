# SPDX-License-Identifier: Apache-2.0
"""Makes the tiny models of Fixtures/architectures, and what transformers computes of them.

Each is one of transformers' own classes with random parameters, all of them: a norm whose weight
is 1 would hide that 1 is added to it. They are stored in BF16 and computed with in f32. Heads,
windows, layers and experts are such that no two numbers that may be confused are equal.

A model comes with mistakes: changes to its declaration after which the results must differ.

With --engines FOLDER, the models go there instead, with the settings that engines take for granted
where the fixtures have others on purpose: to be converted to GGUF, and measured by
Fixtures/oracle/llama_cpp/logits.py.

    pip install -r Fixtures/oracle/architectures/requirements.txt
    python Fixtures/oracle/architectures/make.py [--engines FOLDER] [NAME ...]
"""

import argparse
import json
import pathlib

import torch
import transformers
from safetensors.torch import load_file, save_file

FOLDER = pathlib.Path(__file__).parents[2] / "architectures"

SIZES = dict(
    vocab_size=512, hidden_size=32, intermediate_size=48, num_hidden_layers=2,
    num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=64,
    bos_token_id=1, eos_token_id=2, pad_token_id=None)

# 13 tokens: longer than every window.
TOKENS = [1, 305, 42, 77, 500, 13, 256, 99, 3, 410, 180, 64, 221]

LAYERS = "steps.layers."
ROPE = LAYERS + "attention.rope."
WINDOW = {LAYERS + "attention.window": 0}
WRONG_ACTIVATION = {LAYERS + "feedForward.activation": "'gelu'"}
NO_ROTATION = {ROPE + "when": False}
NO_HEAD_NORM = {
    LAYERS + "attention.tensors.queryNorm.when": False,
    LAYERS + "attention.tensors.keyNorm.when": False,
    "ignored+": [{"name": "*_norm.weight", "because": "a mistake"}]}
KINDS = ["sliding_attention", "full_attention"]


DELTA = LAYERS + "gatedDelta.tensors."


def rope(kind="default", base=10000.0, **settings):
    return {"rope_type": kind, "rope_theta": base, **settings}


# No width may be mistaken for another, but rows of MXFP4 are of whole groups of 32.
GPT_OSS = dict(
    head_dim=16, num_local_experts=5, num_experts_per_tok=2, sliding_window=5, hidden_size=32,
    intermediate_size=64, max_position_embeddings=256,
    rope_parameters=rope("yarn", 10.0, factor=4.0, beta_fast=32.0, beta_slow=1.0, truncate=False,
                         original_max_position_embeddings=64))
GATE, UP = [LAYERS + f"experts.tensors.{name}.alternating.place" for name in ("gate", "up")]
GPT_OSS_MISTAKES = {
    "no sinks": {LAYERS + "attention.tensors.sinks.when": False,
                 "ignored+": [{"name": "*.sinks", "because": "a mistake"}]},
    "window": WINDOW, "no offset": {LAYERS + "experts.upOffset": 0},
    "gate and up exchanged": {GATE: 1, UP: 0},
    "whole pairs": {ROPE + "truncates": True}, "three experts": {LAYERS + "experts.chosen": 3}}


GEMMA4 = dict(
    head_dim=16, global_head_dim=24, sliding_window=5, intermediate_size=40,
    final_logit_softcapping=3.0, tie_word_embeddings=True,
    rope_parameters={"sliding_attention": rope(base=100.0),
                     "full_attention": rope("proportional", 5000.0, partial_rotary_factor=0.5)})


# name: (class of transformers, what differs from SIZES, mistakes)
MODELS = {
    "llama3": (
        "Llama",
        dict(head_dim=8, attention_bias=True, mlp_bias=True, max_position_embeddings=128,
             rope_parameters=rope("llama3", 500.0, factor=8.0, low_freq_factor=1.0,
                                  high_freq_factor=4.0, original_max_position_embeddings=32)),
        {"unscaled rotation": {ROPE + "scaling": "'default'"},
         "activation": WRONG_ACTIVATION}),
    "llama-linear": (
        "Llama",
        dict(head_dim=8, tie_word_embeddings=True, rope_parameters=rope("linear", 100.0, factor=4.0)),
        {"unscaled rotation": {ROPE + "scaling": "'default'"}}),
    "llama-yarn": (
        "Llama",
        dict(head_dim=16, max_position_embeddings=256,
             rope_parameters=rope("yarn", 10.0, factor=4.0, beta_fast=4.0, beta_slow=1.0,
                                  original_max_position_embeddings=64)),
        {"unscaled rotation": {ROPE + "scaling": "'default'"},
         "linear scaling": {ROPE + "scaling": "'linear'"},
         "bounds by default": {ROPE + "fastTurns": 32}}),
    "ministral3": (
        "Ministral3",
        dict(head_dim=16, sliding_window=None, max_position_embeddings=64,
             rope_parameters=rope("yarn", 10.0, factor=4.0, beta_fast=4.0, beta_slow=1.0, mscale=1.0,
                                  mscale_all_dim=0.6, llama_4_scaling_beta=0.3,
                                  original_max_position_embeddings=4)),
        {"no growth": {LAYERS + "attention.growth": 0},
         "growth without steps": {LAYERS + "attention.growthLength": 1},
         "usual stretch": {ROPE + "stretch": "ropeLogarithm + 1"}}),
    "mistral": (
        "Mistral", dict(head_dim=16, sliding_window=5),
        {"window": WINDOW, "window by one": {LAYERS + "attention.window": "window + 1"}}),
    "stablelm": (
        "StableLm", dict(rms_norm_eps=None, layer_norm_eps=1e-3, use_qkv_bias=True,
                         rope_parameters=rope("default", 100.0, partial_rotary_factor=0.5)),
        {"whole heads rotated": {ROPE + "dimension": "headDimension"},
         "mean kept": {LAYERS + "attention.norm": "rms"},
         "epsilon": {LAYERS + "feedForward.epsilon": 0.1}}),
    "mixtral": (
        "Mixtral",
        dict(num_local_experts=5, num_experts_per_tok=2, sliding_window=None),
        {"shares not renormalized": {LAYERS + "experts.renormalizes": False},
         "one expert": {LAYERS + "experts.chosen": 1}}),
    "qwen2": (
        "Qwen2",
        dict(num_hidden_layers=4, use_sliding_window=True, sliding_window=5, max_window_layers=2),
        {"window": WINDOW,
         "window in all layers": {LAYERS + "attention.window": "window"}}),
    "qwen3": (
        "Qwen3", dict(head_dim=16, tie_word_embeddings=True),
        {"head norms": NO_HEAD_NORM, "rotation": NO_ROTATION,
         "epsilon": {LAYERS + "attention.epsilon": 0.01}}),
    "qwen3-moe": (
        "Qwen3Moe",
        dict(num_hidden_layers=4, head_dim=16, num_experts=5, num_experts_per_tok=2,
             moe_intermediate_size=24, decoder_sparse_step=1, mlp_only_layers=[0, 2],
             norm_topk_prob=True),
        {"shares not renormalized": {LAYERS + "experts.renormalizes": False},
         "three experts": {LAYERS + "experts.chosen": 3}}),
    "qwen3.5": (
        "Qwen3_5",
        dict(num_hidden_layers=4, head_dim=16, full_attention_interval=2, linear_num_key_heads=2,
             linear_num_value_heads=6, linear_key_head_dim=8, linear_value_head_dim=12,
             rope_parameters=rope(base=100.0, partial_rotary_factor=0.75, mrope_section=[3, 2, 1],
                                  mrope_interleaved=True)),
        {"norm offset": {"hyperparameters.normOffset.default": 0},
         "head norms": NO_HEAD_NORM, "rotation": NO_ROTATION, "activation": WRONG_ACTIVATION,
         "whole heads rotated": {
             ROPE + "dimension": "headDimension", ROPE + "axes": ["headDimension / 2", 0, 0]},
         "epsilon": {LAYERS + "gatedDelta.epsilon": 0.01},
         "activation of the convolution": {LAYERS + "gatedDelta.activation": "'gelu'"},
         "rates and biases exchanged": {
             DELTA + "decayRates.name": "linear_attn.dt_bias",
             DELTA + "decayBias.name": "linear_attn.A_log"},
         "writing and forgetting exchanged": {
             DELTA + "write.name": "linear_attn.in_proj_a",
             DELTA + "decay.name": "linear_attn.in_proj_b"}}),
    "qwen3.5-moe": (
        "Qwen3_5Moe",
        dict(num_hidden_layers=4, head_dim=16, full_attention_interval=2, linear_num_key_heads=2,
             linear_num_value_heads=4, linear_key_head_dim=8, linear_value_head_dim=8,
             num_experts=5, num_experts_per_tok=2, moe_intermediate_size=24,
             shared_expert_intermediate_size=20,
             rope_parameters=rope(base=100.0, partial_rotary_factor=0.75, mrope_section=[2, 2, 2],
                                  mrope_interleaved=True)),
        {"norm offset": {"hyperparameters.normOffset.default": 0},
         "shares not renormalized": {LAYERS + "experts.renormalizes": False},
         "three experts": {LAYERS + "experts.chosen": 3},
         "all of what is shared": {
             LAYERS + "experts.tensors.sharedRouter.when": False,
             "ignored+": [{"name": "*.shared_expert_gate.weight", "because": "a mistake"}]},
         "nothing is shared": {
             **{LAYERS + f"experts.tensors.shared{name}.when": False
                for name in ["Gate", "Up", "Down", "Router"]},
             "ignored+": [{"name": "*.shared_expert*", "because": "a mistake"}]}}),
    "smollm3": (
        "SmolLM3",
        dict(num_hidden_layers=4, no_rope_layers=[1, 0, 0, 1], rope_parameters=rope(base=5000.0)),
        {"rotation in all layers": {ROPE + "when": True},
         "every fourth layer": {ROPE + "when": "(layer + 1) % 4 != 0"}}),
    "gpt-oss": (
        "GptOss", dict(GPT_OSS, swiglu_limit=0.5, intermediate_size=40), GPT_OSS_MISTAKES),
    "gpt-oss-mxfp4": ("GptOss", GPT_OSS, GPT_OSS_MISTAKES),
    "lfm2": (
        "Lfm2",
        dict(num_hidden_layers=4, layer_types=["conv", "full_attention", "conv", "conv"],
             intermediate_size=60, block_multiple_of=12, block_ffn_dim_multiplier=1.1,
             conv_L_cache=4, rope_parameters=rope(base=1000.0)),
        {"head norms": {**NO_HEAD_NORM, "ignored+": [{"name": "*_layernorm.weight", "because": "a mistake"}]},
         "rotation": NO_ROTATION, "activation": WRONG_ACTIVATION,
         "epsilon": {LAYERS + "shortConvolution.epsilon": 0.01}}),
    "olmo2": (
        "Olmo2", dict(),
        {"head norms": NO_HEAD_NORM, "activation": WRONG_ACTIVATION}),
    "phi3": (
        "Phi3",
        dict(sliding_window=5, partial_rotary_factor=0.75, hidden_size=64, intermediate_size=40,
             rope_parameters=rope(partial_rotary_factor=0.75)),
        {"window": WINDOW, "whole heads rotated": {ROPE + "dimension": "headDimension"}}),
    # The text is longer than the original context.
    "phi3-longrope": (
        "Phi3",
        dict(sliding_window=None, hidden_size=64, intermediate_size=40,
             original_max_position_embeddings=8,
             rope_parameters=rope("longrope", 100.0, partial_rotary_factor=0.75,
                                  short_factor=[1.0, 1.1, 1.3, 1.6, 2.0, 2.5],
                                  long_factor=[1.0, 1.5, 2.5, 4.5, 6.0, 7.5])),
        {"numbers of short texts": {ROPE + "longDivisors": "ropeDivisor"},
         "no stretch": {ROPE + "stretch": 1}}),
    "bert": (
        "Bert", dict(num_hidden_layers=3),
        {"second type": {"steps.tokenType.row": 1}, "causal": {LAYERS + "attention.mask": "causal"},
         "first token": {"steps.pool.rows": "'first'"},
         "tanh": {LAYERS + "feedForward.activation": "'gelu_pytorch_tanh'"}}),
    "gemma": (
        "Gemma", dict(head_dim=16, num_key_value_heads=1),
        {"norm offset": {"hyperparameters.normOffset.default": 0},
         "embedding scale": {"steps.embedding.scale": 1},
         "exact activation": WRONG_ACTIVATION}),
    "gemma2": (
        "Gemma2",
        dict(num_hidden_layers=4, head_dim=16, sliding_window=5, query_pre_attn_scalar=24,
             attn_logit_softcapping=2.0, final_logit_softcapping=3.0),
        {"norm offset": {"hyperparameters.normOffset.default": 0},
         "window": WINDOW,
         "scale of scores": {LAYERS + "attention.scale": "1 / sqrt(headDimension)"},
         "bound of scores": {LAYERS + "attention.softCap": 0},
         "bound of logits": {"steps.output.softCap": 0},
         "norm behind": {LAYERS + "feedForward.tensors.postNorm.when": False,
                         "ignored+": [{"name": "*post_feedforward*", "because": "a mistake"}]}}),
    # The last three take keys and values of layer 5, or of 4.
    "gemma4-text": (
        "Gemma4",
        dict(GEMMA4, num_hidden_layers=9, num_kv_shared_layers=3, use_double_wide_mlp=True,
             intermediate_size=20, layer_types=[*KINDS * 3, KINDS[1], *KINDS],
             hidden_size_per_layer_input=8, vocab_size_per_layer_input=512),
        {"window": WINDOW, "window by one": {LAYERS + "attention.window": "layerWindow + 1"},
         "scale of scores": {LAYERS + "attention.scale": "1 / sqrt(layerHeadDimension)"},
         "norm of values": {LAYERS + "attention.normsValues": False},
         "head norms": NO_HEAD_NORM,
         "one rope base": {ROPE + "base": "ropeBase"},
         "all pairs turn": {ROPE + "share": 1},
         "pairs turn as in a narrower head": {
             ROPE + "scaling": "'plain'", ROPE + "dimension": "isSliding ? headDimension : 12"},
         "bound of logits": {"steps.output.softCap": 0},
         "norm offset": {"hyperparameters.normOffset.default": 1},
         "keys of the first layers": {
             LAYERS + "attention.store": "layer >= 4 and layer < firstSharingLayer ? '' : attentionKind"},
         "gates of layers": {LAYERS + "addLayerInput.activation": "'quick_gelu'"},
         "inputs of the next layer": {
             LAYERS + "addLayerInput.layer": "min(layer + 1, layerCount - 1)"},
         "scale of the table": {"steps.layerInputs.tableScale": 1},
         "no factor of layers": {
             LAYERS + "scale.tensors.factor.when": False, LAYERS + "scale.when": False,
             "ignored+": [{"name": "*.layer_scalar", "because": "a mistake"}]}}),
    # Layer 5 has values that are its keys.
    "gemma4-moe-text": (
        "Gemma4",
        dict(GEMMA4, num_hidden_layers=6, layer_types=[*KINDS, *KINDS, *KINDS],
             attention_k_eq_v=True, num_global_key_value_heads=1, hidden_size_per_layer_input=0,
             enable_moe_block=True, num_experts=5, top_k_experts=2, moe_intermediate_size=20),
        {"three experts": {LAYERS + "experts.chosen": 3},
         "scale of the router": {LAYERS + "experts.routerScale": 1},
         "no gains": {LAYERS + "experts.tensors.expertGains.when": False,
                      "ignored+": [{"name": "*.per_expert_scale", "because": "a mistake"}]},
         "experts see what the router does not": {
             LAYERS + "experts.tensors.expertNorm.when": False,
             "ignored+": [{"name": "*.pre_feedforward_layernorm_2.weight", "because": "a mistake"}]},
         "norm of values": {LAYERS + "attention.normsValues": False}}),
    "gemma3-text": (
        "Gemma3",
        dict(num_hidden_layers=4, head_dim=16, sliding_window=5, query_pre_attn_scalar=24,
             layer_types=KINDS * 2,
             rope_parameters={"sliding_attention": rope(base=100.0),
                              "full_attention": rope("linear", 5000.0, factor=4.0)}),
        {"norm offset": {"hyperparameters.normOffset.default": 0},
         "window": WINDOW,
         "one rope base": {ROPE + "base": "ropeBase"},
         "scaling in all layers": {ROPE + "scaling": "ropeScaling"},
         "head norms": NO_HEAD_NORM}),
}


# Classes whose own name is that of a model that sees images, too.
TEXT_CONFIGS = ["Gemma3", "Gemma4", "Qwen3_5", "Qwen3_5Moe"]

# What files on the hub say, and the class does not keep.
UNKEPT = {name: dict(full_attention_interval=2) for name in ["qwen3.5", "qwen3.5-moe"]}

# What differs from MODELS where engines have no words for it.
ENGINES = {
    "mistral": dict(sliding_window=None),
    "llama-yarn": dict(rope_parameters=rope(
        "yarn", 100.0, factor=4.0, original_max_position_embeddings=4096)),
    "gpt-oss": dict(swiglu_limit=7.0),
    "phi3": dict(sliding_window=None),
    "qwen2": dict(use_sliding_window=False),
    "qwen3-moe": dict(mlp_only_layers=[]),
    "qwen3.5": dict(
        linear_value_head_dim=8,
        rope_parameters=rope(base=100.0, partial_rotary_factor=0.75, mrope_section=[2, 2, 2])),
    "smollm3": dict(no_rope_layers=None),
    "gemma2": dict(query_pre_attn_scalar=16),
    "gemma3-text": dict(
        query_pre_attn_scalar=16, num_hidden_layers=7, layer_types=None,
        rope_parameters={"sliding_attention": rope(), "full_attention": rope("linear", 5000.0, factor=4.0)}),
}


def randomize(model, generator):
    for name, parameter in model.named_parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        if parameter.ndim >= 2:
            noise *= 1.5 / parameter.shape[-1] ** 0.5
        elif "norm" in name.lower() and name.endswith("weight"):
            # Around what the class begins with: 1, or 0 where it adds 1 itself.
            noise = parameter.data + 0.3 * noise
        else:
            noise *= 0.3
        parameter.data = noise.to(torch.bfloat16).to(torch.float32)


def soften(model):
    """Shortens queries and keys where scores are not divided by the root of their width.

    Those of Gemma 4 are as long as their norms say. With norms around 1 scores deviate by that root, the
    softmax is all but a choice, and PyTorch's own rounding grows from layer to layer to 8e-6.
    """
    for name, parameter in model.named_parameters():
        if name.endswith(("q_norm.weight", "k_norm.weight")):
            parameter.data = (parameter.data / parameter.numel() ** 0.25).to(torch.bfloat16).to(torch.float32)


GRID = torch.tensor([0, 0.5, 1, 1.5, 2, 3, 4, 6])


def randomize_buffers(model, generator):
    """What is no parameter, but stored like one."""
    for name, buffer in model.named_buffers():
        if name.endswith(("layer_scalar", "std_bias", "std_scale")):
            noise = torch.randn(buffer.shape, generator=generator)
            middle = 0 if name.endswith("std_bias") else 1
            buffer.copy_((middle + 0.3 * noise).to(torch.bfloat16))
        if name.endswith(("put_min", "put_max")):
            bound = 1 + 0.5 * torch.rand(buffer.shape, generator=generator)
            buffer.copy_((-bound if name.endswith("min") else bound).to(torch.bfloat16))


def mxfp4(values):
    """Codes `[..., rows, groups, 16]`, exponents, and what they stand for, of `[..., rows, columns]`."""
    groups = values.reshape(*values.shape[:-1], -1, 32)
    exponents = groups.abs().amax(-1).div(6).log2().ceil().clamp(-100, 100)
    scaled = groups / 2 ** exponents[..., None]
    codes = (scaled.abs()[..., None] - GRID).abs().argmin(-1)
    numbers = GRID[codes] * scaled.sign() * 2 ** exponents[..., None]
    codes = codes + 8 * (scaled < 0)
    blocks = (codes[..., 0::2] | codes[..., 1::2] << 4).to(torch.uint8)
    return blocks, (exponents + 127).to(torch.uint8), numbers.reshape(values.shape)


def pack_experts(model):
    """Rounds experts to MXFP4, whose rows are outputs; returns the tensors of the hub's files."""
    packed = {}
    for name, parameter in model.named_parameters():
        if name.endswith(("gate_up_proj", "down_proj")):
            blocks, scales, numbers = mxfp4(parameter.data.transpose(1, 2).contiguous())
            packed[name + "_blocks"], packed[name + "_scales"] = blocks, scales
            parameter.data = numbers.transpose(1, 2).contiguous()
    return packed


# The last rows of logits, which are those of the text behind the images and of the end of the last image.
LAST_ROWS = 24


def compacted(golden, mean, deviation):
    """The same with pixels as levels of 8 bits beside the numbers that made pixels of them, and the last logits alone."""
    result = dict(golden, logits=golden["logits"][-LAST_ROWS:])
    mean, deviation = (torch.tensor(numbers, dtype=torch.float32) for numbers in (mean, deviation))
    for name in [name for name in golden if name.startswith("pixels")]:
        levels = (golden[name] * deviation[:, None, None] + mean[:, None, None]).mul(255).round()
        assert levels.min() >= 0 and levels.max() <= 255, name
        again = ((levels.double() / 255).float() - mean[:, None, None]) / deviation[:, None, None]
        assert (again - golden[name]).abs().max() <= 1e-6, name
        result[name] = levels.to(torch.uint8)
    return result | {"pixels.mean": mean, "pixels.deviation": deviation}


def keeper(results):
    """Makes hooks that keep a module's output under a name of `pare trace`."""
    def keep(name):
        def hook(_, __, output):
            output = output[0] if isinstance(output, tuple) else output
            results["language." + name] = output.detach()[0].clone()
        return hook
    return keep


def traced(model, tokens):
    """The intermediates by the names of `pare trace`."""
    results = {}
    keep = keeper(results)
    inner = model.model
    for index, layer in enumerate(inner.layers):
        layer.register_forward_hook(keep(f"layers.{index}"))
    norm = inner.norm if hasattr(inner, "norm") else inner.embedding_norm
    norm.register_forward_hook(keep("norm"))
    inner.embed_tokens.register_forward_hook(keep("embeddings"))
    with torch.no_grad():
        results["logits"] = model(torch.tensor([tokens]), use_cache=False).logits[0]
    return results


def encoded(model, tokens):
    """The intermediates of an encoder, and the mean of its rows."""
    results = {}
    keep = keeper(results)
    model.embeddings.register_forward_hook(keep("embeddings"))
    for index, layer in enumerate(model.encoder.layer):
        layer.register_forward_hook(keep(f"layers.{index}"))
    with torch.no_grad():
        results["logits"] = model(torch.tensor([tokens])).last_hidden_state.mean(1)
    return results


def make(name, parent, changes):
    family, settings, mistakes = MODELS[name]
    config_class = getattr(
        transformers, family + ("TextConfig" if family in TEXT_CONFIGS else "Config"))
    config = config_class(**{**SIZES, **settings, **changes})
    config._attn_implementation = "eager"
    if family == "Bert":
        model = transformers.BertModel(config, add_pooling_layer=False).eval()
    else:
        model = getattr(transformers, family + "ForCausalLM")(config).eval()
    randomize(model, torch.Generator().manual_seed(sum(name.encode())))
    randomize_buffers(model, torch.Generator().manual_seed(1))
    if family == "Gemma4":
        soften(model)
    packed = pack_experts(model) if name.endswith("-mxfp4") else {}
    model.tie_weights()
    folder = parent / name
    folder.mkdir(parents=True, exist_ok=True)
    golden = (encoded if family == "Bert" else traced)(model, TOKENS)
    golden["tokens"] = torch.tensor(TOKENS, dtype=torch.int32)
    save_file({key: value.contiguous() for key, value in golden.items()}, folder / "golden.safetensors")
    # transformers writes the names of the hub: experts apart.
    model.to(torch.bfloat16).save_pretrained(folder)
    if packed:
        tensors = load_file(folder / "model.safetensors")
        tensors = {key: value for key, value in tensors.items() if key + "_blocks" not in packed}
        save_file({**tensors, **packed}, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "generation_config.json").unlink(missing_ok=True)
    config = json.loads((folder / "config.json").read_text())
    for key in ["architectures", "dtype", "transformers_version", "use_cache", "initializer_range"]:
        config.pop(key, None)
    config.update(UNKEPT.get(name, {}))
    if packed:
        config["quantization_config"] = {"quant_method": "mxfp4"}
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n")
    (folder / "mistakes.json").write_text(json.dumps(mistakes, indent=1) + "\n")
    size = sum(file.stat().st_size for file in folder.iterdir())
    print(f"{name}: {size:,} bytes, logits deviate by {golden['logits'].std():.2f}")


if __name__ == "__main__":
    transformers.logging.set_verbosity_error()
    torch.set_num_threads(1)
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="models (all)")
    parser.add_argument("--engines", type=pathlib.Path, metavar="FOLDER", help="where models for engines go")
    options = parser.parse_args()
    for name in options.names or MODELS:
        make(name, options.engines or FOLDER, ENGINES.get(name, {}) if options.engines else {})
