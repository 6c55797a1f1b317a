# SPDX-License-Identifier: Apache-2.0
"""Writes Fixtures/preprocessing/fastvlm.json: what FastVLM's processors make of images.

FastVLM pads an image to a square of the mean colour, as LLaVA's code does, and goes on with CLIP's
processor: what Apple's configuration says, and in transformers LLaVA's processor does.

    pip install transformers==5.23.0 pillow==13.0.0 numpy
    python Fixtures/oracle/preprocessing/fastvlm.py
"""

import json
import pathlib
import zlib

import numpy as np
import PIL
import transformers
from PIL import Image
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
from transformers.models.llava.image_processing_pil_llava import LlavaImageProcessorPil

FIXTURES = pathlib.Path(__file__).parents[2]
FILES = [f"preprocessing/{name}.png" for name in ["one", "tall", "wide", "noise"]]
FILES += ["images/chelsea.png", "images/astronaut-tall.png"]
SETTINGS = dict(resample=3, do_resize=True, do_center_crop=True, do_rescale=True, do_normalize=True,
                size={"shortest_edge": 128}, crop_size={"height": 128, "width": 128})
COLOURS = [dict(image_mean=[0.0] * 3, image_std=[1.0] * 3), dict(image_mean=[0.9, 0.5, 0.1], image_std=[0.3, 0.2, 0.1])]


def squared(image, colour):
    edge = max(image.size)
    square = Image.new("RGB", (edge, edge), colour)
    square.paste(image, ((edge - image.width) // 2, (edge - image.height) // 2))
    return square


entries = []
for colours in COLOURS:
    colour = tuple(int(255 * mean) for mean in colours["image_mean"])
    for file in FILES:
        image = Image.open(FIXTURES / file).convert("RGB")
        theirs = LlavaImageProcessorPil(do_pad=True, **SETTINGS, **colours)(image, return_tensors="np")["pixel_values"][0]
        ours = CLIPImageProcessorPil(**SETTINGS, **colours)(squared(image, colour), return_tensors="np")["pixel_values"][0]
        assert np.array_equal(theirs, ours), file
        entries.append({
            "file": file, "shape": theirs.shape, "crc": zlib.crc32(theirs.astype("<f4").tobytes()),
            "configuration": {"image_processor_type": "LlavaImageProcessor", "do_pad": True, **SETTINGS, **colours}})
with open(FIXTURES / "preprocessing/fastvlm.json", "w") as output:
    lines = ",\n".join("  " + json.dumps(entry) for entry in entries)
    output.write(f'{{\n "pillow": "{PIL.__version__}", "transformers": "{transformers.__version__}",\n "processed": [\n{lines}\n ]\n}}\n')
print(len(entries))
