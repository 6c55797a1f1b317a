# SPDX-License-Identifier: Apache-2.0
"""Makes checkpoints of families that are large enough to time their conversion.

    python families.py NAME FOLDER

They are the tiny models of Fixtures/architectures, with settings for engines, and of Fixtures/vision-language, but
wide: 0.1 to 1.2 GB of random weights in BF16.
"""

import json
import os
import pathlib
import shutil
import sys

FIXTURES = pathlib.Path(__file__).resolve().parents[1] / "Fixtures"
WIDTHS = dict(hidden_size=1024, intermediate_size=4096, vocab_size=32000, num_hidden_layers=8)
ENCODER = dict(hidden_size=1024, intermediate_size=4096)
SEEING = {
    "gemma3": dict(num_hidden_layers=8, num_attention_heads=16),
    "llava-siglip": dict(num_hidden_layers=8, num_attention_heads=16),
    "qwen2.5vl": dict(depth=8, num_heads=16, out_hidden_size=1024),
    "smolvlm": dict(num_hidden_layers=8, num_attention_heads=16),
}
NAMES = ["bert", "gemma", "gemma2", "llama3", "mistral", "mixtral", "olmo2", "phi3", "qwen2", "qwen3", "qwen3-moe",
         "smollm3", "stablelm", *SEEING]


def seeing(name, folder):
    """Makes a checkpoint of a family that sees images, from the configuration of its fixture."""
    import torch
    import transformers

    source = FIXTURES / "vision-language" / name
    config = json.loads((source / "config.json").read_text())
    config["text_config"].update(WIDTHS, num_attention_heads=16, num_key_value_heads=8, head_dim=64)
    config["text_config"].pop("layer_types", None)
    if "mrope_section" in config["text_config"]["rope_parameters"]:
        config["text_config"]["rope_parameters"]["mrope_section"] = [8, 12, 12]
    config["vision_config"].update(ENCODER, **SEEING[name])
    torch.manual_seed(1)
    model = transformers.AutoModelForImageTextToText.from_config(
        transformers.AutoConfig.for_model(**config), dtype=torch.bfloat16)
    model.save_pretrained(folder)
    os.remove(os.path.join(folder, "generation_config.json"))
    shutil.copy(source / "preprocessor_config.json", folder)
    shutil.copy(FIXTURES / "stories260K" / "tokenizer.model", folder)


def checkpoint(name, folder):
    """Makes a checkpoint of a family, with a tokenizer."""
    if name in SEEING:
        return seeing(name, folder)
    sys.path.insert(0, str(FIXTURES / "oracle" / "architectures"))
    import make
    import torch
    import transformers

    family, settings, _ = make.MODELS[name]
    settings = {**make.SIZES, **settings, **make.ENGINES.get(name, {}), **WIDTHS}
    settings.pop("layer_types", None)
    config = getattr(transformers, family + "Config")(**settings)
    torch.manual_seed(1)
    torch.set_default_dtype(torch.bfloat16)
    model = getattr(transformers, "BertModel" if family == "Bert" else family + "ForCausalLM")(config)
    model.save_pretrained(folder)
    torch.set_default_dtype(torch.float32)
    path = os.path.join(folder, "generation_config.json")
    if os.path.exists(path):
        os.remove(path)
    if family == "Bert":
        words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *(f"w{number}" for number in range(30000))]
        vocabulary = {word: number for number, word in enumerate(words)}
        model = {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                 "max_input_chars_per_word": 100, "vocab": vocabulary}
        with open(os.path.join(folder, "tokenizer.json"), "w") as file:
            json.dump({"version": "1.0", "model": model, "added_tokens": [], "normalizer": None,
                       "pre_tokenizer": {"type": "BertPreTokenizer"}, "post_processor": None, "decoder": None}, file)
    else:
        shutil.copy(FIXTURES / "stories260K" / "tokenizer.model", folder)


if __name__ == "__main__":
    checkpoint(*sys.argv[1:])
