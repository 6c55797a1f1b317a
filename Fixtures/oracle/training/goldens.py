# SPDX-License-Identifier: Apache-2.0
"""Makes or checks the goldens of a fixture model from its stored weights, in f32.

Usage: python goldens.py check FOLDER            compares with the goldens in FOLDER
       python goldens.py make FOLDER OUTPUT      writes golden*.safetensors into OUTPUT
       python goldens.py answers FOLDER          prints data.jsonl with PyTorch's greedy answers
"""

import json
import os
import sys

import torch
from PIL import Image
from safetensors.torch import load_file, save_file

import data
import models

SAMPLES = 3


def samples(folder):
    with open(os.path.join(folder, "evaluation", "data.jsonl")) as lines:
        for line in lines:
            sample = json.loads(line)
            image = Image.open(os.path.join(folder, "evaluation", sample["image"]))
            yield sample, data.pixels(image)


def traced(model, pixels, ids):
    """Every named intermediate of one forward pass, and the logits."""
    trace = {}

    def tap(name):
        def keep(module, arguments, output):
            trace[name] = (output[0] if isinstance(output, tuple) else output)[0].contiguous()
        return keep

    hooks = [module.register_forward_hook(tap(name)) for name, module in model.taps().items()]
    trace["logits"] = model.logits(pixels, ids)[0].contiguous()
    for hook in hooks:
        hook.remove()
    if hasattr(model, "embeddings"):
        trace["language.embeddings"] = model.embeddings(pixels, ids)[0].contiguous()
    trace["tokens"] = ids[0].to(torch.int32)
    return trace


def with_images(folder, model):
    tensors = {}
    for i, (sample, pixels) in zip(range(SAMPLES), samples(folder)):
        ids = model.prompt(sample["prompt"]) + model.encode(sample["answer"]) + [model.end]
        trace = traced(model, pixels[None], torch.tensor([ids])) | {"pixels": pixels}
        tensors |= {f"{i}.{name}": tensor for name, tensor in trace.items()}
    return tensors


def with_text(folder, model):
    with open(os.path.join(folder, "evaluation", "text.txt")) as file:
        ids = model.encode(file.read()[:600])[:128]
    return {f"text.{name}": tensor for name, tensor in traced(model, None, torch.tensor([ids])).items()}


def answer(model, pixels, question, limit=48):
    ids = model.prompt(question)
    start = len(ids)
    while len(ids) - start < limit:
        ids.append(model.logits(pixels[None], torch.tensor([ids]))[0, -1].argmax().item())
        if ids[-1] == model.end:
            return model.decode(ids[start:-1])
    return model.decode(ids[start:])


def check(path, made):
    """Prints the largest difference of each tensor, relative to the largest value of the stored."""
    wrong = 0
    old = load_file(path)
    for name in sorted(old.keys() | made.keys()):
        if name not in old or name not in made:
            print(f"{path}: {name}: only in one of both")
            wrong += 1
            continue
        a, b = old[name].double(), made[name].double()
        difference = ((a - b).abs().max() / a.abs().max()).item()
        if difference > 1e-4:
            print(f"{path}: {name}: differs by {difference:.2g} of its largest value")
            wrong += 1
    print(f"{path}: {len(old)} tensors, {wrong} differ")
    return wrong


@torch.no_grad()
def main(command, folder, output=None):
    torch.set_num_threads(1)
    model = models.load(folder)
    if command == "answers":
        for sample, pixels in samples(folder):
            print(json.dumps(sample | {"greedy": answer(model, pixels, sample["prompt"]).strip()}))
        return 0
    files = {"golden.safetensors": with_images}
    if os.path.exists(os.path.join(folder, "golden-text.safetensors")):
        files["golden-text.safetensors"] = with_text
    wrong = 0
    for file, tensors in files.items():
        if command == "make":
            save_file(tensors(folder, model), os.path.join(output, file))
        else:
            wrong += check(os.path.join(folder, file), tensors(folder, model))
    return min(wrong, 1)


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4) or sys.argv[1] not in ("check", "make", "answers"):
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
