"""Files with lines such as ``juice: guic juce jucie``: first what was meant."""

from __future__ import annotations

from pathlib import Path

from keras_rnn_recipes.text.reading import ParallelTexts, read_lines


def prepare(*paths: Path) -> dict[str, ParallelTexts]:
    """Pairs for training, without those of the last file, which is the test part."""
    *training, test = (
        [pair for line in read_lines(path) for pair in pairs(line)] for path in paths
    )
    tested = {lowered(pair) for pair in test}
    kept = {pair: None for part in training for pair in part if lowered(pair) not in tested}
    return {"train": parallel(list(kept)), "test": parallel(test)}


def pairs(line: str) -> list[tuple[str, str]]:
    """Pairs of misspelling and correction, for every misspelling of the line."""
    meant, _, misspelled = line.partition(":")
    words = [word.replace("_", " ").strip() for word in (meant, *misspelled.split())]
    return [(word, words[0]) for word in words[1:]]


def lowered(pair: tuple[str, str]) -> tuple[str, str]:
    """In lower case, to compare."""
    return pair[0].lower(), pair[1].lower()


def parallel(pairs: list[tuple[str, str]]) -> ParallelTexts:
    """Columns of the pairs."""
    sources, targets = zip(*pairs, strict=True)
    return ParallelTexts(sources, targets)
