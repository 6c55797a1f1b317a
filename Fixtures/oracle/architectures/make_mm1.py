# SPDX-License-Identifier: Apache-2.0
"""Makes the tiny models of MM1 in Fixtures/vision-language, with what PyTorch computes of them, and
Fixtures/positions.

There is no class of MM1 in transformers. Its encoder is transformers' CLIP, with positions that are
resized here; its decoder is Qwen 3, dense or with experts, or Llama; the C-Abstractor is that of
Fixtures/oracle/training/mm1.py, and the other connectors of the paper's ablation are written here.

    pip install -r Fixtures/oracle/architectures/requirements.txt
    python Fixtures/oracle/architectures/make_mm1.py
"""

import json
import pathlib
import sys

import numpy as np
import torch
import torch.nn.functional as F
import transformers
from PIL import Image
from safetensors.torch import save_file
from torch import nn
from transformers.image_utils import OPENAI_CLIP_MEAN, OPENAI_CLIP_STD

from make import compacted, randomize, rope
from mm1_images import FIXTURES, configuration, processed

sys.path.append(str(pathlib.Path(__file__).parents[1] / "training"))
from mm1 import CAbstractor  # noqa: E402

IMAGE_TOKEN = 500
TEXT = dict(
    vocab_size=512, hidden_size=32, intermediate_size=48, num_attention_heads=4, num_key_value_heads=2,
    head_dim=8, max_position_embeddings=128, rms_norm_eps=1e-5, hidden_act="silu",
    tie_word_embeddings=True)
VISION = dict(
    model_type="clip_vision_model", hidden_size=24, intermediate_size=40, num_hidden_layers=2,
    num_attention_heads=2, num_channels=3, image_size=28, patch_size=7, hidden_act="quick_gelu",
    layer_norm_eps=1e-5)
WHOLE = {"image_processor_type": "CLIPImageProcessor", "do_center_crop": False}
LAYERS = "steps.layers."


def mistake(part, **changes):
    return {"part": part, "changes": changes}


def without(part, block, *names):
    """A block that lacks tensors of these keys and names."""
    changes = {f"steps.{block}.tensors.{key}.when": False for key, _ in names}
    # The connectors ignore nothing, so that there is no list to go on with.
    ignored = "ignored" if part == "connector" else "ignored+"
    changes[ignored] = [{"name": name, "because": "a mistake"} for _, name in names]
    return mistake(part, **changes)


WRONG_ACTIVATION = mistake("vision", **{LAYERS + "feedForward.activation": "'gelu'"})
NO_HEAD_NORM = without(
    "language", "layers.attention", ("queryNorm", "*.q_norm.weight"), ("keyNorm", "*.k_norm.weight"))

# name: (type of connector, its settings, text, vision, image processor, mistakes)
MODELS = {
    # The C-Abstractor, an overview before 2 x 2 tiles that are larger than the table of positions,
    # and norms on queries and keys.
    "mm1": (
        "c_abstractor",
        dict(hidden_size=20, depth=2, mlp_depth=2, num_query_tokens=4, position_embeddings=True,
             squeeze_ratio=0.25, layer_norm_eps=1e-6, hidden_act="silu"),
        dict(TEXT, num_hidden_layers=2, rope_theta=500.0, qk_norm=True),
        VISION,
        configuration(35, image_grid_pinpoints=[[70, 70]], overview="first"),
        {"activation": WRONG_ACTIVATION, "no norm on queries and keys": NO_HEAD_NORM,
         "no positions of the connector": without("connector", "addTable", ("positions", "pos_emb")),
         "epsilon": mistake("connector", **{"steps.stage1.bottleneck.epsilon": 1}),
         "readout": mistake("connector", **{"steps.readoutLayers.activation.activation": "'relu'"})}),
    # Attention pooling, dynamic tiles that are smaller than the table, and experts in every second layer.
    "mm1-attention-pool": (
        "attention_pool",
        dict(hidden_size=36, num_query_tokens=3, num_attention_heads=4, intermediate_size=44,
             layer_norm_eps=1e-3, hidden_act="relu"),
        dict(TEXT, num_hidden_layers=4, rope_theta=500.0, qk_norm=True, num_experts=5, num_experts_per_tok=2,
             moe_intermediate_size=28, decoder_sparse_step=2, norm_topk_prob=True),
        dict(VISION, image_size=35),
        configuration(28, min_patches=1, max_patches=5),
        {"activation": WRONG_ACTIVATION, "no norm on queries and keys": NO_HEAD_NORM,
         "heads": mistake("connector", **{"steps.attentionPool.heads": 2}),
         "no norm before": without("connector", "attentionPool", ("norm", "attention_norm.*")),
         "epsilon": mistake("connector", **{"steps.attentionPool.epsilon": 1}),
         "activation of the connector": mistake("connector", **{"steps.feedForward.activation": "'gelu'"})}),
    # Average pooling of whole images, no squares, and a table that is smaller than the configuration's
    # resolution.
    "mm1-average-pool": (
        "average_pool",
        dict(num_query_tokens=9),
        dict(TEXT, num_hidden_layers=2, rope_theta=100.0, qk_norm=False),
        dict(VISION, image_size=56, num_position_embeddings=25),
        dict(WHOLE, size={"height": 42, "width": 56}),
        {"activation": WRONG_ACTIVATION,
         "one layer less": mistake("vision", **{"hyperparameters.usedLayerCount.default": "=layerCount - 1"}),
         "no rotation": mistake("language", **{LAYERS + "attention.rope.when": False})}),
    # The C-Abstractor on images that are no squares, without positions of its own.
    "mm1-rectangle": (
        "c_abstractor",
        dict(hidden_size=20, depth=1, mlp_depth=1, num_query_tokens=9, position_embeddings=False,
             squeeze_ratio=0.25, layer_norm_eps=1e-6, hidden_act="silu"),
        dict(TEXT, num_hidden_layers=2, rope_theta=100.0, qk_norm=False),
        VISION,
        dict(WHOLE, size={"height": 49, "width": 35}),
        {"activation": WRONG_ACTIVATION,
         "epsilon": mistake("connector", **{"steps.stage2.bottleneck.epsilon": 1}),
         "another activation": mistake("connector", **{"steps.stage1.bottleneck.activation": "'relu'"})}),
}


