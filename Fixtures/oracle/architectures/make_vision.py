# SPDX-License-Identifier: Apache-2.0
"""Makes the tiny vision-language models of Fixtures/vision-language, and what transformers computes.

Each is one of transformers' own classes with random parameters, all of them, stored in BF16 and
computed with in f32 on one or two images of Fixtures/images, as transformers' own processor
prepares them.
Rows that a class keeps in an order of its own are put back into the order of the image.

A model comes with mistakes: changes to the declaration of one of its parts after which the results
must differ.

    pip install -r Fixtures/oracle/architectures/requirements.txt
    python Fixtures/oracle/architectures/make_vision.py [NAME ...]
"""

import json
import pathlib
import sys

import torch
import transformers
from PIL import Image
from safetensors.torch import load_file, save_file
from transformers.models.gemma4 import image_processing_pil_gemma4
from transformers.models.llava_next.modeling_llava_next import image_size_to_num_patches
from transformers.vision_utils import get_vision_window_index

from fastvithd import (
    BACKBONE_MISTAKES, backbone, backbone_hooks, processor_as_published, random_backbone, save_as_published)
from make import UNKEPT, compacted, randomize, randomize_buffers, rope, soften

FIXTURES = pathlib.Path(__file__).parents[2]
FOLDER = FIXTURES / "vision-language"
IMAGE = "chelsea.png"
SECOND = "astronaut-tall.png"

IMAGE_TOKEN = 500
BEFORE = [1, 305, 42, 77, 499]
BETWEEN = [498, 61]
BREAK = 496
AFTER = [498, 13, 256, 99, 3, 410, 180]
# PaliGemma's images stand before the text, and what follows the line's end is an answer.
QUESTION = [1, 305, 42, 77, 13]
ANSWER = [256, 99, 3, 410, 180, 65, 66, 67]

TEXT = dict(
    vocab_size=512, hidden_size=32, intermediate_size=48, num_hidden_layers=2,
    num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=128,
    bos_token_id=1, eos_token_id=2, pad_token_id=None)
VISION = dict(
    hidden_size=24, intermediate_size=40, num_hidden_layers=2, num_attention_heads=2)
SIGLIP = dict(VISION, image_size=56, patch_size=14, vision_use_head=False)
MROPE = {"rope_type": "default", "mrope_section": [1, 1, 2], "rope_theta": 100.0}

LAYERS = "steps.layers."
ROPE = LAYERS + "attention.rope."


def mistake(part, **changes):
    return {"part": part, "changes": changes}


# The exact GELU is too close to its approximation by tanh to be told from it.
WRONG_ACTIVATION = mistake("vision", **{LAYERS + "feedForward.activation": "'quick_gelu'"})
NO_POSITIONS = mistake("vision", **{
    "steps.patchEmbedding.tensors.positions.when": False,
    "ignored+": [{"name": "embeddings.position_embedding.*", "because": "a mistake"}]})
LAST_NORM = mistake("vision", **{"steps.norm.norm": "rms"})

PINPOINTS = [[28, 56], [56, 28], [56, 56], [84, 28], [28, 84]]
PIXTRAL = dict(VISION, model_type="pixtral", image_size=64, patch_size=8, hidden_act="silu",
               rope_parameters={"rope_type": "axial", "rope_theta": 100.0})
WRONG_ROTATIONS = {
    "no rotation": mistake("vision", **{ROPE + "when": False}),
    "rotation by halves": mistake("vision", **{ROPE + "axes": "halves"})}
QWEN_TOKENS = dict(image_token_id=IMAGE_TOKEN, video_token_id=497, vision_start_token_id=499,
                   vision_end_token_id=498)
# Of 8 pairs the last turns by time, although its turn is that of the height.
TURNS = dict(MROPE, mrope_section=[4, 2, 2], mrope_interleaved=True)
QWEN3_VISION = dict(
    depth=3, hidden_size=24, intermediate_size=40, out_hidden_size=32, num_heads=2, patch_size=8,
    num_position_embeddings=25, deepstack_visual_indexes=[0, 2])
QWEN3_PROCESSOR = ("Qwen2VL", dict(
    patch_size=8, size={"shortest_edge": 16 * 16, "longest_edge": 32 * 50}, image_mean=[0.5] * 3,
    image_std=[0.5] * 3))
QWEN3_MISTAKES = {
    "activation": WRONG_ACTIVATION,
    "positions in a line": mistake("vision", **{"steps.positionGrid.block": "positionTable"}),
    "rotation": mistake("vision", **{ROPE + "when": False}),
    "rotation by turns": mistake("vision", **{ROPE + "axes": "alternating"}),
    "pairs one after the other": mistake("language", **{ROPE + "takesTurns": False}),
    "levels in the other order": mistake("language", **{LAYERS + "addLevel.level": "levelCount - 1 - layer"}),
    "levels a layer later": mistake("language", **{
        LAYERS + "addLevel.when": "layer >= 1 and layer <= levelCount",
        LAYERS + "addLevel.level": "layer - 1"}),
    "levels a layer earlier": mistake("vision", **{
        "hyperparameters.level": {"perLayer": "layerCount", "default": "=layer == 0 or layer == 1 ? layer : -1"}}),
    "norm of levels": mistake("connector", **{"steps.levels.mergeLevel.epsilon": 1})}
QWEN35_TEXT = dict(
    TEXT, num_hidden_layers=4, head_dim=16, full_attention_interval=2, linear_num_key_heads=2,
    linear_num_value_heads=6, linear_key_head_dim=16, linear_value_head_dim=16,
    rope_parameters=dict(TURNS, mrope_section=[2, 2, 2], partial_rotary_factor=0.75))
