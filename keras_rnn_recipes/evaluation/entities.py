"""Metrics of taggers: strict precision, recall and F1 of spans, and token accuracy.

Spans are ``(start, end, type)``, as ``text.tags.spans`` reads them from tags.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

Spans = Iterable[tuple[int, int, str]]


def entity_scores(true: Sequence[Spans], found: Sequence[Spans]) -> dict[str, Any]:
    """Score spans: a span is correct where start, end and type are all correct.

    Args:
        true: the true spans of each sentence, ``(start, end, type)``.
        found: the predicted spans of each sentence; repeated spans count once.

    Returns:
        ``precision``, ``recall`` and ``f1`` over all types (micro average), between 0 and 1;
        ``num_true``, ``num_found`` and ``num_correct`` spans; and ``by_type``: ``{type: the same
        scores}``, in alphabetical order. A score with a denominator of 0 is 0.

    Raises:
        ValueError: ``true`` and ``found`` have different numbers of sentences.

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
        in_truth, predicted = set(true_spans), set(found_spans)
        parts = {
            "num_true": in_truth,
            "num_found": predicted,
            "num_correct": in_truth & predicted,
        }
        for name, part in parts.items():
            counts[name].update(kind for _, _, kind in part)
    kinds = sorted(counts["num_true"] | counts["num_found"])
    by_type = {kind: _shares(*(count[kind] for count in counts.values())) for kind in kinds}
    overall = _shares(*(count.total() for count in counts.values()))
    return {**overall, "by_type": by_type}


def token_accuracy(true: Sequence[Sequence[Any]], found: Sequence[Sequence[Any]]) -> float:
    """Share of tokens with the correct tag.

    It is high even for poor taggers, since most tokens lie outside of all spans.

    Args:
        true: the true tags of each sentence.
        found: the predicted tags of each sentence.

    Returns:
        Between 0 and 1; 0 where there is no token.

    Raises:
        ValueError: different numbers of sentences, or of tags in a sentence.

    Example:
        >>> token_accuracy([["O", "B-PER"], ["O"]], [["O", "O"], ["O"]])
        0.6666666666666666
    """
    _require_equal(len(true), len(found), "sentences")
    correct = total = 0
    for number, (tags, predicted) in enumerate(zip(true, found, strict=True)):
        _require_equal(len(tags), len(predicted), f"tags in sentence {number}")
        correct += sum(one == other for one, other in zip(tags, predicted, strict=True))
        total += len(tags)
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
        raise ValueError(
            f"true and found must have equally many {what}; received {true} and {found}."
        )
