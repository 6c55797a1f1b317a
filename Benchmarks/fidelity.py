# SPDX-License-Identifier: Apache-2.0
"""Tables of what is lost at the same bytes, by Pare and by the programs that people use for the same formats.

Half of each model's evaluation data decides (statistics, what tensors cost), the other half judges.
"""

import json
import os
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
FIXTURES = os.path.join(HERE, "..", "Fixtures")
IMATRIX = os.path.join(FIXTURES, "oracle", "llama_cpp", "imatrix.py")
PLAIN = os.path.join(HERE, "peers", "quantize.py")
MLX = os.path.join(HERE, "peers", "mlx_convert.py")
TYPES = ["Q2_K", "Q3_K_M", "Q4_K_M", "Q5_K_M", "IQ2_XXS", "IQ3_XXS", "IQ4_XS"]
MLX_BITS = ["2", "3", "4", "8"]
VISION_TYPES = ["Q4_0", "Q5_0", "Q8_0"]
# A model, and the model whose evaluation data it is judged on.
MODELS = [("llava-tiny", "llava-tiny"), ("mm1-tiny", "mm1-tiny"), ("stories260K", "llava-tiny")]


class Fidelity:
    def __init__(self, pare, threads, folder):
        self.program, self.threads, self.folder = pare, threads, folder
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)

    def run(self, *command):
        start = time.perf_counter()
        result = subprocess.run(command, capture_output=True, text=True,
                                env=os.environ | {"OMP_NUM_THREADS": self.threads, "HF_HUB_OFFLINE": "1"})
        return result, time.perf_counter() - start

    def pare(self, *arguments):
        result, seconds = self.run(self.program, *arguments, "--threads", self.threads, "--quiet")
        # 1: an error in somebody's files; the figures are there all the same.
        if result.returncode not in (0, 1):
            sys.exit(f"pare {' '.join(arguments)}: {result.stderr}")
        return result.stdout, seconds

    def python(self, *command):
        result, seconds = self.run(sys.executable, *command)
        return None if result.returncode == 0 else result.stderr.strip().splitlines()[-1:], seconds

    def path(self, *names):
        path = os.path.join(self.folder, *names)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return path

    def halves(self, fixture):
        """Files of samples that decide and that judge: every other question, and the two halves of the text."""
        source = os.path.join(FIXTURES, fixture, "evaluation")
        sides = []
        with open(os.path.join(source, "data.jsonl")) as file:
            lines = [json.loads(line) for line in file]
        with open(os.path.join(source, "text.txt")) as file:
            text = file.read()
        for index, side in enumerate(["deciding", "judging"]):
            questions = self.path(fixture, side, "questions.jsonl")
            with open(questions, "w") as file:
                for line in lines[index::2]:
                    if "image" in line:
                        line["image"] = os.path.abspath(os.path.join(source, line["image"]))
                    file.write(json.dumps(line) + "\n")
            words = self.path(fixture, side, "text.txt")
            with open(words, "w") as file:
                file.write(text[:len(text) // 2] if index == 0 else text[len(text) // 2:])
            sides.append((questions, words))
        return sides

    def verify(self, reference, candidate, data, projector=None):
        arguments = ["verify", reference, candidate, "--tensors", "0", "--json"]
        for file in data:
            arguments += ["--data", file]
        if projector:
            arguments += ["--mmproj", projector]
        return json.loads(self.pare(*arguments)[0])

    def followed(self, model, output, data, type, *more):
        """Quantizes with statistics that were gathered along the quantized model; the seconds of both."""
        statistics = output + "-statistics.gguf"
        self.path(statistics)
        files = [argument for file in data for argument in ("--data", file)]
        _, gathering = self.pare("calibrate", model, "--hessian", "--for", type, *more, "-o", statistics, *files)
        _, seconds = self.pare("quantize", model, "--type", type, *more, "--calibration", statistics,
                               "-o", output)
        return gathering + seconds

    def gguf(self, name, fixture):
        """Rows of a model's types: type, row, bytes of the language model, seconds, figures."""
        model = os.path.join(FIXTURES, name)
        sees = os.path.exists(os.path.join(model, "evaluation"))
        (questions, words), judging = self.halves(fixture)
        judging = judging if sees else judging[1:]
        source = self.path(name, "source", "x")
        self.pare("convert", model, "--to", "gguf", "--type", "bf16", "-o", os.path.dirname(source))
        made = os.listdir(os.path.dirname(source))
        language = next(f for f in made if not f.startswith("mmproj-"))
        # Alone in a folder, it is a model of text.
        alone = self.path(name, "alone", f"{name}-BF16.gguf")
        os.rename(os.path.join(os.path.dirname(source), language), alone)
        projector = None
        if sees:
            self.pare("quantize", model, "--type", "Q8_0", "-o", self.path(name, "vision"))
            projector = os.path.join(self.path(name, "vision"), f"mmproj-{name}-Q8_0.gguf")
        statistics = self.path(name, "statistics.gguf")
        self.pare("calibrate", model, "--hessian", "-o", statistics, "--data", words,
                  *(["--data", questions] if sees else []))
        deciding = [words, questions] if sees else [words]
        for kind in TYPES:
            print(f"{name} {kind}", file=sys.stderr)
            yield from self.rows(name, kind, alone, statistics, deciding, projector, lambda path: self.verify(
                model, path, judging, projector))

    def rows(self, name, kind, source, statistics, deciding, projector, verify):
        model = os.path.join(FIXTURES, name)
        peer = self.path(name, "llama.cpp", f"{kind}.gguf")
        informed = self.path(name, "llama.cpp", f"{kind}-imatrix.gguf")
        calibrated = ["--calibration", statistics, "--method", "search"]
        feedback = ["--calibration", statistics]
        for label, path, quantize in (("llama.cpp", peer, (PLAIN, source, kind, peer, self.threads)),
                                      ("llama.cpp, imatrix", informed, (IMATRIX, source, statistics, kind, informed))):
            failure, seconds = self.python(*quantize)
            if failure is not None:
                yield kind, label, None, seconds, {"failure": " ".join(failure)}
            else:
                yield kind, label, os.path.getsize(path), seconds, verify(path)
        # Where there is a vision part, it is the same for all, and counts like the peer's.
        whole = os.path.getsize(informed) + (os.path.getsize(projector) if projector else 0)
        planned = ["--size", str(whole), "--vision-type", "Q8_0"]
        for file in deciding:
            planned += ["--data", file]

        def costs(label):
            return ["--costs", self.path(name, f"costs{label}.json")]

        for label, arguments in (
                ("Pare", ["--type", kind]), ("Pare, calibrated", ["--type", kind, *calibrated]),
                ("Pare, feedback", ["--type", kind, *feedback]),
                ("Pare, feedback, folded", ["--type", kind, *feedback, "--fold"]),
                ("Pare, sequence", None), ("Pare, budget", [*planned, *costs("")]),
                ("Pare, budget, calibrated", [*planned, *calibrated, *costs("-calibrated")]),
                ("Pare, budget, feedback", [*planned, *feedback, *costs("-feedback")]),
                ("Pare, budget, sequence", None)):
            folder = os.path.dirname(self.path(name, label, kind, "x"))
            if arguments:
                _, seconds = self.pare("quantize", model, "-o", folder, *arguments)
            else:
                type, seconds = kind, 0
                if "budget" in label:
                    type = self.path(name, f"{kind}.json")
                    _, seconds = self.pare("quantize", model, *planned, *feedback, *costs("-feedback"), "--dry-run",
                                           "--save-recipe", type)
                seconds += self.followed(model, folder, deciding, type, "--vision-type", "Q8_0")
            path = next(os.path.join(folder, f) for f in os.listdir(folder) if not f.startswith("mmproj-"))
            yield kind, label, os.path.getsize(path), seconds, verify(path)

    def mlx(self, name):
        """Rows of MLX folders of a LLaVA's language model, which mlx-lm knows as a Llama."""
        from safetensors.torch import load_file, save_file
        model = os.path.join(FIXTURES, name)
        (_, words), (_, judging) = self.halves(name)
        folder = os.path.dirname(self.path(name, "text", "x"))
        tensors = load_file(os.path.join(model, "model.safetensors"))
        own = {}
        for key, value in tensors.items():
            if "language_model." in key or key.startswith("lm_head"):
                own[key.replace("language_model.model.", "model.").replace("model.language_model.", "model.")
                    .replace("language_model.lm_head", "lm_head")] = value.contiguous()
        save_file(own, os.path.join(folder, "model.safetensors"), metadata={"format": "pt"})
        with open(os.path.join(model, "config.json")) as file:
            config = json.load(file)["text_config"]
        config |= {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "torch_dtype": "bfloat16"}
        with open(os.path.join(folder, "config.json"), "w") as file:
            json.dump(config, file)
        for file in os.listdir(model):
            if file.startswith("tokenizer") or file.startswith("special_tokens"):
                shutil.copy(os.path.join(model, file), folder)
        statistics = self.path(name, "text-statistics.gguf")
        self.pare("calibrate", folder, "--hessian", "-o", statistics, "--data", words)
        for bits in MLX_BITS:
            print(f"{name} MLX {bits} bits", file=sys.stderr)
            kind = f"MLX {bits} bits"
            peer = os.path.join(self.folder, name, f"mlx-{bits}")
            failure, seconds = self.python(MLX, folder, bits, "64", peer)
            if failure is not None:
                yield kind, "mlx-lm", None, seconds, {"failure": " ".join(failure)}
            else:
                yield kind, "mlx-lm", weights(peer), seconds, self.verify(folder, peer, [judging])
            calibrated = ["--calibration", statistics, "--method", "search"]
            feedback = ["--calibration", statistics]
            alike, planned = ["--type", f"{bits}bit"], ["--like", f"{bits}bit", "--data", words]
            costs = ["--costs", self.path(name, "mlx-costs-feedback.json")]
            for label, more in (("Pare", alike), ("Pare, calibrated", [*alike, *calibrated]),
                                ("Pare, feedback", [*alike, *feedback]),
                                ("Pare, feedback, folded", [*alike, *feedback, "--fold"]),
                                ("Pare, budget", [*planned, "--costs", self.path(name, "mlx-costs.json")]),
                                ("Pare, budget, feedback", [*planned, *feedback, *costs])):
                output = os.path.join(self.folder, name, f"{label}-mlx-{bits}")
                _, seconds = self.pare("quantize", folder, "--to", "mlx", "-o", output, *more)
                made = os.path.join(output, os.listdir(output)[0])
                yield kind, label, weights(made), seconds, self.verify(folder, made, [judging])
            recipe = self.path(name, f"like-{bits}bit.json")
            for label, type in (("Pare, sequence", f"{bits}bit"), ("Pare, budget, sequence", recipe)):
                output = os.path.join(self.folder, name, f"{label}-mlx-{bits}")
                planning = 0
                if type == recipe:
                    _, planning = self.pare("quantize", folder, "--to", "mlx", *planned, *feedback, *costs, "--dry-run",
                                            "--save-recipe", recipe)
                seconds = self.followed(folder, output, [words], type, "--to", "mlx")
                made = os.path.join(output, os.listdir(output)[0])
                yield kind, label, weights(made), planning + seconds, self.verify(folder, made, [judging])

    def vision(self, name):
        """Rows of a vision part's types beside the language model as it is: type, row, bytes, figures."""
        model = os.path.join(FIXTURES, name)
        (questions, _), (judging, _) = self.halves(name)
        statistics = self.path(name, "vision-statistics.gguf")
        self.pare("calibrate", model, "--hessian", "-o", statistics, "--data", questions)
        calibrated = ["--calibration", statistics, "--method", "search"]
        for kind in VISION_TYPES:
            for label, more in (("Pare", []), ("Pare, calibrated, biases kept", [*calibrated, "--keep-biases"]),
                                ("Pare, calibrated", calibrated),
                                ("Pare, feedback", ["--calibration", statistics])):
                output = os.path.join(self.folder, name, f"{label}-vision-{kind}")
                _, seconds = self.pare("quantize", model, "--type", "bf16", "--vision-type", kind, "-o", output, *more)
                projector = os.path.join(output, f"mmproj-{name}-{kind}.gguf")
                figures = self.verify(model, os.path.join(output, f"{name}-BF16.gguf"), [judging])
                yield kind, label, os.path.getsize(projector), seconds, figures
            output = os.path.join(self.folder, name, f"sequence-vision-{kind}")
            seconds = self.followed(model, output, [questions], "bf16", "--vision-type", kind)
            figures = self.verify(model, os.path.join(output, f"{name}-BF16.gguf"), [judging])
            size = os.path.getsize(os.path.join(output, f"mmproj-{name}-{kind}.gguf"))
            yield kind, "Pare, sequence", size, seconds, figures


def weights(folder):
    return sum(os.path.getsize(os.path.join(folder, f)) for f in os.listdir(folder) if f.endswith(".safetensors"))


def number(value):
    return f"{value:.3g}" if value >= 1e-3 else f"{value:.2e}"


def cells(kind, label, size, seconds, report, best):
    if "failure" in report:
        return [kind, label, "–", report["failure"].rsplit(": ", 1)[-1], "", "", "", "", "", f"{seconds:.1f}"]
    text, images, answers = report["groups"].get("text"), report["groups"].get("images"), report.get("answers") or {}
    low, high = text["meanKLInterval"] or (text["meanKL"], text["meanKL"])
    ratio = f"{text['meanKL'] / best:.2f}" if best else ""
    return [kind, label, f"{size / 1e6:.2f} MB", f"{number(text['meanKL'])} ({number(low)} – {number(high)})", ratio,
            number(text["p99KL"]), f"{100 * text['agreement']:.1f} %", number(images["meanKL"]) if images else "",
            str(answers.get("right", "")) if images else "", f"{seconds:.1f}"]


def table(rows):
    head = ["type", "", "bytes", "mean KL, text (95 %)", "ratio", "p99 KL", "same top-1", "mean KL, images",
            "right answers", "seconds"]
    lines = ["| " + " | ".join(head) + " |", "|---|---|" + "--:|" * (len(head) - 2)]
    best = {}
    for kind, label, _, _, report in rows:
        if not label.startswith("Pare") and "failure" not in report:
            best[kind] = min(best.get(kind, float("inf")), report["groups"]["text"]["meanKL"])
    for row in rows:
        lines.append("| " + " | ".join(cells(*row, best.get(row[0]))) + " |")
    return "\n".join(lines)


def vision_table(rows):
    lines = ["| type |  | bytes | mean KL of answers about images (95 %) | mean error of images | right answers | seconds |",
             "|---|---|" + "--:|" * 5]
    for kind, label, size, seconds, figures in rows:
        images, seen = figures["groups"]["images"], figures["vision"]
        low, high = images["meanKLInterval"]
        error = sum(image["connectorError"] for image in seen) / len(seen)
        lines.append("| " + " | ".join([
            kind, label, f"{size / 1e6:.2f} MB", f"{number(images['meanKL'])} ({number(low)} – {number(high)})",
            f"{100 * error:.2f} %", str(figures["answers"]["right"]), f"{seconds:.1f}"]) + " |")
    return "\n".join(lines)


def report(pare, threads, folder, models=None):
    fidelity = Fidelity(pare, threads, folder)
    parts = []
    for name, fixture in MODELS:
        if models and name not in models:
            continue
        parts.append(f"## {name}\n\n" + table(list(fidelity.gguf(name, fixture))))
        if name == "llava-tiny":
            parts.append(f"## {name}, its language model in MLX folders\n\n" + table(list(fidelity.mlx(name))))
        if name == fixture:
            parts.append(f"## {name}, its vision encoder and connector\n\n" + vision_table(list(fidelity.vision(name))))
    tables = "\n\n".join(parts)
    return f"""# What is lost at the same bytes

Made by `scripts/bench fidelity --markdown Benchmarks/fidelity.md`. Half of each model's evaluation data decides
(statistics, what tensors cost), the other half judges. The language models alone are quantized; images are seen through
a vision part of 8 bits, the same for all. KL is that of [`pare verify`](../Formats/report.md), over the whole vocabulary,
in nats, with its interval over documents. "ratio": mean KL over that of the peer's better row. "imatrix", "calibrated":
with the statistics of `pare calibrate`, the same file for both programs; Pare's biases then make up for what their weights
lose in the mean, unless "biases kept"; with `--method search`. "feedback": without that, for the statistics are of `--hessian`; "folded": `--fold` beside it
([both](../Formats/feedback.md)). "sequence": the same with statistics of `pare calibrate --hessian --for TYPE`, gathered block by
block along the model that is quantized. "budget": `pare quantize --size` with the bytes of llama.cpp's file, in MLX folders
`--like` with the type. "seconds": the whole command, for "sequence" the statistics as well; what tensors cost is measured for the first
budget of a row's kind and kept ([costs](../Formats/costs.md)) for the others.

{tables}
"""
