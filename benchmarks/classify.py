"""Compare `krr classify` with linear classifiers on five small sets, and record the figures.

    python benchmarks/classify.py              all sets and seeds that are not recorded yet
    python benchmarks/classify.py cr --seeds 1

The sets are sentences on objectivity (subj), on products (cr), short phrases (mpqa), 2,000 texts
each of airline_sentiment and imdb, and, for many classes, 6,000 German captions of Multi30k in
which one of 50 frequent words is left out, which is the class (left_out). A test part is cut once,
the same for all seeds: a fifth of the texts, and 2,000 further ones of airline_sentiment and imdb.
`krr classify` gets the rest. Figures go to ``recipes/text_classification/results/classify.json``,
their table to the README there.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from keras_rnn_recipes.errors import counted
from keras_rnn_recipes.reporting.format import label
from keras_rnn_recipes.text.catalogue import hold_out, load_text
from keras_rnn_recipes.text.reading import LabelledTexts, read_labelled

HOME = Path(__file__).parents[1] / "recipes/text_classification"
RECORD = HOME / "results/classify.json"
SENTENCES, OTHERS = ("subj", "cr", "mpqa"), ("airline_sentiment", "imdb")
SETS = (*SENTENCES, *OTHERS, "left_out")
FEW = 2_000
# Frequent words of so many letters are classes of left_out; shorter ones are articles and the like.
CLASSES, LETTERS, CAPTIONS = 50, 5, 6_000
MARKS = "<!-- classify: begin -->", "<!-- classify: end -->"
ROWS = ("mixture", "network_alone", "averaged_embeddings", "ngrams_alone", "tfidf")


def parts_of(name: str) -> tuple[LabelledTexts, LabelledTexts]:
    """The texts that `krr classify` gets, and those that it is tested on."""
    if name in SENTENCES:
        folder = Path(os.environ["KRR_DATA"]) / "text/sentences"
        return hold_out(read_labelled(folder / f"{name}.csv"), 0.2, seed=0)
    if name == "left_out":
        return hold_out(without_a_word(load_text("multi30k").train.sources), 0.2, seed=0)
    parts = load_text(name, seed=0)
    drawn = [
        np.random.default_rng(0).permutation(len(part))[:FEW] for part in (parts.train, parts.test)
    ]
    return parts.train.rows(np.sort(drawn[0])), parts.test.rows(np.sort(drawn[1]))


def without_a_word(texts: Sequence[str]) -> LabelledTexts:
    """The first texts with exactly one of the frequent words, a gap in its place, and the word."""
    cut = [re.findall(r"\w+", text.lower()) for text in texts]
    counts = Counter(word for words in cut for word in {*words} if len(word) >= LETTERS)
    frequent = {word for word, _ in counts.most_common(CLASSES)}
    rows = []
    for words in cut:
        found = [word for word in words if word in frequent]
        if len(found) == 1:
            rows.append((" ".join("___" if word in frequent else word for word in words), *found))
    gaps, classes = zip(*rows[:CAPTIONS], strict=True)
    return LabelledTexts(gaps, classes)


def write(texts: LabelledTexts, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["text", "label"])
        rows.writerows(zip(texts.texts, texts.labels, strict=True))


def measure(name: str, seed: int, folder: Path) -> dict[str, Any]:
    """Run the command in a process of its own, and read the accuracies."""
    files = [folder / f"{name}-{part}.csv" for part in ("train", "test")]
    for texts, path in zip(parts_of(name), files, strict=True):
        write(texts, path)
    run_dir = folder / f"{name}-{seed}"
    command = [sys.executable, "-m", "keras_rnn_recipes", "classify", str(files[0])]
    command += [
        "--test",
        str(files[1]),
        "--seed",
        str(seed),
        "--run-dir",
        str(run_dir),
        "--overwrite",
    ]
    begun, before = time.perf_counter(), os.times()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = os.times()
    metrics = json.loads((run_dir / "metrics.json").read_text(encoding="utf-8"))
    scores = {"mixture": metrics["model"], **metrics["baselines"]}
    processor = after.children_user + after.children_system
    processor -= before.children_user + before.children_system
    return {
        "accuracy": {row: round(scores[row]["accuracy"], 5) for row in ROWS},
        "log_loss": {row: round(scores[row]["log_loss"], 5) for row in ROWS},
        "seconds": round(time.perf_counter() - begun, 1),
        "processor_seconds": round(processor, 1),
    }


def table(record: dict[str, dict[str, Any]]) -> str:
    """The medians over the seeds, a row for each classifier."""
    names = [name for name in SETS if record.get(name)]
    lines = [f"| Answered by | {' | '.join(names)} |", f"|---|{'---:|' * len(names)}"]
    found = {
        row: [median(run["accuracy"][row] for run in record[name].values()) for name in names]
        for row in ROWS
    }
    best = [max(column) for column in zip(*found.values(), strict=True)]
    for row, values in found.items():
        cells = [
            f"**{value:.3f}**" if value == top else f"{value:.3f}"
            for value, top in zip(values, best, strict=True)
        ]
        words = "**`krr classify`: all three mixed**" if row == "mixture" else label(row)
        lines.append(f"| {words} | {' | '.join(cells)} |")
    times = (median(run["processor_seconds"] for run in record[name].values()) for name in names)
    lines.append(f"| processor time, s | {' | '.join(f'{seconds:.0f}' for seconds in times)} |")
    seeds = ", ".join(f"{name} {counted(len(record[name]), 'seed')}" for name in names)
    lines += ["", f"Accuracy on the test part, medians of {seeds}."]
    return "\n".join(lines)


def write_table(record: dict[str, dict[str, Any]]) -> None:
    page = HOME / "README.md"
    text = page.read_text(encoding="utf-8")
    start, end = text.index(MARKS[0]) + len(MARKS[0]), text.index(MARKS[1])
    page.write_text(f"{text[:start]}\n\n{table(record)}\n\n{text[end:]}", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("sets", nargs="*", help="names; all by default")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--again", action="store_true", help="also what is recorded already")
    given = parser.parse_args()
    record = json.loads(RECORD.read_text(encoding="utf-8")) if RECORD.exists() else {}
    for seed in range(given.seeds):
        for name in given.sets or SETS:
            if str(seed) in record.get(name, {}) and not given.again:
                continue
            record.setdefault(name, {})[str(seed)] = measure(name, seed, Path("runs/classify"))
            RECORD.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
            write_table(record)
            print(name, seed, record[name][str(seed)], flush=True)


if __name__ == "__main__":
    main()
