# SPDX-License-Identifier: Apache-2.0
"""Runs commands in turn and keeps time and memory of each run."""

import json
import os
import statistics
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field

MEMORY_INTERVAL = 0.02


@dataclass
class Run:
    seconds: float  # what the command itself measured, where it prints so; else its whole life
    peak: int  # bytes of the largest resident set, with the pages of mapped files
    own: int  # bytes of the largest resident set without them; 0 where the system does not tell
    output: dict


@dataclass
class Side:
    """One of the programs under comparison."""

    name: str
    command: list
    prepare: object = lambda: None
    environment: dict = field(default_factory=dict)
    seconds_of: object = lambda output: output.get("seconds")
    runs: list = field(default_factory=list)

    def median(self, what):
        return statistics.median(getattr(run, what) for run in self.runs)

    @property
    def spread(self):
        """The slowest run's time over the fastest one's."""
        times = [run.seconds for run in self.runs]
        return max(times) / min(times)


def anonymous_bytes(process):
    try:
        with open(f"/proc/{process}/status") as status:
            for line in status:
                if line.startswith("RssAnon:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


def watch(process, ended, found):
    while not ended.wait(MEMORY_INTERVAL):
        found[0] = max(found[0], anonymous_bytes(process))


def run(side):
    side.prepare()
    ended, found = threading.Event(), [0]
    start = time.perf_counter()
    process = subprocess.Popen(
        side.command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=os.environ | side.environment)
    watcher = threading.Thread(target=watch, args=(process.pid, ended, found))
    watcher.start()
    errors = []
    reader = threading.Thread(target=lambda: errors.append(process.stderr.read()))
    reader.start()
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    elapsed = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    ended.set()
    watcher.join()
    reader.join()
    if process.returncode != 0:
        sys.exit(f"{side.name}: exit status {process.returncode}: {' '.join(side.command)}\n"
                 + (errors[0] + output).decode(errors="replace")[-2000:])
    try:
        values = json.loads(output)
    except ValueError:
        values = {}
    peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return Run(side.seconds_of(values) or elapsed, peak, found[0], values)


def alternate(sides, repeats, report=lambda side, run: None):
    """Runs A, B, ... A, B, ... so that what else the machine does meets all of them alike."""
    for _ in range(repeats):
        for side in sides:
            side.runs.append(run(side))
            report(side, side.runs[-1])
    return sides
