# SPDX-License-Identifier: Apache-2.0
"""Writes Fixtures/preprocessing/saved.json: the settings of image processors as Transformers 5 saves them
in `processor_config.json`, made of the `preprocessor_config.json` of the fixtures.

Needs the Python packages transformers 5.23.0, torch and Pillow.
"""
import json
import os
import pathlib

os.environ["TRANSFORMERS_VERBOSITY"] = "error"
from transformers import AutoImageProcessor  # noqa: E402

FIXTURES = pathlib.Path(__file__).parents[2]
saved = {}
for name in ["gemma3", "internvl", "lighton-ocr", "llava-next", "llava-siglip", "llava-smollm3", "mistral3",
             "paligemma", "pixtral", "qwen2vl", "qwen2.5vl", "qwen3vl", "smolvlm"]:
    saved[name] = AutoImageProcessor.from_pretrained(FIXTURES / "vision-language" / name).to_dict()
(FIXTURES / "preprocessing/saved.json").write_text(
    "{\n" + ",\n".join(f'  "{k}": {json.dumps(v)}' for k, v in saved.items()) + "\n}\n")