def cubic(x):
    x = abs(x)
    return np.where(x < 1, (1.5 * x - 2.5) * x * x + 1, np.where(x < 2, ((2.5 - 0.5 * x) * x - 4) * x + 2, 0))


def mixing(inputs, outputs):
    """`[outputs, inputs]`: how `jax.image.resize(..., "bicubic")` mixes lines; it has antialiasing."""
    step = inputs / outputs
    centers = (np.arange(outputs) + 0.5) * step - 0.5
    weights = cubic((centers[:, None] - np.arange(inputs)) / max(step, 1))
    return weights / weights.sum(1, keepdims=True)


def resized(table, rows, columns):
    """Rows of a square of positions `[side * side, channels]` for other patches."""
    side = int(len(table) ** 0.5)
    if (rows, columns) == (side, side):
        return table
    square = table.double().numpy().reshape(side, side, -1)
    lines = np.einsum("ys,sxc->yxc", mixing(side, rows), square)
    result = np.einsum("xs,ysc->yxc", mixing(side, columns), lines)
    return torch.from_numpy(result.reshape(rows * columns, -1)).float()


class AveragePool(nn.Module):
    def __init__(self, inputs, outputs, num_query_tokens):
        super().__init__()
        self.side = int(num_query_tokens ** 0.5)
        self.projection = nn.Linear(inputs, outputs)

    def forward(self, x, grid, results):
        pooled = F.adaptive_avg_pool2d(x.transpose(1, 2).unflatten(2, grid), self.side)
        pooled = pooled.flatten(2).transpose(1, 2)
        results["connector.pool"] = pooled.flatten(0, 1)
        return self.projection(pooled)


class AttentionPool(nn.Module):
    """Learned queries attend to the patches; one layer of a decoder without self-attention."""

    def __init__(self, inputs, outputs, hidden_size, num_query_tokens, num_attention_heads,
                 intermediate_size, layer_norm_eps, hidden_act):
        super().__init__()
        self.queries = nn.Parameter(torch.zeros(num_query_tokens, hidden_size))
        self.attention_norm = nn.LayerNorm(hidden_size, eps=layer_norm_eps)
        self.attention = nn.MultiheadAttention(
            hidden_size, num_attention_heads, kdim=inputs, vdim=inputs, batch_first=True)
        self.feed_forward_norm = nn.LayerNorm(hidden_size, eps=layer_norm_eps)
        self.fc1, self.fc2 = nn.Linear(hidden_size, intermediate_size), nn.Linear(intermediate_size, hidden_size)
        self.projection = nn.Linear(hidden_size, outputs)

    def forward(self, x, grid, results):
        queries = self.queries[None].expand(len(x), -1, -1)
        y = queries + self.attention(self.attention_norm(queries), x, x, need_weights=False)[0]
        results["connector.pool"] = y.flatten(0, 1)
        y = y + self.fc2(F.relu(self.fc1(self.feed_forward_norm(y))))
        results["connector.feed_forward"] = y.flatten(0, 1)
        return self.projection(y)

    def stored(self):
        """The parameters by the names of a checkpoint, where torch has three in one."""
        names = dict(self.named_parameters())
        q, k, v = names.pop("attention.in_proj_bias").chunk(3)
        names |= {"attention.q_proj.bias": q, "attention.k_proj.bias": k, "attention.v_proj.bias": v}
        result = {}
        for name, value in names.items():
            name = name.replace("_proj_weight", "_proj.weight")
            result["feed_forward." + name if name.startswith("fc") else name] = value
        return result


