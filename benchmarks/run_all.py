"""Run every benchmark in its own process and write ``results.md``."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).parent
NAMES = (
    *("cli", "one_series", "recursion", "runner", "windows", "memory", "panel_cost", "decoding"),
    *("synthetic", "bucketing", "scaling", "pytorch"),
)
PACKAGES = ("keras-rnn-recipes", "tensorflow", "keras", "numpy", "pandas")


def processor() -> str:
    """The processor's own name where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def head() -> str:
    """What the figures below were measured with."""
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return (
        "# Results\n\n"
        "Written by `make bench`; do not edit. Every ratio is of one run on one machine: "
        "times are the median of the repeats, with the least and the most.\n\n"
        f"- Machine: {len(os.sched_getaffinity(0))} cores, {processor()}\n"
        f"- Python {platform.python_version()}, {versions}\n"
    )


def run(name: str) -> str:
    """The section that a benchmark prints; what it says on standard error passes through."""
    print(f"running {name} ...", file=sys.stderr, flush=True)
    command = [sys.executable, str(HERE / f"{name}.py")]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise SystemExit(f"{name} failed with exit status {done.returncode}")
    return done.stdout.strip()


def main() -> None:
    sections = [run(name) for name in NAMES if (HERE / f"{name}.py").exists()]
    text = "\n\n".join([head().strip(), *sections]) + "\n"
    (HERE / "results.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