PALIGEMMA = dict(image_token_index=IMAGE_TOKEN, projection_dim=32, vocab_size=512)
TOKEN_BY_TOKEN = mistake("language", **{LAYERS + "attention.wholePrompt": False})

# name: (class, config of text, of vision, of the whole, processor with its settings, mistakes)
MODELS = {
    "gemma3": (
        "Gemma3",
        dict(TEXT, head_dim=8, sliding_window=6, query_pre_attn_scalar=24,
             layer_types=["sliding_attention", "full_attention"],
             rope_parameters={"sliding_attention": rope(base=100.0),
                              "full_attention": rope("linear", 5000.0, factor=4.0)}),
        dict(SIGLIP, image_size=84),
        dict(image_token_index=IMAGE_TOKEN, boi_token_index=499, eoi_token_index=498,
             mm_tokens_per_image=9),
        ("Gemma3", dict(size={"height": 84, "width": 84})),
        {"activation": WRONG_ACTIVATION, "positions": NO_POSITIONS, "last norm": LAST_NORM,
         "norm offset": mistake("connector", **{"hyperparameters.normOffset.default": 0}),
         "image seen token by token": mistake(
             "language", **{LAYERS + "attention.wholeImages": False})}),
    "gemma4": (
        "Gemma4",
        dict(TEXT, head_dim=8, global_head_dim=16, sliding_window=6, num_hidden_layers=6,
             num_kv_shared_layers=2, layer_types=["sliding_attention", "full_attention"] * 3,
             use_double_wide_mlp=True, intermediate_size=20, hidden_size_per_layer_input=8,
             vocab_size_per_layer_input=512, final_logit_softcapping=3.0, pad_token_id=0,
             use_bidirectional_attention="vision", rope_parameters={
                 "sliding_attention": rope(base=100.0),
                 "full_attention": rope("proportional", 5000.0, partial_rotary_factor=0.5)}),
        dict(VISION, num_attention_heads=3, num_key_value_heads=3, head_dim=8, patch_size=8,
             pooling_kernel_size=2, position_embedding_size=16, standardize=True,
             use_clipped_linears=True),
        dict(image_token_id=IMAGE_TOKEN, boi_token_id=499, eoi_token_id=498),
        ("Gemma4", dict(patch_size=8, pooling_kernel_size=2, max_soft_tokens=12)),
        {"activation": WRONG_ACTIVATION,
         "pixels from 0": mistake("vision", **{"steps.patchEmbedding.offset": 0}),
         "rotation": mistake("vision", **{ROPE + "when": False}),
         "rotation of the whole head": mistake("vision", **{ROPE + "axes": "halves"}),
         "scale of scores": mistake("vision", **{LAYERS + "attention.scale": "1 / sqrt(headDimension)"}),
         "norm of values": mistake("vision", **{LAYERS + "attention.normsValues": False}),
         "norm behind": mistake("vision", **{
             LAYERS + "attention.tensors.postNorm.when": False,
             "ignored+": [{"name": "*.post_attention_layernorm.weight", "because": "a mistake"}]}),
         "no bounds": mistake("vision", **{
             "hyperparameters.clips": {"default": False},
             "ignored+": [{"name": "*.input_m*", "because": "a mistake"},
                          {"name": "*.output_m*", "because": "a mistake"}]}),
         "scale of tokens": mistake("vision", **{"steps.averageSquares.scale": 1}),
         "not standardized": mistake("vision", **{
             "steps.standardize.when": False, "ignored+": [{"name": "std_*", "because": "a mistake"}]}),
         "no norm": mistake("connector", **{"steps.norm.epsilon": 1}),
         "image seen token by token": mistake("language", **{"hyperparameters.seesWholeImages.default": False}),
         "image seen whole in all layers": mistake(
             "language", **{LAYERS + "attention.wholeImages": "seesWholeImages"}),
         "another row for images": mistake("language", **{"steps.layerInputs.imageRow": 1})}),
    "smolvlm": (
        "SmolVLM",
        dict(TEXT, model_type="llama"),
        dict(VISION, image_size=32, patch_size=8),
        dict(image_token_id=IMAGE_TOKEN, scale_factor=2),
        ("SmolVLM", dict(size={"longest_edge": 64}, max_image_size={"longest_edge": 32},
                         do_image_splitting=True)),
        {"activation": WRONG_ACTIVATION, "positions": NO_POSITIONS, "last norm": LAST_NORM}),
    "qwen2vl": (
        "Qwen2VL",
        dict(TEXT, rope_parameters=MROPE),
        dict(depth=2, embed_dim=24, hidden_size=32, num_heads=2, mlp_ratio=2, patch_size=14,
             spatial_merge_size=2, temporal_patch_size=2),
        QWEN_TOKENS,
        ("Qwen2VL", dict(size={"shortest_edge": 56 * 56, "longest_edge": 84 * 60})),
        {"activation": mistake("vision", **{LAYERS + "feedForward.activation": "'gelu'"}),
         "rotation": mistake("vision", **{ROPE + "when": False}),
         "rotation in a line": mistake("vision", **{ROPE + "axes": "alternating"}),
         "positions in a line": mistake("language", **{ROPE + "axes": ["timePairs + heightPairs + widthPairs"]}),
         "sections": mistake("language", **{ROPE + "axes": ["heightPairs", "widthPairs", "timePairs"]})}),
    "qwen2.5vl": (
        "Qwen2_5_VL",
        dict(TEXT, rope_parameters=MROPE),
        dict(depth=3, hidden_size=24, intermediate_size=40, out_hidden_size=32, num_heads=2,
             patch_size=14, window_size=56, fullatt_block_indexes=[1]),
        QWEN_TOKENS,
        ("Qwen2VL", dict(size={"shortest_edge": 56 * 56, "longest_edge": 12000})),
        {"activation": WRONG_ACTIVATION,
         "no windows": mistake("vision", **{LAYERS + "attention.windowSide": 0}),
         "windows in all layers": mistake("vision", **{LAYERS + "attention.windowSide": "windowSide"}),
         "half windows": mistake(
             "vision", **{LAYERS + "attention.windowSide": "isFull ? 0 : windowSide / 2"})}),
    "qwen3vl": (
        "Qwen3VL",
        dict(TEXT, num_hidden_layers=3, head_dim=16, rope_parameters=TURNS),
        QWEN3_VISION, QWEN_TOKENS, QWEN3_PROCESSOR, QWEN3_MISTAKES),
    "qwen3vl-moe": (
        "Qwen3VLMoe",
        dict(TEXT, num_hidden_layers=3, head_dim=16, rope_parameters=TURNS, num_experts=5,
             num_experts_per_tok=2, moe_intermediate_size=24),
        QWEN3_VISION, QWEN_TOKENS, QWEN3_PROCESSOR,
        {"shares as they are": mistake("language", **{LAYERS + "experts.renormalizes": False}),
         "one expert less": mistake("language", **{LAYERS + "experts.chosen": 1}),
         "gate and up exchanged": mistake("language", **{
             LAYERS + "experts.tensors.gate.joined.place": 1,
             LAYERS + "experts.tensors.up.joined.place": 0}),
         "pairs one after the other": QWEN3_MISTAKES["pairs one after the other"]}),
    "qwen3.5": (
        "Qwen3_5", dict(QWEN35_TEXT, model_type="qwen3_5_text"),
        {key: value for key, value in QWEN3_VISION.items() if key != "deepstack_visual_indexes"},
        QWEN_TOKENS, QWEN3_PROCESSOR,
        {**{key: QWEN3_MISTAKES[key] for key in [
            "activation", "positions in a line", "rotation", "rotation by turns",
            "pairs one after the other"]},
         "norm of the connector": mistake("connector", **{"steps.norm.epsilon": 1}),
         "epsilon": mistake("language", **{LAYERS + "gatedDelta.epsilon": 0.01})}),
    "qwen3.5-moe": (
        "Qwen3_5Moe",
        dict(QWEN35_TEXT, model_type="qwen3_5_moe_text", linear_num_value_heads=4,
             linear_key_head_dim=8, linear_value_head_dim=8, num_experts=5, num_experts_per_tok=2,
             moe_intermediate_size=20, shared_expert_intermediate_size=16),
        {key: value for key, value in QWEN3_VISION.items() if key != "deepstack_visual_indexes"},
        QWEN_TOKENS, QWEN3_PROCESSOR,
        {"shares as they are": mistake("language", **{LAYERS + "experts.renormalizes": False}),
         "one expert less": mistake("language", **{LAYERS + "experts.chosen": 1}),
         "gate and up exchanged": mistake("language", **{
             LAYERS + "experts.tensors.gate.name": "mlp.experts.{expert}.up_proj",
             LAYERS + "experts.tensors.up.name": "mlp.experts.{expert}.gate_proj"}),
         "pairs one after the other": QWEN3_MISTAKES["pairs one after the other"]}),
    "internvl": (
        "InternVL",
        dict(TEXT, model_type="qwen2"),
        dict(VISION, image_size=[28, 28], patch_size=[7, 7], attention_bias=True),
        dict(image_token_id=IMAGE_TOKEN, image_seq_length=4),
        ("GotOcr2", dict(size={"height": 28, "width": 28}, crop_to_patches=True, max_patches=3)),
        {"activation": WRONG_ACTIVATION,
         "first gain": mistake("vision", **{
             LAYERS + "attention.tensors.gain.when": False,
             "ignored+": [{"name": "*.lambda_1", "because": "a mistake"}]}),
         "second gain": mistake("vision", **{
             LAYERS + "feedForward.tensors.gain.when": False,
             "ignored+": [{"name": "*.lambda_2", "because": "a mistake"}]}),
         "epsilon": mistake("connector", **{"steps.norm.epsilon": 1})}),
    # The same model as its makers keep it: see `original`.
    "internvl-chat": (
        "InternVL",
        dict(TEXT, model_type="qwen2"),
        dict(VISION, image_size=[28, 28], patch_size=[7, 7], attention_bias=True),
        dict(image_token_id=IMAGE_TOKEN, image_seq_length=4, tie_word_embeddings=False),
        ("GotOcr2", dict(size={"height": 28, "width": 28}, crop_to_patches=True, max_patches=3)),
        {"activation": WRONG_ACTIVATION,
         "first gain": mistake("vision", **{
             LAYERS + "attention.tensors.gain.when": False,
             "ignored+": [{"name": "*.ls1", "because": "a mistake"}]}),
         "epsilon": mistake("connector", **{"steps.norm.epsilon": 1})}),
    # The same with InternViT-6B in the place of InternViT-300M.
    "internvl-chat-6b": (
        "InternVL",
        dict(TEXT, model_type="qwen2"),
        dict(VISION, image_size=[28, 28], patch_size=[7, 7], attention_bias=False, norm_type="rms_norm",
             use_qk_norm=True),
        dict(image_token_id=IMAGE_TOKEN, image_seq_length=4, tie_word_embeddings=False),
        ("GotOcr2", dict(size={"height": 28, "width": 28}, crop_to_patches=True, max_patches=3)),
        {"activation": WRONG_ACTIVATION,
         "mean taken away": mistake("vision", **{LAYERS + "attention.norm": "layer"}),
         "mean taken away behind": mistake("vision", **{LAYERS + "feedForward.norm": "layer"}),
         **{f"no norm of {what}": mistake("vision", **{
             LAYERS + f"attention.tensors.{key}Norm.when": False,
             "ignored+": [{"name": f"*.{key[0]}_norm.weight", "because": "a mistake"}]})
            for what, key in [("queries", "query"), ("keys", "key")]}}),
    "paligemma": (
        "PaliGemma",
        dict(TEXT, model_type="gemma", head_dim=8),
        dict(SIGLIP, model_type="siglip_vision_model"),
        PALIGEMMA,
        ("Siglip", dict(size={"height": 56, "width": 56})),
        {"activation": WRONG_ACTIVATION, "positions": NO_POSITIONS, "last norm": LAST_NORM,
         "prompt seen token by token": TOKEN_BY_TOKEN,
         "scale of embeddings": mistake("language", **{"steps.embedding.scale": 1})}),
    "paligemma2": (
        "PaliGemma",
        dict(TEXT, model_type="gemma2", head_dim=8, num_hidden_layers=3, sliding_window=5,
             query_pre_attn_scalar=24),
        dict(SIGLIP, model_type="siglip_vision_model"),
        PALIGEMMA,
        ("Siglip", dict(size={"height": 56, "width": 56})),
        {"activation": WRONG_ACTIVATION, "last norm": LAST_NORM,
         "prompt seen token by token": TOKEN_BY_TOKEN,
         "no window": mistake("language", **{LAYERS + "attention.window": 0}),
         "window in the images": mistake("language", **{
             LAYERS + "attention.wholePrompt": False, LAYERS + "attention.wholeImages": True})}),
    "llava-next": (
        "LlavaNext",
        dict(TEXT, model_type="mistral", sliding_window=None),
        dict(VISION, model_type="clip_vision_model", num_hidden_layers=3, image_size=28, patch_size=7,
             projection_dim=24),
        dict(image_token_id=IMAGE_TOKEN, image_grid_pinpoints=PINPOINTS, vision_feature_layer=-2),
        ("LlavaNext", dict(size={"shortest_edge": 28}, crop_size={"height": 28, "width": 28},
                           image_grid_pinpoints=PINPOINTS)),
        {"activation": mistake("vision", **{LAYERS + "feedForward.activation": "'gelu'"}),
         "connector": mistake("connector", **{"steps.activation.activation": "'relu'"}),
         "another end of lines": mistake("connector", **{
             "steps.joinTiles.tensors.newline.name": "linear_2.bias",
             "ignored": [{"name": "image_newline", "because": "a mistake"}]}),
         "one more layer": mistake("vision", **{"hyperparameters.usedLayerCount.default": "=layerCount"})}),
    "pixtral": (
        "Llava",
        dict(TEXT, model_type="mistral", sliding_window=None),
        PIXTRAL,
        dict(image_token_id=IMAGE_TOKEN, image_seq_length=1, vision_feature_layer=-1,
             vision_feature_select_strategy="full"),
        ("Pixtral", dict(size={"longest_edge": 64}, patch_size=8)),
        {"activation": WRONG_ACTIVATION, **WRONG_ROTATIONS,
         "one layer less": mistake("vision", **{"hyperparameters.usedLayerCount.default": "=layerCount - 1"})}),
    "mistral3": (
        "Mistral3",
        dict(TEXT, model_type="mistral", sliding_window=None, rms_norm_eps=1e-3),
        PIXTRAL,
        dict(image_token_index=IMAGE_TOKEN, spatial_merge_size=2, tie_word_embeddings=False),
        ("Pixtral", dict(size={"longest_edge": 96}, patch_size=8)),
        {"activation": WRONG_ACTIVATION, **WRONG_ROTATIONS,
         "tokens one after the other": mistake("connector", **{"steps.mergePatches.channelwise": False}),
         "epsilon": mistake("connector", **{"hyperparameters.epsilon.default": 1})}),
    "lighton-ocr": (
        "LightOnOcr",
        dict(TEXT, model_type="qwen3", head_dim=8, rms_norm_eps=1e-6, tie_word_embeddings=True),
        PIXTRAL,
        dict(image_token_id=IMAGE_TOKEN, spatial_merge_size=2, tie_word_embeddings=True),
        ("Pixtral", dict(size={"longest_edge": 96}, patch_size=8)),
        {"activation": WRONG_ACTIVATION, **WRONG_ROTATIONS,
         "tokens one after the other": mistake("connector", **{"steps.mergePatches.channelwise": False}),
         "epsilon": mistake("connector", **{"hyperparameters.epsilon.default": 1})}),
    "lfm2vl": (
        "Lfm2Vl",
        dict(TEXT, model_type="lfm2", layer_types=["full_attention", "conv", "full_attention", "conv"],
             num_hidden_layers=4, intermediate_size=60, block_multiple_of=12, conv_L_cache=3,
             rope_parameters=rope(base=1000.0)),
        dict(VISION, model_type="siglip2_vision_model", patch_size=8, num_patches=25, vision_use_head=False),
        dict(image_token_id=IMAGE_TOKEN, downsample_factor=2, projector_hidden_size=40),
        # Of the two images the first is cut, and its overview is of another size than its tiles.
        ("Lfm2Vl", dict(encoder_patch_size=8, tile_size=32, min_image_tokens=4, max_image_tokens=8, max_tiles=6,
                        max_pixels_tolerance=32.0)),
        {"activation": WRONG_ACTIVATION, "positions": NO_POSITIONS, "last norm": LAST_NORM,
         "positions by another filter": mistake("vision", **{"steps.patchEmbedding.positionFilter": "'bicubic'"}),
         "epsilon": mistake("connector", **{"steps.norm.epsilon": 1}),
         "patches of a token by channel": mistake("connector", **{"steps.mergePatches.channelwise": True}),
         "rotation": mistake("language", **{ROPE + "when": False})}),
    "fastvlm": (
        "FastVlm",
        dict(TEXT, model_type="qwen2"),
        backbone([1, 2, 2, 1, 1], [4, 8, 16, 32, 64]),
        dict(image_token_index=IMAGE_TOKEN),
        ("Llava", dict(do_pad=True, size={"shortest_edge": 80}, crop_size={"height": 64, "width": 80},
                       image_mean=[0.0] * 3, image_std=[1.0] * 3)),
        {name: mistake("vision", **changes) for name, changes in BACKBONE_MISTAKES.items()}),
    # The same class under the names and with the configuration of Apple's own checkpoints.
    "fastvlm-published": (
        "FastVlm",
        dict(TEXT, model_type="qwen2", tie_word_embeddings=True),
        backbone([1, 2, 1, 1, 2], [4, 4, 8, 32, 32]),
        dict(image_token_index=IMAGE_TOKEN, tie_word_embeddings=True),
        ("Llava", dict(do_pad=True, size={"shortest_edge": 96}, crop_size={"height": 96, "width": 96},
                       image_mean=[0.0] * 3, image_std=[1.0] * 3)),
        {"epsilon": mistake("vision", **BACKBONE_MISTAKES["epsilon"]),
         "connector": mistake("connector", **{"steps.activation.activation": "'relu'"})}),
    # Parts that are declared anyway, in a container that is: no Swift was added for these.
    "llava-smollm3": (
        "Llava",
        dict(TEXT, model_type="smollm3", num_hidden_layers=4, no_rope_layers=[1, 1, 1, 0]),
        dict(VISION, model_type="clip_vision_model", num_hidden_layers=3, image_size=28, patch_size=7,
             projection_dim=24),
        dict(image_token_id=IMAGE_TOKEN, image_seq_length=16, vision_feature_layer=-2),
        ("CLIP", dict(size={"shortest_edge": 28}, crop_size={"height": 28, "width": 28})),
        {"activation": mistake("vision", **{LAYERS + "feedForward.activation": "'gelu'"}),
         "connector": mistake("connector", **{"steps.activation.activation": "'relu'"}),
         "all layers rotated": mistake("language", **{ROPE + "when": True})}),
    "llava-siglip": (
        "Llava",
        dict(TEXT, model_type="qwen2"),
        dict(SIGLIP, model_type="siglip_vision_model", num_hidden_layers=3),
        dict(image_token_id=IMAGE_TOKEN, image_seq_length=16, vision_feature_layer=-2,
             vision_feature_select_strategy="full"),
        ("Siglip", dict(size={"height": 56, "width": 56})),
        {"activation": WRONG_ACTIVATION, "positions": NO_POSITIONS,
         "one more layer": mistake("vision", **{"hyperparameters.usedLayerCount.default": "=layerCount"})}),
}


