"""Time of a training step against the same network in PyTorch, with the same number of threads.

Each side is a process of its own, so that neither waits for the threads of the other. They train on
the same random batch in turns. Ours is trained as `krr run` trains it, with `training_kernels`;
PyTorch runs the layers of ``torch.nn`` eagerly, as most of its programs on a CPU do.

On a machine with other work, ``--busy`` measures processor time, with one thread each.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from measuring import ratio, spread, table

THREADS, STEPS, ROUNDS = 2, 8, 5
LIMITS = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS")

# Sizes of the recipe that each case has its name from; in all sequences of a batch every step is
# real. The precision is that of the recipe.
CASES: dict[str, dict[str, Any]] = {
    "imdb_lstm": {
        "kind": "classifier",
        "rows": 64,
        "time": 240,
        "words": 20_000,
        "width": 64,
        "units": 64,
        "classes": 2,
        "dropout": 0.5,
    },
    "conll2003_lstm": {
        "kind": "tagger",
        "crf": True,
        "rows": 24,
        "time": 15,
        "words": 20_000,
        "width": 100,
        "units": 100,
        "letters": 80,
        "length": 8,
        "letter_width": 25,
        "filters": 100,
        "classes": 9,
        "dropout": 0.5,
    },
    "ptb_lstm": {
        "kind": "language_model",
        "rows": 20,
        "time": 35,
        "words": 10_000,
        "width": 256,
        "units": 256,
        "dropout": 0.25,
        "precision": "bfloat16",
    },
    "multi30k_lstm": {
        "kind": "encoder_decoder",
        "rows": 64,
        "time": 14,
        "words": 8_000,
        "target_words": 6_000,
        "width": 256,
        "units": 320,
        "encoder_units": 256,
        "dropout": 0.4,
        "smoothing": 0.1,
        "precision": "bfloat16",
    },
    "nn5_lstm_seq2seq": {"kind": "forecaster", "rows": 32, "time": 168, "horizon": 56, "units": 64},
}
CASES["conll2003_lstm without CRF"] = {**CASES["conll2003_lstm"], "crf": False}


class Side:
    """A process that trains one network, a few steps at a time."""

    def __init__(self, module: str, sizes: dict[str, Any]) -> None:
        threads = 1 if sizes["busy"] else THREADS
        command = [sys.executable, os.path.join(os.path.dirname(__file__), f"{module}.py")]
        self._process = subprocess.Popen(
            [*command, json.dumps(sizes)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **{name: str(threads) for name in LIMITS}},
            text=True,
        )

    def __call__(self) -> float:
        """Seconds of a training step."""
        assert self._process.stdin is not None and self._process.stdout is not None
        print(STEPS, file=self._process.stdin, flush=True)
        return float(self._process.stdout.readline()) / STEPS

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


def compare(name: str, *, busy: bool) -> list[str]:
    """A row of the table."""
    sizes = {"steps": STEPS, "busy": busy, **CASES[name]}
    precision = sizes.pop("precision", "float32")
    asked = [("of_this_package", sizes), ("of_pytorch", sizes)]
    if precision != "float32":
        asked.append(("of_this_package", {**sizes, "precision": precision}))
    sides = [Side(module, given) for module, given in asked]
    for side in sides:
        side()  # the first steps compile the graph
    rounds = [[1000 * side() for side in sides] for _ in range(ROUNDS)]
    for side in sides:
        side.close()
    ours, theirs, *low = zip(*rounds, strict=True)
    shown = [spread(low[0], "ms", 1), f"{ratio(low[0], theirs):.2f}"] if low else ["–", "–"]
    figures = [spread(ours, "ms", 1), spread(theirs, "ms", 1), f"{ratio(ours, theirs):.2f}"]
    return [name, *figures, *shown]


def serve(train: Callable[[int], float]) -> None:
    """Answer each number of steps on standard input with the seconds that they took.

    Args:
        train: trains for a number of steps and returns the seconds.
    """
    for line in sys.stdin:
        print(train(int(line)), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="A training step against PyTorch.")
    parser.add_argument("names", nargs="*", help=f"some of {', '.join(CASES)}; all when left out")
    parser.add_argument("--busy", action="store_true", help="processor time, one thread each")
    asked = parser.parse_args()
    how = "processor time with one thread" if asked.busy else f"time with {THREADS} threads"
    print("## A training step against PyTorch\n")
    print(
        f"The networks of these recipes on random data: {how}, the median of {ROUNDS} rounds of "
        f"{STEPS} steps with the least and the most; forward and backward pass, clipping and Adam. "
        "The first two columns are in float32; bfloat16 is the precision of the recipe.\n"
    )
    header = ("network", "this package", "PyTorch", "ratio", "in bfloat16", "ratio to PyTorch")
    print(table(header, [compare(name, busy=asked.busy) for name in asked.names or CASES]))


if __name__ == "__main__":
    main()