class Abstractor(CAbstractor):
    """The C-Abstractor for images of other sizes than its table."""

    def forward(self, x, grid, results):
        if hasattr(self, "pos_emb"):
            x = x + resized(self.pos_emb[0], *grid)
        x = x.transpose(1, 2).unflatten(2, grid)
        for name, module in zip(["stage1", "pool", "stage2"], self.net):
            x = module(x)
            results["connector." + name] = x.flatten(2).transpose(1, 2).flatten(0, 1)
        return self.readout(x.flatten(2).transpose(1, 2))


def connector(kind, settings, inputs, outputs, positions):
    if kind == "average_pool":
        return AveragePool(inputs, outputs, **settings)
    if kind == "attention_pool":
        return AttentionPool(inputs, outputs, **settings)
    result = Abstractor(inputs, settings["hidden_size"], outputs, settings["depth"], settings["mlp_depth"],
                        settings["num_query_tokens"], positions)
    if not settings["position_embeddings"]:
        del result.pos_emb
    return result


def decoder(text):
    settings = {key: value for key, value in text.items() if key not in ["qk_norm", "rope_theta"]}
    settings["rope_parameters"] = rope(base=text["rope_theta"])
    family = "Qwen3Moe" if "num_experts" in text else "Qwen3" if text["qk_norm"] else "Llama"
    config = getattr(transformers, family + "Config")(**settings)
    config._attn_implementation = "eager"
    return getattr(transformers, family + "ForCausalLM")(config)


def expert_tensors(tensors):
    """Those of experts one by one, which transformers has in two tensors."""
    result = {}
    for name, value in tensors.items():
        if name.endswith("experts.gate_up_proj"):
            for expert, pair in enumerate(value):
                gate, up = pair.chunk(2)
                base = name.replace("gate_up_proj", str(expert))
                result |= {base + ".gate_proj.weight": gate, base + ".up_proj.weight": up}
        elif name.endswith("experts.down_proj"):
            for expert, down in enumerate(value):
                result[name.replace("down_proj", str(expert)) + ".down_proj.weight"] = down
        else:
            result[name] = value
    return result


