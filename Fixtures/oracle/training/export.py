# SPDX-License-Identifier: Apache-2.0
"""Writes a trained state as a checkpoint folder in BF16, with calibration and evaluation data.

Usage: python export.py KIND TOKENIZER STATE.pt SHAKESPEARE.txt OUTPUT

The goldens and the greedy answers come after it, from the stored weights: see goldens.py.
"""

import json
import os
import random
import shutil
import sys

import torch
from safetensors.torch import save_file

import data
import models
import scenes

# Seeds and numbers of samples: calibration, evaluation.
SETS = {"mm1": ((1001, 256), (2002, 200)), "mm1-moe": ((1001, 256), (2002, 200)),
        "llava": ((3003, 128), (4004, 100))}
TURN = "{% for m in messages %}{% if m.role == 'user' %}"
MM1_TEMPLATE = (TURN + "<|user|><image>{{ m.content }}{% else %}<|assistant|>{{ m.content }}<|endoftext|>{% endif %}"
                "{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}")
LLAVA_TEMPLATE = (TURN + "USER: <image>\n{{ m.content }} ASSISTANT:{% else %}{{ m.content }}</s>{% endif %}"
                  "{% endfor %}")


def write(folder, file, value):
    with open(os.path.join(folder, file), "w") as f:
        json.dump(value, f, indent=1)


def write_shards(tensors, output, count):
    """`count` files of about the same size, in the order of names, and their index."""
    total = sum(t.numel() * t.element_size() for t in tensors.values())
    shards, size = [{} for _ in range(count)], 0
    for name in sorted(tensors):
        shards[min(count - 1, count * size // total)][name] = tensors[name]
        size += tensors[name].numel() * tensors[name].element_size()
    index = {}
    for i, shard in enumerate(shards):
        file = f"model-{i + 1:05d}-of-{count:05d}.safetensors"
        save_file(shard, os.path.join(output, file), metadata={"format": "pt"})
        index |= {name: file for name in shard}
    write(output, "model.safetensors.index.json", {"metadata": {"total_size": total}, "weight_map": index})


def write_preprocessor(output):
    write(output, "preprocessor_config.json", {
        "image_processor_type": "CLIPImageProcessor", "do_resize": True, "size": {"shortest_edge": 64},
        "resample": 3, "do_center_crop": True, "crop_size": {"height": 64, "width": 64}, "do_rescale": True,
        "rescale_factor": 1 / 255, "do_normalize": True, "image_mean": data.MEAN,
        "image_std": data.DEVIATION, "do_convert_rgb": True})


def mm1_config(model):
    text = {
        "model_type": "mm1_text", "vocab_size": 1024, "hidden_size": 256, "intermediate_size": 768,
        "num_hidden_layers": 4, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 64,
        "hidden_act": "silu", "max_position_embeddings": 512, "rms_norm_eps": 1e-5, "rope_theta": 10000.0,
        "tie_word_embeddings": True, "qk_norm": False, "bos_token_id": 0, "eos_token_id": 0}
    if model.expert_layers:
        text |= {"num_experts": 8, "num_experts_per_tok": 2, "moe_intermediate_size": 384,
                 "decoder_sparse_step": 2, "norm_topk_prob": True}
    vision = {
        "model_type": "clip_vision_model", "hidden_size": 256, "intermediate_size": 1024, "num_hidden_layers": 4,
        "num_attention_heads": 4, "num_channels": 3, "image_size": 64, "patch_size": 8, "hidden_act": "gelu",
        "layer_norm_eps": 1e-5}
    connector = {
        "type": "c_abstractor", "encoder_hidden_size": 256, "hidden_size": 256, "output_hidden_size": 256,
        "depth": 2, "mlp_depth": 2, "num_query_tokens": 16, "position_embeddings": True, "squeeze_ratio": 0.25,
        "layer_norm_eps": 1e-6, "hidden_act": "silu"}
    return {"architectures": ["MM1ForConditionalGeneration"], "model_type": "mm1", "torch_dtype": "bfloat16",
            "image_token_index": model.image, "vision_config": vision, "connector_config": connector,
            "text_config": text}


def write_mm1(model, tensors, tokenizer, output):
    write_shards(tensors, output, 3)
    write(output, "config.json", mm1_config(model))
    shutil.copy(tokenizer, os.path.join(output, "tokenizer.json"))
    write(output, "tokenizer_config.json", {
        "tokenizer_class": "PreTrainedTokenizerFast", "eos_token": "<|endoftext|>", "bos_token": "<|endoftext|>",
        "model_max_length": 512, "chat_template": MM1_TEMPLATE})
    write(output, "generation_config.json", {"eos_token_id": 0, "bos_token_id": 0})


def write_llava(model, tensors, tokenizer, output):
    model.whole.config.dtype = torch.bfloat16
    model.whole.config.architectures = ["LlavaForConditionalGeneration"]
    model.whole.config.save_pretrained(output)
    model.whole.generation_config.save_pretrained(output)
    save_file(tensors, os.path.join(output, "model.safetensors"), metadata={"format": "pt"})
    shutil.copy(tokenizer, os.path.join(output, "tokenizer.model"))
    write(output, "tokenizer_config.json", {
        "tokenizer_class": "LlamaTokenizer", "bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>",
        "add_bos_token": True, "add_eos_token": False, "legacy": False, "model_max_length": 512,
        "chat_template": LLAVA_TEMPLATE})


def write_set(folder, seed, count, text):
    rng = random.Random(seed)
    os.makedirs(os.path.join(folder, "images"), exist_ok=True)
    with open(os.path.join(folder, "data.jsonl"), "w") as lines:
        for i in range(count):
            image, objects = scenes.scene(rng)
            question, answer = scenes.dialogue(rng, objects)
            file = f"images/{i:03d}.png"
            image.save(os.path.join(folder, file), optimize=True)
            lines.write(json.dumps({"image": file, "prompt": question, "answer": answer}) + "\n")
    with open(os.path.join(folder, "text.txt"), "w") as file:
        file.write(text)


def main(kind, tokenizer, state, shakespeare, output):
    os.makedirs(output, exist_ok=True)
    model = models.make(kind, tokenizer)
    model.load_state_dict(torch.load(state))
    # A copy of each: tensors that share memory cannot be saved.
    tensors = {name: tensor.to(torch.bfloat16, copy=True).contiguous()
               for parameter, tensor in model.state_dict().items() if (name := model.name(parameter))}
    (write_llava if kind == "llava" else write_mm1)(model, tensors, tokenizer, output)
    write_preprocessor(output)
    with open(shakespeare) as file:
        text = file.read()
    calibration, evaluation = SETS[kind]
    write_set(os.path.join(output, "calibration"), *calibration, text[900_000:960_000])
    write_set(os.path.join(output, "evaluation"), *evaluation, text[1_050_000:1_090_000])


if __name__ == "__main__":
    if len(sys.argv) != 6:
        sys.exit(__doc__)
    main(*sys.argv[1:])
