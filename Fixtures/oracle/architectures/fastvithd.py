# SPDX-License-Identifier: Apache-2.0
"""What make_vision.py needs for FastVLM: its encoder, FastViTHD, is timm's `fastvit_mci3`.

Apple's checkpoints have names of their own, and a configuration that leaves out the numbers of the
encoder; `save_as_published` makes such a folder of one that transformers has saved.
"""

import json
import re

import torch
from safetensors.torch import load_file, save_file

LAYERS = "steps.layers."
BACKBONE_MISTAKES = {
    "activation of the stem": {"steps.first.activation": "'relu'"},
    "activation of a large kernel": {LAYERS + "shrink.activation": "'relu'"},
    "epsilon": {LAYERS + "convolutionFeedForward.epsilon": 1},
    "activation of a layer": {LAYERS + "convolutionFeedForward.activation": "'relu'"},
    "narrow heads": {LAYERS + "attention.heads": "width / 16", LAYERS + "attention.keyValueHeads": "width / 16",
                     LAYERS + "attention.headDimension": 16},
    "no positions": {LAYERS + "positions.when": False,
                     "ignored+": [{"name": "*.pos_emb.*", "because": "a mistake"}]},
    "squeezed without rectifying": {"steps.squeezeExcitation.activation": "'silu'"},
}


def backbone(layers, widths):
    """A configuration of the encoder. Widths of the last two stages are multiples of its heads' 32."""
    return dict(
        model_type="timm_wrapper", architecture="fastvit_mci3", do_pooling=True, global_pool="avg",
        hidden_size=2 * widths[-1],
        model_args=dict(inference_mode=True, layers=layers, embed_dims=widths, mlp_ratios=[2] * 5))


def random_backbone(tower, generator):
    """Random kernels that neither grow nor shrink what they get, and statistics of batch norms."""
    def rounded(values):
        return values.to(torch.bfloat16).to(torch.float32)

    for name, parameter in tower.named_parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        if parameter.ndim == 4:
            parameter.data = rounded(1.4 * noise / parameter[0].numel() ** 0.5)
        elif name.endswith("gamma"):
            parameter.data = rounded(0.6 * noise)
    for name, buffer in tower.named_buffers():
        if name.endswith("running_mean"):
            buffer.copy_(rounded(0.3 * torch.randn(buffer.shape, generator=generator)))
        elif name.endswith("running_var"):
            buffer.copy_(rounded(0.5 + torch.rand(buffer.shape, generator=generator)))


def backbone_hooks(model, results):
    """Keeps the maps of all images, pixel by pixel."""
    def keep(name):
        def hook(_, __, output):
            results[name] = output.detach().permute(0, 2, 3, 1).reshape(-1, output.shape[1]).clone()
        return hook

    model.stem.register_forward_hook(keep("vision.embeddings"))
    blocks = [block for stage in model.stages for block in stage.blocks]
    for index, block in enumerate(blocks):
        block.register_forward_hook(keep(f"vision.layers.{index}"))
    model.final_conv.register_forward_hook(keep("vision.features"))


# Where the blocks of each stage stand in the published list; what makes it smaller, and its
# positions, stand before them.
PLACES = [0, 2, 4, 7, 10]
INNER = [(r"\.mlp\.", ".convffn."), (r"\.gamma$", ""), (r"\.se\.fc1", ".se.reduce"), (r"\.se\.fc2", ".se.expand")]


def published(name):
    name = re.sub(r"^model\.language_model\.", "model.", name)
    name = re.sub(r"^model\.multi_modal_projector\.linear_(.)", lambda m: f"model.mm_projector.{2 * int(m[1]) - 2}", name)
    own = re.sub(r"^model\.vision_tower\.timm_model\.", "", name)
    if own == name:
        return name
    stage = re.match(r"stages\.(\d)\.", own)
    if stage:
        place = PLACES[int(stage[1])]
        positions = int(stage[1]) >= 3
        own = re.sub(r"^stages\.\d\.blocks", f"network.{place}", own)
        own = re.sub(r"^stages\.\d\.pos_emb", f"network.{place - 1}", own)
        own = re.sub(r"^stages\.\d\.downsample\.proj\.0\.reparam_conv",
                     f"network.{place - 1 - positions}.proj.0.lkb_reparam", own)
        own = re.sub(r"^stages\.\d\.downsample", f"network.{place - 1 - positions}", own)
    own = re.sub(r"^stem", "patch_embed", re.sub(r"^final_conv", "conv_exp", own))
    for pattern, replacement in INNER:
        own = re.sub(pattern, replacement, own)
    return "model.vision_tower.vision_tower.model." + own


def save_as_published(folder):
    tensors = {published(name): values for name, values in load_file(folder / "model.safetensors").items()}
    config = json.loads((folder / "config.json").read_text())
    arguments, text = config["vision_config"]["model_args"], config["text_config"]
    width = 2 * arguments["embed_dims"][-1]
    # A head for comparing images with texts goes along with the encoder.
    tensors["model.vision_tower.vision_tower.model.head.proj"] = torch.ones(width, 8, dtype=torch.bfloat16)
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    text = {key: text[key] for key in sorted(text) if key not in ["model_type", "dtype", "rope_parameters", "layer_types"]}
    config = dict(
        text, model_type="llava_qwen2", rope_theta=10000.0, image_aspect_ratio="pad", image_token_id=500,
        mm_hidden_size=width, mm_projector_type="mlp2x_gelu", mm_vision_tower="mobileclip_l_1024",
        mm_vision_select_layer=-2, mm_patch_merge_type="flat", tie_word_embeddings=True,
        vision_config={key: arguments[key] for key in ["embed_dims", "layers", "mlp_ratios"]})
    (folder / "config.json").write_text(json.dumps(config))


def processor_as_published(content):
    """The published file names another type, and leaves the padding to the model's code."""
    return {key: value for key, value in content.items() if key != "do_pad"} | {"image_processor_type": "CLIPImageProcessor"}
