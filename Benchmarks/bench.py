# SPDX-License-Identifier: Apache-2.0
"""Compares pare with other programs at the same work: medians of runs in turn, with memory.

Started by scripts/bench, which builds what is needed and passes its arguments on.
"""

import argparse
import glob
import json
import os
import shutil
import subprocess
import sys

import embeddings
import encoders
import families
import fidelity
import measure
from measure import Side

HERE = os.path.dirname(os.path.abspath(__file__))
FIXTURES = os.path.join(HERE, "..", "Fixtures")
FIXTURE = os.path.join(FIXTURES, "llava-tiny")
PARTS = ["convert", "quantize", "forward", "verify", "multiply"]
MORE_PARTS = ["calibrate", "embeddings", "encodings", "families", "fidelity", "large"]
PRODUCTS = [(2048, 2048, 2048), (512, 4096, 4096)]
TYPES = ["Q8_0", "Q4_0", "TQ2_0", "Q4_K_M", "Q5_K_M", "Q6_K", "Q2_K", "Q3_K_M", "IQ4_XS", "IQ4_NL"]
WINDOW = 512
WINDOWS = 8


class Bench:
    def __init__(self, options):
        self.options = options
        self.threads = str(options.threads)
        self.environment = {"OMP_NUM_THREADS": self.threads, "HF_HUB_OFFLINE": "1"}
        self.results = []
        os.makedirs(options.folder, exist_ok=True)

    def path(self, *names):
        return os.path.join(self.options.folder, *names)

    def pare(self, *arguments, output=None, seconds_of=lambda output: None):
        command = [self.options.pare, *arguments, "--threads", self.threads, "--quiet"]
        return Side("pare", command, self.clearing(output), self.environment, seconds_of)

    def peer(self, name, *command, output=None):
        return Side(name, list(command), self.clearing(output), self.environment)

    def python(self, name, script, *arguments, output=None):
        script = os.path.join(HERE, "peers", script)
        return self.peer(name, sys.executable, script, *arguments, output=output)

    def clearing(self, output):
        """Removes what an earlier run wrote, and waits until the disk has nothing else to do."""
        def clear():
            if output:
                shutil.rmtree(output, ignore_errors=True)
                os.makedirs(output)
                os.sync()
        return clear

    def checkpoint(self, size):
        folder = self.path(size)
        if not os.path.exists(os.path.join(folder, "config.json")):
            print(f"making the {size} checkpoint", file=sys.stderr)
            subprocess.run(
                [sys.executable, os.path.join(HERE, "checkpoint.py"), size, FIXTURE, folder], check=True)
        return folder

    def compare(self, what, sides, repeats=None):
        def report(side, run):
            print(f"{what}: {side.name}: {run.seconds:.3f} s", file=sys.stderr)
        measure.alternate(sides, repeats or self.options.repeats, report)
        first = sides[0].median("seconds")
        print(f"\n{what}")
        for side in sides:
            ratio = "" if side is sides[0] else f"{first / side.median('seconds'):9.2f}"
            print(f"  {side.name:28} {side.median('seconds'):9.3f} s {ratio:>9}"
                  f" {megabytes(side.median('peak'))} {megabytes(side.median('own'))}"
                  f" {side.spread:8.2f}", flush=True)
            self.results.append({
                "what": what, "program": side.name, "seconds": side.median("seconds"),
                "pareOverThis": first / side.median("seconds"), "peakBytes": side.median("peak"),
                "ownBytes": side.median("own"), "slowestOverFastest": side.spread, "runs": len(side.runs)})

    # What is compared

    def convert(self):
        model, output = self.checkpoint("medium"), self.path("out")
        copy, copied = f"cp -r '{model}' '{output}/copy'", f"sync '{output}'/copy/*"
        sides = [
            self.pare("convert", model, "--to", "gguf", "--type", "bf16", "-o", output, output=output),
            self.peer("cp", "sh", "-c", copy, output=output),
            self.peer("cp and sync", "sh", "-c", f"{copy} && {copied}", output=output)]
        if os.path.exists(self.options.converter):
            sides.append(self.peer(
                "convert_hf_to_gguf.py", sys.executable, self.options.converter, model, "--outtype", "bf16",
                "--outfile", os.path.join(output, "peer.gguf"), output=output))
        self.compare("convert to GGUF BF16, 611 MB", sides)

    def families(self):
        """Conversions of families whose tensors take different ways, beside copies of their files."""
        output = self.path("out")
        for name in families.NAMES:
            model = self.path("families", name)
            if not os.path.exists(os.path.join(model, "config.json")):
                # In a process of its own: what it takes would count as the most that its children took.
                subprocess.run([sys.executable, families.__file__, name, model], check=True)
            size = sum(entry.stat().st_size for entry in os.scandir(model)) / 1e6
            copy = f"cp -r '{model}' '{output}/copy'"
            self.compare(f"convert {name} to GGUF BF16, {size:.0f} MB", [
                self.pare("convert", model, "--to", "gguf", "--type", "bf16", "-o", output, output=output),
                self.peer("cp and sync", "sh", "-c", f"{copy} && sync '{output}'/copy/*", output=output),
                self.peer("cp", "sh", "-c", copy, output=output)])

    def unquantized(self):
        """The BF16 GGUF that llama.cpp quantizes."""
        folder = self.path("unquantized")
        if not glob.glob(os.path.join(folder, "*.gguf")):
            os.makedirs(folder, exist_ok=True)
            measure.run(self.pare(
                "convert", self.checkpoint("medium"), "--to", "gguf", "--type", "bf16", "-o", folder))
        return glob.glob(os.path.join(folder, "*.gguf"))[0]

    def quantize(self):
        source, output = self.unquantized(), self.path("out")
        copied = os.path.join(output, "copy.gguf")
        for kind in self.options.types:
            self.compare(f"quantize a BF16 GGUF to {kind}, 305 M weights", [
                self.pare("quantize", source, "--to", "gguf", "--type", kind, "-o", output, output=output),
                self.peer("cp", "cp", source, copied, output=output),
                self.peer("cp and sync", "sh", "-c", f"cp '{source}' '{copied}' && sync '{copied}'", output=output),
                self.python("llama.cpp", "quantize.py", source, kind, os.path.join(output, "peer.gguf"),
                            self.threads, output=output)])

    def calibrate(self):
        """What statistics and feedback take, by a thousand tokens and by a million weights."""
        model, output = self.checkpoint("medium"), self.path("out")
        text, statistics = self.text(model, WINDOWS), self.path("statistics.gguf")
        gather = ["calibrate", model, "--data", text, "--window", str(WINDOW), "-o", statistics, "--force"]
        passes = [self.pare(*gather, "--hessian"), self.pare(*gather)]
        passes[0].name, passes[1].name = "pare, second moments", "pare, squares alone"
        # What was gathered last serves below.
        self.compare(f"calibrate on {WINDOWS * WINDOW} tokens, 305 M weights", passes[::-1])
        make = ["quantize", model, "--type", "Q4_K_M", "--calibration", statistics, "-o", output]
        ways = [self.pare(*make, output=output), self.pare(*make, "--method", "search", output=output)]
        ways[0].name, ways[1].name = "pare, feedback", "pare, search"
        self.compare("quantize to Q4_K_M, 305 M weights", ways)
        print(f"  a thousand tokens: {passes[0].median('seconds') / (WINDOWS * WINDOW) * 1e3:.1f} s;"
              f" a million weights: {ways[0].median('seconds') / 305:.2f} s;"
              f" statistics: {os.path.getsize(statistics) / 1e9:.2f} GB")

    def encodings(self):
        self.publish(encoders.report(self.options.encodings, FIXTURES, self.path("encodings"), self.options.seconds))

    def fidelity(self):
        self.publish(fidelity.report(self.options.pare, self.threads, self.path("fidelity"), self.options.models))

    def embeddings(self):
        self.publish(embeddings.report(self.options.pare, self.threads, self.path("embeddings")))

    def publish(self, text):
        if self.options.markdown:
            with open(self.options.markdown, "w") as file:
                file.write(text)
        print("\n" + text)

    def text(self, model, windows):
        """A text of exactly so many windows."""
        import sentencepiece
        tokenizer = sentencepiece.SentencePieceProcessor(model_file=os.path.join(model, "tokenizer.model"))
        with open(os.path.join(FIXTURE, "evaluation", "text.txt")) as file:
            text = file.read()
        count = windows * (WINDOW - 1)
        length = next(n for n in range(count, len(text)) if len(tokenizer.encode(text[:n])) == count)
        path = self.path(f"text-{windows}.txt")
        with open(path, "w") as file:
            file.write(text[:length])
        return path

    def forward(self, size="medium", windows=WINDOWS, repeats=None):
        def of_one_model(output):
            return (output["reference"]["seconds"] + output["candidate"]["seconds"]) / 2
        model = self.checkpoint(size)
        text = self.text(model, windows)
        sides = [
            self.pare("verify", model, model, "--data", text, "--window", str(WINDOW), "--json",
                      seconds_of=of_one_model),
            self.python("transformers", "forward.py", model, text, str(WINDOW), self.threads)]
        self.compare(f"forward pass of {windows * WINDOW} tokens in f32, {size}", sides, repeats)
        ours, theirs = (side.runs[-1].output for side in sides)
        tokens, perplexity = ours["reference"]["tokens"], ours["groups"]["text"]["referencePerplexity"]
        print(f"  tokens {tokens} and {theirs['tokens']}, perplexity {perplexity:.4f} and"
              f" {theirs['perplexity']:.4f}, tokens/s {tokens / sides[0].median('seconds'):.0f} and"
              f" {theirs['tokens'] / sides[1].median('seconds'):.0f}")

    def verify(self):
        source, folder = self.unquantized(), self.path("quantized")
        name = os.path.basename(source).replace("BF16", "Q4_K_M")
        quantized = os.path.join(folder, name)
        if not os.path.exists(quantized):
            measure.run(self.pare("quantize", source, "--type", "Q4_K_M", "-o", folder))
        text = self.text(self.checkpoint("medium"), WINDOWS)
        arguments = ["verify", source, quantized, "--data", text, "--window", str(WINDOW), "--tensors", "0", "--json"]
        sides = [
            self.pare(*arguments),
            self.python("llama.cpp, two passes", "passes.py", text, str(WINDOW), self.threads, source, quantized)]
        self.compare(f"compare BF16 with Q4_K_M on {WINDOWS * WINDOW} tokens, 305 M weights", sides)
        ours, theirs = (side.runs[-1].output for side in sides)
        figures = ours["groups"]["text"]
        print(f"  perplexities {figures['referencePerplexity']:.3f} and {figures['perplexity']:.3f}, llama.cpp's"
              f" {theirs['perplexities'][0]:.3f} and {theirs['perplexities'][1]:.3f}")
        self.compare(f"Q4_K_M with activations in 8 bits, {WINDOWS * WINDOW} tokens", [
            self.pare(*arguments, "--rounded", seconds_of=lambda output: output["roundedSeconds"]),
            self.python("llama.cpp", "passes.py", text, str(WINDOW), self.threads, quantized)])

    def multiply(self):
        for rows, columns, inner in PRODUCTS:
            sizes = [str(rows), str(columns), str(inner), self.threads, "9"]
            ours = Side("pare", [self.options.multiply, *sizes], environment=self.environment)
            self.compare(f"f32 product {rows} x {inner} x {columns}",
                         [ours, self.python("PyTorch", "multiply.py", *sizes)])

    def large(self):
        self.forward("large", windows=1, repeats=1)