# Those that are given two images.
PAIRS = {"fastvlm", "gemma4", "lfm2vl", "qwen3.5", "qwen3.5-moe", "qwen3vl", "qwen3vl-moe", "paligemma", "paligemma2",
         "llava-next", "pixtral", "mistral3", "lighton-ocr"}


def keep(results, name, output, order=None):
    rows = output.detach().reshape(-1, output.shape[-1]).clone()
    results[name] = rows if order is None else rows[order]


def kept(results, name, order=None):
    def hook(_, __, output):
        output = output[0] if isinstance(output, tuple) else output
        keep(results, name, getattr(output, "last_hidden_state", output), order)
    return hook


def taken(results, name, order=None):
    """What goes into a module: Qwen3-VL adds to what the one before has given."""
    return lambda _, inputs: keep(results, name, inputs[0], order)


def with_levels(results):
    """Keeps what images become, and behind it what they bring to layers, as the connector's result."""
    def hook(_, __, output):
        results["connector"] = torch.cat(
            [output.pooler_output, *getattr(output, "deepstack_features", [])], -1).detach().clone()
    return hook


def block_order(grid, side, windows=None):
    """For each patch in the order of the image, its row in the order of the class."""
    rows, columns = grid
    places = torch.arange(rows * columns).reshape(rows // side, side, columns // side, side)
    places = places.permute(0, 2, 1, 3).reshape(-1, side * side)
    if windows is not None:
        places = places[windows]
    return torch.argsort(places.reshape(-1))


def prepared(name, processor):
    """The image as the model takes it, and its pixels as `[tiles, channels, height, width]`."""
    family, settings = processor
    # The class knows a few numbers of tokens only, all of which are too many here.
    image_processing_pil_gemma4._SUPPORTED_SOFT_TOKENS = (12,)
    # Of LFM2-VL's there is none on Pillow.
    suffix = "ImageProcessor" if name == "lfm2vl" else "ImageProcessorPil"
    own = getattr(transformers, family + suffix)(**settings)
    names = [IMAGE, SECOND] if name in PAIRS else [IMAGE]
    images = [Image.open(FIXTURES / "images" / name).convert("RGB") for name in names]
    # The processor of a whole model says how many patches become a token.
    sizes = dict(patch_size=16) if name in ["mistral3", "lighton-ocr"] else {}
    return own, dict(own(images, return_tensors="pt", **sizes))


def prompt(name, counts):
    """The tokens with images of so many each, and how many of them are a question."""
    images = []
    for count in counts:
        # Pixtral's have rows with ends.
        rows, columns = count if isinstance(count, tuple) else (1, count)
        tokens = ([IMAGE_TOKEN] * columns + [BREAK]) * rows
        images.append([IMAGE_TOKEN] * rows * columns if name == "lighton-ocr" else tokens[:-1])
    if name.startswith("paligemma"):
        question = sum(images, []) + QUESTION
        return question + ANSWER, len(question)
    tokens = BEFORE + images[0]
    for image in images[1:]:
        tokens += BETWEEN + image
    return tokens + AFTER, None


def qwen_pixels(inputs, patch, side=2):
    """The patches of Qwen's processor as images."""
    images, start = [], 0
    for _, rows, columns in inputs["image_grid_thw"].tolist():
        own = inputs["pixel_values"][start:start + rows * columns].reshape(
            rows // side, columns // side, side, side, 3, 2, patch, patch)[..., 0, :, :]
        images.append(
            own.permute(4, 0, 2, 5, 1, 3, 6).reshape(1, 3, rows * patch, columns * patch))
        start += rows * columns
    return images


def patch_grids(inputs):
    """Of each tile, overview or whole image of LFM2-VL, how many rows and columns of patches it has."""
    return inputs["spatial_shapes"].tolist()


def lfm2_pixels(inputs, patch):
    """The patches of LFM2-VL's processor as images, without those that fill up."""
    images = []
    for values, (rows, columns) in zip(inputs["pixel_values"], patch_grids(inputs)):
        own = values[:rows * columns].reshape(rows, columns, patch, patch, 3)
        images.append(own.permute(4, 0, 2, 1, 3).reshape(1, 3, rows * patch, columns * patch))
    return images


def gemma4_pixels(inputs, patch):
    """The patches of Gemma 4's processor, of which some are nothing, as images."""
    images = []
    for patches, places in zip(inputs["pixel_values"], inputs["image_position_ids"]):
        columns, rows = (places.max(0).values + 1).tolist()
        own = patches[:rows * columns].reshape(rows, columns, patch, patch, 3)
        images.append(own.permute(4, 0, 2, 1, 3).reshape(1, 3, rows * patch, columns * patch))
    return images


def filled(inputs):
    """Which rows of LFM2-VL's encoder are patches, where all images have as many."""
    most = inputs["pixel_values"].shape[1]
    return torch.cat([torch.arange(rows * columns) + place * most
                      for place, (rows, columns) in enumerate(patch_grids(inputs))])


def together(results):
    """Keeps what all tiles and images of LFM2-VL become as the connector's result."""
    def hook(_, __, output):
        rows = output.detach().reshape(-1, output.shape[-1])
        results["connector"] = torch.cat([results["connector"], rows]) if "connector" in results else rows
    return hook


def block_orders(grids):
    """Of several images one behind the other."""
    orders, start = [], 0
    for _, rows, columns in grids.tolist():
        orders.append(start + block_order((rows, columns), 2))
        start += rows * columns
    return torch.cat(orders)


def tile_counts(inputs):
    """Of each image of LLaVA-NeXT, with the overview."""
    return [image_size_to_num_patches(size, PINPOINTS, 28) for size in inputs["image_sizes"]]


def overviews_last(counts, rows):
    """The rows of images, of which each has the overview behind its tiles instead of before."""
    order, start = [], 0
    for count in counts:
        tiles = torch.arange(start, start + count).roll(-1)
        order.append((tiles[:, None] * rows + torch.arange(rows)).reshape(-1))
        start += count
    return torch.cat(order)


def packed(model, results):
    """Keeps what the tiles of LLaVA-NeXT are put together to as the connector's result."""
    own = model.model.pack_image_features

    def pack(*given, **named):
        features, lengths = own(*given, **named)
        results["connector"] = torch.cat(list(features)).detach().clone()
        return features, lengths
    model.model.pack_image_features = pack


def traced(model, name, inputs, counts):
    results = {}
    inner = model.model
    vision = next(getattr(inner, key) for key in ["visual", "vision_tower", "vision_model", "vision_encoder"] if hasattr(inner, key))
    vision = getattr(vision, "vision_model", vision)
    text = inner.text_model if hasattr(inner, "text_model") else inner.language_model
    hooks = {}
    if name.startswith("qwen"):
        order, back = block_orders(inputs["image_grid_thw"]), None
        hooks[vision.patch_embed] = ("vision.embeddings", order)
        if name == "qwen2.5vl":
            _, rows, columns = inputs["image_grid_thw"][0].tolist()
            windows = get_vision_window_index(
                inputs["image_grid_thw"], spatial_merge_size=2, window_size=56, patch_size=14)[0]
            order, back = block_order((rows, columns), 2, windows), torch.argsort(windows)
        for index, layer in enumerate(vision.blocks):
            hooks[layer] = (f"vision.layers.{index}", order)
        if name.startswith("qwen3"):
            vision.blocks[0].register_forward_pre_hook(taken(results, "vision.positions", order))
            vision.register_forward_hook(with_levels(results))
        else:
            hooks[vision.merger] = ("connector", back)
    elif name.startswith("fastvlm"):
        backbone_hooks(vision.timm_model, results)
        hooks[inner.multi_modal_projector] = ("connector", None)
    elif name in ["pixtral", "mistral3", "lighton-ocr"]:
        hooks[vision.ln_pre] = ("vision.embeddings", None)
        for index, layer in enumerate(vision.transformer.layers):
            hooks[layer] = (f"vision.layers.{index}", None)
        connector = inner.vision_projection if name == "lighton-ocr" else inner.multi_modal_projector
        hooks[connector] = ("connector", None)
    elif name == "gemma4":
        # Of patches that are nothing there are rows, too.
        order = (inputs["image_position_ids"][..., 0] >= 0).reshape(-1).nonzero()[:, 0]
        hooks[vision.patch_embedder] = ("vision.embeddings", order)
        for index, layer in enumerate(vision.encoder.layers):
            hooks[layer] = (f"vision.layers.{index}", order)
        hooks[inner.embed_vision] = ("connector", None)
    else:
        order = None
        if name == "llava-next":
            order = overviews_last(tile_counts(inputs), 17)
        elif name == "lfm2vl":
            order = filled(inputs)
        hooks[vision.embeddings] = ("vision.embeddings", order)
        layers = vision.encoder.layers if hasattr(vision.encoder, "layers") else vision.encoder.layer
        # LLaVA's connector takes the output of an earlier layer.
        used = len(layers) - (1 if name.startswith("llava") else 0)
        for index, layer in enumerate(layers[:used]):
            hooks[layer] = (f"vision.layers.{index}", order)
        if hasattr(vision, "post_layernorm") and used == len(layers):
            hooks[vision.post_layernorm] = ("vision.norm", order)
        connector = inner.connector if hasattr(inner, "connector") else inner.multi_modal_projector
        if name == "llava-next":
            packed(model, results)
        elif name == "lfm2vl":
            connector.register_forward_hook(together(results))
        else:
            hooks[connector] = ("connector", None)
    last = text.embedding_norm if hasattr(text, "embedding_norm") else text.norm
    for index, following in enumerate([*text.layers[1:], last]):
        following.register_forward_pre_hook(taken(results, f"language.layers.{index}"))
    hooks[last] = ("language.norm", None)
    for module, (key, order) in hooks.items():
        module.register_forward_hook(kept(results, key, order))
    tokens, question = prompt(name, counts)
    tokens = torch.tensor([tokens])
    kinds = (tokens == IMAGE_TOKEN).long()
    answers = None if question is None else (torch.arange(tokens.shape[1])[None] >= question).long()
    extra = {"gemma3": dict(token_type_ids=kinds), "gemma4": dict(mm_token_type_ids=kinds), "paligemma": dict(token_type_ids=answers),
             "paligemma2": dict(token_type_ids=answers),
             **{family: dict(mm_token_type_ids=kinds)
                for family in MODELS if family.startswith("qwen")}}
    given = {key: value for key, value in inputs.items()
             if key in ["pixel_values", "image_grid_thw", "pixel_attention_mask", "image_sizes",
                    "image_position_ids", "spatial_shapes"]}
    with torch.no_grad():
        results["logits"] = model(
            input_ids=tokens, use_cache=False, **given, **extra.get(name, {})).logits[0]
    results["tokens"] = tokens[0].to(torch.int32)
    if question is not None:
        results["question"] = torch.tensor([question], dtype=torch.int32)
    return results


# The names of InternVL's makers for those of transformers.
ORIGINAL = {
    "vision_tower.": "vision_model.", "multi_modal_projector.": "mlp1.",
    "embeddings.cls_token": "embeddings.class_embedding",
    "embeddings.patch_embeddings.projection": "embeddings.patch_embedding",
    "embeddings.position_embeddings": "embeddings.position_embedding",
    "encoder.layer.": "encoder.layers.", "layernorm_before": "norm1", "layernorm_after": "norm2",
    "attention.q_norm": "attn.q_norm", "attention.k_norm": "attn.k_norm",
    "attention.projection_layer": "attn.proj", "lambda_1": "ls1", "lambda_2": "ls2",
    "mlp1.layer_norm": "mlp1.0", "mlp1.linear_1": "mlp1.1", "mlp1.linear_2": "mlp1.3"}


def original(folder):
    """InternVL under the names of its makers, with queries, keys and values in one matrix."""
    tensors = load_file(folder / "model.safetensors")
    for name in [name for name in tensors if "attention.q_proj" in name]:
        parts = [tensors.pop(name.replace("q_proj", key + "_proj")) for key in "qkv"]
        tensors[name.replace("attention.q_proj", "attn.qkv")] = torch.cat(parts)
    renamed = {}
    for name, tensor in tensors.items():
        for old, new in ORIGINAL.items():
            name = name.replace(old, new)
        renamed[name] = tensor
    save_file(renamed, folder / "model.safetensors", metadata={"format": "pt"})
    config = json.loads((folder / "config.json").read_text())
    vision = config["vision_config"]
    (folder / "config.json").write_text(json.dumps(dict(
        model_type="internvl_chat", downsample_ratio=0.5, ps_version="v2", select_layer=-1,
        img_context_token_id=IMAGE_TOKEN, force_image_size=28, dynamic_image_size=True, use_thumbnail=True,
        min_dynamic_patch=1, max_dynamic_patch=3, llm_config=config["text_config"],
        vision_config=dict(
            {key: vision[key] for key in ["hidden_size", "intermediate_size", "num_hidden_layers",
                                          "num_attention_heads", "hidden_act", "layer_norm_eps", "norm_type"]},
            model_type="intern_vit_6b", image_size=28, patch_size=7, qk_normalization=vision["use_qk_norm"],
            qkv_bias=vision["attention_bias"])),
        indent=1) + "\n")
    settings = json.loads((folder / "preprocessor_config.json").read_text())
    # What the hub has there: the tiles are cut by code beside the model.
    (folder / "preprocessor_config.json").write_text(json.dumps(dict(
        feature_extractor_type="CLIPFeatureExtractor", crop_size=28, do_center_crop=True, do_normalize=True,
        do_resize=True, resample=3, size=28, image_mean=settings["image_mean"],
        image_std=settings["image_std"]), indent=1) + "\n")


def make(name):
    family, text, vision, whole, processor, mistakes = MODELS[name]
    config = getattr(transformers, family + "Config")(
        text_config=text, vision_config=vision, **whole)
    config._attn_implementation = "eager"
    model = getattr(transformers, family + "ForConditionalGeneration")(config).eval()
    generator = torch.Generator().manual_seed(sum(name.encode()))
    randomize(model, generator)
    if name.startswith("fastvlm"):
        random_backbone(model.model.vision_tower, generator)
    randomize_buffers(model, torch.Generator().manual_seed(1))
    if family == "Gemma4":
        soften(model)
    model.tie_weights()
    folder = FOLDER / name
    folder.mkdir(parents=True, exist_ok=True)
    own, inputs = prepared(name, processor)
    if name.startswith("qwen"):
        patch = own.patch_size
        images = qwen_pixels(inputs, patch)
        counts = [pixels.shape[-1] * pixels.shape[-2] // (2 * patch) ** 2 for pixels in images]
    elif name == "lfm2vl":
        parts = lfm2_pixels(inputs, own.encoder_patch_size)
        images = [torch.cat(parts[:-2]), parts[-2], parts[-1]]
        tokens = [rows * columns // 4 for rows, columns in patch_grids(inputs)]
        counts = [sum(tokens[:-1]), tokens[-1]]
    elif name == "gemma4":
        images = gemma4_pixels(inputs, 8)
        counts = inputs["num_soft_tokens_per_image"].tolist()
    elif name == "llava-next":
        images = [pixels[:count].roll(-1, 0)
                  for pixels, count in zip(inputs["pixel_values"], tile_counts(inputs))]
        with torch.no_grad():
            features = model.model.get_image_features(inputs["pixel_values"], inputs["image_sizes"])
        counts = [len(rows) for rows in features.pooler_output]
    elif name in ["pixtral", "mistral3", "lighton-ocr"]:
        sizes = inputs["image_sizes"].tolist()
        images = [pixels[None, :, :height, :width]
                  for pixels, (height, width) in zip(inputs["pixel_values"], sizes)]
        token = 8 if name == "pixtral" else 16
        counts = [(height // token, width // token) for height, width in sizes]
    elif name in PAIRS:
        images = [image[None] for image in inputs["pixel_values"]]
        counts = [2 if name == "fastvlm" else 16] * len(images)
    else:
        pixels = inputs["pixel_values"].reshape(-1, *inputs["pixel_values"].shape[-3:])
        images = [pixels]
        counts = [len(pixels) * {"fastvlm-published": 4, "gemma3": 9, "internvl": 4, "internvl-chat": 4, "internvl-chat-6b": 4,
                                 "smolvlm": 4}.get(name, 16)]
    golden = traced(model, name, inputs, counts)
    names = ["pixels", "pixels.overview", "pixels.1"] if len(images) == 3 else ["pixels", "pixels.1"]
    golden.update(zip(names, images))
    normalizes = own.do_normalize
    golden = compacted(golden, own.image_mean if normalizes else [0.0] * 3, own.image_std if normalizes else [1.0] * 3)
    save_file({key: value.contiguous() for key, value in golden.items()}, folder / "golden.safetensors")
    model.to(torch.bfloat16).save_pretrained(folder)
    if name == "fastvlm-published":
        save_as_published(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    own.save_pretrained(folder)
    for file in ["config.json", "preprocessor_config.json"]:
        content = json.loads((folder / file).read_text())
        for key in ["architectures", "dtype", "transformers_version", "use_cache", "initializer_range"]:
            content.pop(key, None)
        if file == "config.json" and name in UNKEPT:
            content["text_config"].update(UNKEPT[name])
        if name == "fastvlm-published" and file != "config.json":
            content = processor_as_published(content)
        (folder / file).write_text(json.dumps(content, indent=1) + "\n")
    if name.startswith("internvl-chat"):
        original(folder)
    (folder / "mistakes.json").write_text(json.dumps(mistakes, indent=1) + "\n")
    size = sum(file.stat().st_size for file in folder.iterdir())
    print(f"{name}: {size:,} bytes, {[tuple(image.shape) for image in images]}, logits deviate by {golden['logits'].std():.2f}")
    print("  ", sorted(golden))


if __name__ == "__main__":
    transformers.logging.set_verbosity_error()
    torch.set_num_threads(1)
    for name in sys.argv[1:] or MODELS:
        make(name)
