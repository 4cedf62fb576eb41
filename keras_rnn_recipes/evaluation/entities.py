"""How well a tagger finds spans: strict precision, recall and F1, and tokens beside it.

Spans are ``(start, end, type)``, as ``data.text.tags.spans`` reads them from tags.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

Spans = Iterable[tuple[int, int, str]]


def entity_scores(true: Sequence[Spans], found: Sequence[Spans]) -> dict[str, Any]:
    """Score spans; one is right only where start, end and type are all right.

    Args:
        true: the spans of each sentence, ``(start, end, type)``.
        found: those that a model found, sentence by sentence; one that is named twice counts once.

    Returns:
        ``precision``, ``recall`` and ``f1`` over all types together (micro average), as shares of
        1; ``num_true``, ``num_found`` and ``num_correct`` spans; and ``by_type``: ``{type: the
        same figures}``, in the alphabet's order. A share of none is 0.

    Raises:
        ValueError: another number of sentences.

    Source: the shared task of CoNLL-2003 (Tjong Kim Sang and De Meulder 2003), as its script
        ``conlleval`` counts.

    Example:
        >>> scores = entity_scores([[(0, 2, "PER")], [(1, 2, "LOC")]], [[(0, 2, "PER")], []])
        >>> scores["precision"], scores["recall"], round(scores["f1"], 3)
        (1.0, 0.5, 0.667)
        >>> scores["by_type"]["LOC"]["num_true"], list(scores["by_type"])
        (1, ['LOC', 'PER'])
    """
    _require_equal(len(true), len(found), "sentences")
    counts: dict[str, Counter[str]] = {"num_true": Counter(), "num_found": Counter()}
    counts["num_correct"] = Counter()
    for true_spans, found_spans in zip(true, found, strict=True):
        truly, marked = set(true_spans), set(found_spans)
        parts = {"num_true": truly, "num_found": marked, "num_correct": truly & marked}
        for name, part in parts.items():
            counts[name].update(kind for _, _, kind in part)
    kinds = sorted(counts["num_true"] | counts["num_found"])
    by_type = {kind: _shares(*(count[kind] for count in counts.values())) for kind in kinds}
    overall = _shares(*(count.total() for count in counts.values()))
    return {**overall, "by_type": by_type}


def token_accuracy(true: Sequence[Sequence[Any]], found: Sequence[Sequence[Any]]) -> float:
    """Share of tokens with the right tag; it flatters, since most tokens are outside of any span.

    Args:
        true: the tags of each sentence.
        found: those that a model found.

    Returns:
        Between 0 and 1; 0 where there is no token.

    Raises:
        ValueError: another number of sentences, or of tokens in one of them.

    Example:
        >>> token_accuracy([["O", "B-PER"], ["O"]], [["O", "O"], ["O"]])
        0.6666666666666666
    """
    _require_equal(len(true), len(found), "sentences")
    correct = total = 0
    for number, (truly, marked) in enumerate(zip(true, found, strict=True)):
        _require_equal(len(truly), len(marked), f"tags in sentence {number}")
        correct += sum(one == other for one, other in zip(truly, marked, strict=True))
        total += len(truly)
    return _share(correct, total)


def _shares(num_true: int, num_found: int, num_correct: int) -> dict[str, float]:
    return {
        "precision": _share(num_correct, num_found),
        "recall": _share(num_correct, num_true),
        "f1": _share(2 * num_correct, num_true + num_found),
        "num_true": num_true,
        "num_found": num_found,
        "num_correct": num_correct,
    }


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _require_equal(true: int, found: int, what: str) -> None:
    if true != found:
        raise ValueError(f"true and found must have as many {what}; received {true} and {found}.")