class MM1(nn.Module):
    def __init__(self, kind, settings, text, vision):
        super().__init__()
        own = dict(vision)
        # The table, and with it the size of images, may be another than the configuration's.
        positions = own.pop("num_position_embeddings", (own["image_size"] // own["patch_size"]) ** 2)
        own["image_size"] = int(positions ** 0.5) * own["patch_size"]
        config = transformers.CLIPVisionConfig(projection_dim=24, **own)
        config._attn_implementation = "eager"
        self.vision_model = transformers.CLIPVisionModel(config)
        self.connector = connector(kind, settings, own["hidden_size"], text["hidden_size"], positions)
        self.language_model = decoder(text)

    def stored(self):
        tensors = {name: value for name, value in self.vision_model.named_parameters()
                   if "post_layernorm" not in name}
        tensors = {"vision_model." + name.removeprefix("vision_model."): value for name, value in tensors.items()}
        own = self.connector.stored() if hasattr(self.connector, "stored") else dict(self.connector.named_parameters())
        tensors |= {"connector." + name: value for name, value in own.items()}
        language = expert_tensors(dict(self.language_model.named_parameters()))
        tensors |= {"language_model." + name: value for name, value in language.items() if name != "lm_head.weight"}
        return {name: value.detach().to(torch.bfloat16).contiguous() for name, value in tensors.items()}

    def encoded(self, pixels, results):
        vision = getattr(self.vision_model, "vision_model", self.vision_model)
        embeddings = vision.embeddings
        patches = embeddings.patch_embedding(pixels)
        rows, columns = patches.shape[2:]
        table = embeddings.position_embedding.weight
        positions = torch.cat([table[:1], resized(table[1:], rows, columns)])
        patches = patches.flatten(2).transpose(1, 2)
        x = torch.cat([embeddings.class_embedding.expand(len(pixels), 1, -1), patches], 1) + positions
        results["vision.embeddings"] = x.flatten(0, 1)
        x = vision.pre_layrnorm(x)
        results["vision.pre_layernorm"] = x.flatten(0, 1)
        for index, layer in enumerate(vision.encoder.layers):
            x = layer(x, attention_mask=None)
            x = x[0] if isinstance(x, tuple) else x
            results[f"vision.layers.{index}"] = x.flatten(0, 1)
        return x[:, 1:], (rows, columns)

    def forward(self, pixels, tokens):
        results = {}
        seen = self.connector(*self.encoded(pixels, results), results)
        results["connector"] = seen.flatten(0, 1)
        inner = self.language_model.model
        x = inner.embed_tokens(tokens)
        x = x.masked_scatter((tokens == IMAGE_TOKEN)[..., None], seen)
        results["language.embeddings"] = x[0]

        def keep(name):
            def hook(_, __, output):
                output = output[0] if isinstance(output, tuple) else output
                results[name] = output.reshape(-1, output.shape[-1])
            return hook
        for index, layer in enumerate(inner.layers):
            layer.register_forward_hook(keep(f"language.layers.{index}"))
        inner.norm.register_forward_hook(keep("language.norm"))
        results["logits"] = self.language_model(inputs_embeds=x, use_cache=False).logits[0]
        return results


def images(name, processor):
    photos = [Image.open(FIXTURES / "images" / file).convert("RGB")
              for file in ["chelsea.png", "astronaut-tall.png"]]
    if processor["image_processor_type"] == "MM1ImageProcessor":
        return [torch.from_numpy(processed(photo, processor)[0]) for photo in photos]
    own = transformers.CLIPImageProcessorPil(**processor)
    return list(own(photos, return_tensors="pt")["pixel_values"][:, None])


def make(name):
    kind, settings, text, vision, processor, mistakes = MODELS[name]
    model = MM1(kind, settings, text, vision).eval()
    randomize(model, torch.Generator().manual_seed(sum(name.encode())))
    for key, parameter in model.named_parameters():
        # Norms of the C-Abstractor that are not called so.
        if key.endswith("bn.weight"):
            parameter.data = (1 + parameter.data).to(torch.bfloat16).float()
    model.language_model.tie_weights()
    pixels = images(name, processor)
    count = settings["num_query_tokens"]
    tokens = [1, 305, 42, 77, 499]
    for own in pixels:
        tokens += [IMAGE_TOKEN] * (len(own) * count) + [498, 61]
    tokens = torch.tensor([tokens + [13, 256, 99, 3, 410, 180]])
    with torch.no_grad():
        golden = model(torch.cat(pixels), tokens)
    golden["tokens"] = tokens[0].to(torch.int32)
    for index, own in enumerate(pixels):
        golden[f"pixels.{index}" if index else "pixels"] = own
    golden = compacted(golden, OPENAI_CLIP_MEAN, OPENAI_CLIP_STD)
    folder = FIXTURES / "vision-language" / name
    folder.mkdir(parents=True, exist_ok=True)
    save_file({key: value.detach().contiguous().clone() for key, value in golden.items()},
              folder / "golden.safetensors")
    save_file(model.stored(), folder / "model.safetensors", metadata={"format": "pt"})
    config = dict(
        model_type="mm1", image_token_index=IMAGE_TOKEN, vision_config=vision,
        connector_config=dict(type=kind, encoder_hidden_size=vision["hidden_size"],
                              output_hidden_size=text["hidden_size"], **settings),
        text_config=dict(model_type="mm1_text", bos_token_id=1, eos_token_id=2, **text))
    for file, content in [("config", config), ("preprocessor_config", processor), ("mistakes", mistakes)]:
        (folder / f"{file}.json").write_text(json.dumps(content, indent=1) + "\n")
    for file in folder.iterdir():
        file.chmod(0o644)
    size = sum(file.stat().st_size for file in folder.iterdir())
    print(f"{name}: {size:,} bytes, {[tuple(own.shape) for own in pixels]}, {tokens.shape[1]} tokens, "
          f"logits deviate by {golden['logits'].std():.2f}")


def make_positions():
    """A table of a class token and 5 x 5 patches, and its rows for images of other patches."""
    folder = FIXTURES / "positions"
    folder.mkdir(exist_ok=True)
    table = torch.randn(26, 3, generator=torch.Generator().manual_seed(27))
    golden, deviation = {"table": table}, 0.0
    for rows, columns in [(5, 5), (6, 6), (8, 8), (10, 10), (5, 9), (9, 5), (7, 12), (3, 3), (2, 7), (1, 11), (1, 1)]:
        own = resized(table[1:], rows, columns)
        square = table[1:].T.reshape(1, 3, 5, 5)
        other = F.interpolate(square.double(), (rows, columns), mode="bicubic", antialias=True, align_corners=False)
        deviation = max(deviation, (other[0].flatten(1).T - own).abs().max().item())
        golden[f"{rows}x{columns}"] = torch.cat([table[:1], own])
    save_file({key: value.contiguous() for key, value in golden.items()}, folder / "golden.safetensors")
    (folder / "golden.safetensors").chmod(0o644)
    print(f"positions: PyTorch's antialiased bicubic interpolation deviates by at most {deviation:.1e}")


if __name__ == "__main__":
    transformers.logging.set_verbosity_error()
    torch.set_num_threads(1)
    make_positions()
    for name in sys.argv[1:] or MODELS:
        make(name)
