"""Many texts answered by a model, those of like length together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf


def in_batches(
    texts: Sequence[str | bytes],
    answer: Callable[[tf.Tensor], Sequence[Any]],
    *,
    batch_size: int = 64,
) -> list[Any]:
    """The answer to each text, those of like length asked together: little of it is padding.

    Args:
        texts: in any order.
        answer: from a string tensor ``(batch,)`` to an answer for each.
        batch_size: texts at a time.

    Returns:
        The answers in the order of the texts.

    Example:
        >>> in_batches(["ccc", "a"], lambda part: part.numpy().tolist(), batch_size=1)
        [b'ccc', b'a']
    """
    rows = [t if isinstance(t, bytes) else t.encode("utf-8", "surrogatepass") for t in texts]
    order = np.argsort([len(row) for row in rows], kind="stable")
    answers: list[Any] = [None] * len(rows)
    for first in range(0, len(rows), batch_size):
        numbers = order[first : first + batch_size]
        found = answer(tf.constant([rows[number] for number in numbers], tf.string))
        for number, one in zip(numbers, found, strict=True):
            answers[number] = one
    return answers


def text_cases(texts: Sequence[str]) -> list[dict[str, np.ndarray]]:
    """Inputs named ``text`` to compare answers on: one text at a time, and all at once."""
    rows = [text.encode("utf-8", "surrogatepass") for text in texts]
    return [{"text": np.array(part)} for part in (rows[:1], rows[-1:], rows)]