def megabytes(count):
    return f"{count / 1e6:8.0f} MB" if count else f"{'?':>11}"


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("--repeats", type=int, default=5, help="runs of each program (5)")
    parser.add_argument("parts", nargs="*", metavar="PART",
                        help=f"{', '.join(PARTS)} (the default: these), {', '.join(MORE_PARTS)}")
    parser.add_argument("--types", nargs="+", default=TYPES, help="of the part quantize")
    parser.add_argument("--seconds", type=float, default=0.5, help="for each figure of the part encodings (0.5)")
    parser.add_argument("--models", nargs="+", help="of the part fidelity (all)")
    parser.add_argument("--markdown", help="write the tables of the part embeddings, encodings or fidelity to this file, too")
    parser.add_argument("--threads", type=int, default=2, help="threads of each program (2)")
    parser.add_argument("--folder", required=True, help="for checkpoints and outputs; 6 GB, with large 8")
    parser.add_argument("--json", help="write the results to this file, too")
    parser.add_argument("--pare", required=True)
    parser.add_argument("--multiply", required=True)
    parser.add_argument("--encodings", required=True)
    parser.add_argument("--converter", required=True, help="llama.cpp's convert_hf_to_gguf.py")
    options = parser.parse_args()
    for part in options.parts:
        if part not in PARTS + MORE_PARTS:
            parser.error(f"there is no part '{part}'; there are {', '.join(PARTS + MORE_PARTS)}")
    bench = Bench(options)
    print(f"{'':30} {'median':>11} {'ratio':>9} {'peak':>11} {'own':>11} {'spread':>8}")
    for part in options.parts or PARTS:
        getattr(bench, part)()
    print("\nratio: pare's time over this program's; below 1 pare is faster. peak: the most memory, with pages"
          "\nof mapped files; own: without them. spread: the slowest run over the fastest.")
    if options.json:
        with open(options.json, "w") as file:
            json.dump(bench.results, file, indent=1)


if __name__ == "__main__":
    main()
