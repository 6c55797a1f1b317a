# SPDX-License-Identifier: Apache-2.0
"""The three fixture models in PyTorch: `mm1`, `mm1-moe` and `llava`.

Each offers the same: `logits(pixels, ids)`, `prompt(question)`, `answer(text)`, `decode(ids)`,
`taps()` (the modules whose outputs become goldens) and `load(folder)` (the stored checkpoint).
"""

import glob
import os

os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")

import sentencepiece
import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import nn
from transformers import CLIPVisionConfig, CLIPVisionModel, LlamaConfig, LlamaForCausalLM
from transformers import LlavaConfig, LlavaForConditionalGeneration

from mm1 import CAbstractor, Experts

KINDS = ["mm1", "mm1-moe", "llava"]


def vision_config(activation):
    return CLIPVisionConfig(
        hidden_size=256, intermediate_size=1024, num_hidden_layers=4, num_attention_heads=4, image_size=64,
        patch_size=8, hidden_act=activation, projection_dim=256)


def text_config(tied, bos, eos):
    return LlamaConfig(
        vocab_size=1024, hidden_size=256, intermediate_size=768, num_hidden_layers=4, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=512, rms_norm_eps=1e-5, rope_theta=10000.0,
        tie_word_embeddings=tied, bos_token_id=bos, eos_token_id=eos)


def stored(folder):
    """Every tensor of a checkpoint folder, in f32."""
    tensors = {}
    for path in sorted(glob.glob(os.path.join(folder, "model*.safetensors"))):
        tensors.update({name: tensor.float() for name, tensor in load_file(path).items()})
    return tensors


def vision_taps(vision):
    taps = {"vision.embeddings": vision.embeddings, "vision.pre_layernorm": vision.pre_layrnorm}
    return taps | {f"vision.layers.{i}": layer for i, layer in enumerate(vision.encoder.layers)}


def language_taps(language):
    taps = {f"language.layers.{i}": layer for i, layer in enumerate(language.layers)}
    return taps | {"language.norm": language.norm}


class MM1(nn.Module):
    """CLIP encoder, C-Abstractor, Llama decoder with tied embeddings, perhaps with experts."""

    visual_tokens = 16
    end = 0

    def __init__(self, tokenizer, experts):
        super().__init__()
        self.tokenizer = Tokenizer.from_file(tokenizer)
        self.image, self.user, self.assistant = (
            self.tokenizer.token_to_id(t) for t in ("<image>", "<|user|>", "<|assistant|>"))
        self.expert_layers = [1, 3] if experts else []
        self.vision = CLIPVisionModel(vision_config("gelu"))
        self.abstractor = CAbstractor(256, 256, 256, 2, 2, 16, 64)
        self.language = LlamaForCausalLM(text_config(tied=True, bos=0, eos=0))
        for i in self.expert_layers:
            self.language.model.layers[i].mlp = Experts(256, 384, 8, 2)

    def embeddings(self, pixels, ids):
        x = self.language.model.embed_tokens(ids)
        if pixels is None:
            return x
        # The last layer's output without its class token; no final norm.
        seen = self.abstractor(self.vision(pixel_values=pixels).last_hidden_state[:, 1:])
        return x.masked_scatter((ids == self.image)[..., None], seen)

    def logits(self, pixels, ids):
        return self.language(inputs_embeds=self.embeddings(pixels, ids)).logits

    def encode(self, text):
        return self.tokenizer.encode(text).ids

    def decode(self, ids):
        return self.tokenizer.decode(ids)

    def prompt(self, question):
        return [self.user] + [self.image] * self.visual_tokens + self.encode(question) + [self.assistant]

    def taps(self):
        net = self.abstractor.net
        taps = {"connector.stage1": net[0], "connector.pool": net[1], "connector.stage2": net[2],
                "connector": self.abstractor}
        return vision_taps(self.vision) | taps | language_taps(self.language.model)

    @staticmethod
    def name(parameter):
        """The name in a checkpoint of a parameter; None for one that is not stored."""
        if parameter == "language.lm_head.weight" or "post_layernorm" in parameter:
            return None
        for ours, theirs in (("vision.", "vision_model."), ("abstractor.", "connector."),
                             ("language.", "language_model.")):
            if parameter.startswith(ours):
                return theirs + parameter[len(ours):]

    def load(self, folder):
        tensors = stored(folder)
        expected = {parameter: MM1.name(parameter) for parameter in self.state_dict()}
        found = {ours: tensors.pop(theirs) for ours, theirs in expected.items() if theirs}
        assert not tensors, f"{folder}: not in the model: {sorted(tensors)}"
        self.load_state_dict(found, strict=False)
        self.language.tie_weights()
        return self.eval()


class LLaVA(nn.Module):
    """LLaVA-1.5 as transformers has it."""

    visual_tokens = 64
    end = 2

    def __init__(self, tokenizer):
        super().__init__()
        self.tokenizer = sentencepiece.SentencePieceProcessor(model_file=tokenizer)
        self.image = self.tokenizer.piece_to_id("<image>")
        self.expert_layers = []
        self.whole = LlavaForConditionalGeneration(LlavaConfig(
            vision_config=vision_config("quick_gelu"), text_config=text_config(tied=False, bos=1, eos=2),
            image_token_index=self.image, projector_hidden_act="gelu", vision_feature_layer=-2,
            vision_feature_select_strategy="default", image_seq_length=64, tie_word_embeddings=False))

    def logits(self, pixels, ids):
        return self.whole(input_ids=ids, pixel_values=pixels).logits

    def encode(self, text):
        return self.tokenizer.encode(text)

    def decode(self, ids):
        return self.tokenizer.decode(ids)

    def prompt(self, question):
        images = [self.image] * self.visual_tokens
        return [1] + self.encode("USER: ") + images + self.encode("\n" + question + " ASSISTANT:")

    def taps(self):
        model = self.whole.model
        connector = {"connector": model.multi_modal_projector}
        return vision_taps(model.vision_tower) | connector | language_taps(model.language_model)

    @staticmethod
    def name(parameter):
        """The name that the hub's LLaVA checkpoints use."""
        parameter = parameter.removeprefix("whole.").removeprefix("model.")
        for ours, theirs in (("vision_tower.", "vision_tower.vision_model."),
                             ("language_model.", "language_model.model."),
                             ("lm_head.", "language_model.lm_head.")):
            if parameter.startswith(ours):
                return theirs + parameter[len(ours):]
        return parameter

    def load(self, folder):
        tensors = stored(folder)
        self.load_state_dict({p: tensors.pop(LLaVA.name(p)) for p in self.state_dict()})
        assert not tensors, f"{folder}: not in the model: {sorted(tensors)}"
        return self.eval()


def make(kind, tokenizer):
    """An untrained model of a kind with the tokenizer in a file."""
    return LLaVA(tokenizer) if kind == "llava" else MM1(tokenizer, experts=kind == "mm1-moe")


def load(folder):
    """The model that a fixture folder holds, in f32, ready to run."""
    tokenizer = os.path.join(folder, "tokenizer.model")
    if os.path.exists(tokenizer):
        return make("llava", tokenizer).load(folder)
    experts = any(".experts." in name for name in stored(folder))
    return make("mm1-moe" if experts else "mm1", os.path.join(folder, "tokenizer.json")).load(folder)
