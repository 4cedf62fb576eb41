"""Sequences from ``.ts`` files, the format of the time series classification archive."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from keras_rnn_recipes.data.files import check_file
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.media.sequences import LabelledSequences

_MISSING = ("?", "", "nan", "NaN")


def read_ts(path: str | Path) -> LabelledSequences:
    """Read a ``.ts`` file: channels of a case joined by colons, its label at the end.

    Args:
        path: a text file with a header of lines such as ``@classLabel true up down``, and after
            ``@data`` a case in each line. Missing values are ``?``.

    Returns:
        The sequences, named by their place in the file; without labels if the file has none.

    Raises:
        UserError: no such file, no cases, time stamps, or a line that cannot be read; the message
            names it.

    Source: Bagnall et al. 2018, The UEA multivariate time series classification archive.

    Example:
        >>> read_ts("BasicMotions_TRAIN.ts").channels  # doctest: +SKIP
        ('channel 1', 'channel 2', 'channel 3', 'channel 4', 'channel 5', 'channel 6')
    """
    path = Path(path)
    check_file(path, "a text file of the format .ts")
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    header = {}
    start = len(lines)
    for place, line in enumerate(lines):
        name, _, rest = line.strip().partition(" ")
        if name.lower() == "@data":
            start = place + 1
            break
        header[name.lower()] = rest.strip()
    if header.get("@timestamps", "false").lower() == "true":
        raise _wrong(path, "it has time stamps", "values without time stamps")
    labelled = header.get("@classlabel", "false").lower().startswith("true")
    cases = [
        _case(path, number, line.strip(), labelled)
        for number, line in enumerate(lines[start:], start + 1)
        if line.strip() and not line.startswith("#")
    ]
    if not cases:
        raise _wrong(path, "it has no cases after @data", "lines of values after a line @data")
    values, labels = zip(*cases, strict=True)
    width = values[0].shape[1]
    names = tuple(f"case {number}" for number in range(1, len(values) + 1))
    channels = tuple(f"channel {number}" for number in range(1, width + 1))
    if any(one.shape[1] != width for one in values):
        odd = next(name for name, one in zip(names, values, strict=True) if one.shape[1] != width)
        raise _wrong(path, f"{odd} has another number of channels than the first", f"{width}")
    return LabelledSequences(values, labels if labelled else (), names, channels)


def _case(path: Path, number: int, line: str, labelled: bool) -> tuple[np.ndarray, str]:
    """Values ``(time, channels)`` and the label of one line."""
    parts = line.split(":")
    label = parts.pop().strip() if labelled else ""
    try:
        rows = [
            [np.nan if cell.strip() in _MISSING else float(cell) for cell in part.split(",")]
            for part in parts
        ]
    except ValueError as error:
        raise _wrong(path, f"line {number}: {error}", "numbers between commas") from None
    if not rows or (labelled and not label):
        raise _wrong(path, f"line {number} has no values or no label", "values:...:label")
    # Channels of unequal length end with missing values.
    values = np.full((max(map(len, rows)), len(rows)), np.nan, "float32")
    for place, row in enumerate(rows):
        values[: len(row), place] = row
    return values, label


def _wrong(path: Path, what: str, expected: str) -> UserError:
    return UserError(
        f"{path.name} cannot be read as a .ts file: {what}.", f"{expected}.", "correct the file."
    )
