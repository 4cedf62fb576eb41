"""Sentences on the rows of a data set: duplicates, near duplicates, unknown tokens, long texts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence

import numpy as np

from keras_rnn_recipes.errors import counted
from keras_rnn_recipes.text.vocabulary import UNKNOWN

# Mentions and addresses of web pages, which copies of a text often differ by.
_VARIABLE = re.compile(r"\brt\b|@\w+|https?://\S+")
_NO_LETTER = re.compile(r"[\W_]+")


def near_key(text: str) -> str:
    """What near duplicates have in common: letters and digits, in lower case.

    Example:
        >>> near_key("RT @ann: Fine, really!") == near_key("fine really")
        True
    """
    return _NO_LETTER.sub("", _VARIABLE.sub("", text.casefold()))


def repeated_notes(texts: Sequence[Hashable], noun: str, *, together: bool = True) -> list[str]:
    """A sentence on the texts that occur more than once in a file that is to be split, if any.

    Args:
        texts: of the file.
        noun: what a text is called.
        together: whether equal texts stay in one part.

    Example:
        >>> repeated_notes(["a", "a", "b"], "text")
        ['2 of 3 texts occur more than once; equal ones stay in one part.']
    """
    many = sum(n for n in Counter(texts).values() if n > 1)
    if not many:
        return []
    kept = "; equal ones stay in one part" if together else ""
    return [f"{many:,} of {counted(len(texts), noun)} occur more than once{kept}."]


def contradiction_notes(texts: Sequence[str], labels: Sequence[str], noun: str) -> list[str]:
    """A sentence on the texts that occur with different labels, if any.

    Example:
        >>> contradiction_notes(["a", "a", "b"], ["x", "y", "x"], "text")
        ["1 text occurs with different labels, such as 'a': x, y."]
    """
    found: dict[str, dict[str, None]] = {}
    for text, label in zip(texts, labels, strict=True):
        found.setdefault(text, {})[label] = None
    several = {text: given for text, given in found.items() if len(given) > 1}
    if not several:
        return []
    text, given = next(iter(several.items()))
    return [
        f"{counted(len(several), noun, 'occurs', 'occur')} with different labels, such as "
        f"{text[:40]!r}: {', '.join(given)[:100]}."
    ]


def overlap_notes(train: Sequence[str], parts: Mapping[str, Sequence[str]], noun: str) -> list[str]:
    """Sentences on the texts of other parts that the training part has too.

    Args:
        train: texts of the training part.
        parts: texts of the other parts by name.
        noun: what a text is called.

    Returns:
        A sentence for each part with equal texts or near duplicates: texts that differ only in
        case, punctuation, spaces, mentions and addresses of web pages.

    Example:
        >>> overlap_notes(["a b", "c"], {"test": ["A b!", "c", "d"]}, "text")
        ['test: 1 of 3 texts is in the training part too, and 1 nearly.']
    """
    known, near = set(train), {near_key(text) for text in train} - {""}
    notes = []
    for name, texts in parts.items():
        equal = sum(text in known for text in texts)
        alike = sum(text not in known and near_key(text) in near for text in texts)
        verb = "is" if equal == 1 else "are"
        if equal or alike:
            notes.append(
                f"{name}: {equal:,} of {counted(len(texts), noun)} {verb} in the training part too"
                f"{f', and {alike:,} nearly' if alike else ''}."
            )
    return notes


def unknown_share(rows: Sequence[np.ndarray]) -> float:
    """Share of unknown tokens among the ids of texts; NaN without any token.

    Example:
        >>> unknown_share([np.array([1, 4]), np.array([5, 6])])
        0.25
    """
    total = sum(len(row) for row in rows)
    return sum(int((row == UNKNOWN).sum()) for row in rows) / total if total else float("nan")


def unknown_note(parts: Mapping[str, Sequence[np.ndarray]], unit: str = "words") -> str:
    """A sentence with the share of unknown tokens of each part.

    Args:
        parts: ids of the texts by name of the part.
        unit: what the tokens are called.

    Example:
        >>> unknown_note({"train": [np.array([4, 5])], "test": [np.array([1, 4])]})
        'Unknown words: train 0 %, test 50 %.'
    """
    shares = (f"{name} {_percent(unknown_share(rows))}" for name, rows in parts.items())
    return f"Unknown {unit}: {', '.join(shares)}."


def length_cap(lengths: Sequence[int] | np.ndarray) -> int | None:
    """The number of tokens to which texts are cut, if a few are out of all proportion.

    Batches are as long as their longest text, and so a single very long text can take more time
    than all others together.

    Args:
        lengths: tokens of each training text.

    Returns:
        Four times the length that 99 % of the texts keep to, at least 200; None if no text is
        twice as long as that.

    Example:
        >>> length_cap([30] * 500 + [30_000]), length_cap([30] * 500 + [300])
        (200, None)
    """
    if not len(lengths):
        return None
    cap = max(200, 4 * int(np.percentile(lengths, 99, method="lower")))
    return cap if max(lengths) > 2 * cap else None


def _percent(share: float) -> str:
    return "-" if np.isnan(share) else f"{100 * share:.3g} %"
