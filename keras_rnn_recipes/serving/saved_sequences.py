"""Classifiers of sequences in SavedModels: padded sequences and their lengths in, labels out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.serving.saved_forecaster import is_saved_model

# Numbers in one padded batch: four bytes each here, and a few hundred in the network.
MOST_NUMBERS = 2**19


class SavedSequenceClassifier:
    """A classifier of sequences loaded from a SavedModel.

    Args:
        path: the folder.
        rate: samples per second of the waveforms that it is called with; None for other sequences.
            Videos need none.

    Raises:
        UserError: the folder contains no SavedModel.

    Example:
        >>> saved = SavedSequenceClassifier("runs/gestures/saved_model")  # doctest: +SKIP
        >>> saved([np.zeros((40, 2), "float32")])["label"]  # doctest: +SKIP
        ['zigzag']
    """

    def __init__(self, path: str | Path, rate: float | None = None) -> None:
        if not is_saved_model(path):
            raise UserError(
                f"There is no SavedModel in {path}.",
                "the folder saved_model of a finished run.",
                "check the path, or finish the run: krr run RECIPE --run-dir DIR --resume.",
            )
        # Held here, since TensorFlow deletes the variables of a module that nothing refers to.
        self._module: Any = tf.saved_model.load(str(path))
        self._rate = rate

    def __call__(self, values: Sequence[np.ndarray]) -> dict[str, Any]:
        """Labels and probabilities ``(sequences, classes)`` of sequences ``(time, channels)``.

        Videos are uint8 ``(time, height, width, channels)``.
        """

        def answer(padded: np.ndarray, lengths: np.ndarray) -> list[Any]:
            found = self._module.serve(**self._inputs(padded, lengths))
            labels = [label.decode("utf-8") for label in found["label"].numpy()]
            return list(zip(labels, found["probabilities"].numpy(), strict=True))

        answers = in_padded_batches(values, answer)
        labels, probabilities = zip(*answers, strict=True) if answers else ((), ())
        return {"label": list(labels), "probabilities": np.array(probabilities)}

    def _inputs(self, padded: np.ndarray, lengths: np.ndarray) -> dict[str, tf.Tensor]:
        length = tf.constant(lengths)
        if padded.ndim == 5:
            frames = np.nan_to_num(padded).astype("uint8")
            return {"frames": tf.constant(frames), "length": length}
        if self._rate is None:
            return {"values": tf.constant(padded), "length": length}
        rate = tf.constant(int(self._rate), tf.int32)
        return {"waveform": tf.constant(padded[:, :, 0]), "length": length, "rate": rate}


def in_padded_batches(
    values: Sequence[np.ndarray],
    answer: Callable[[np.ndarray, np.ndarray], Sequence[Any]],
    *,
    batch_size: int = 64,
    most_numbers: int = MOST_NUMBERS,
) -> list[Any]:
    """Answer sequences in batches of similar length and bounded size.

    Args:
        values: sequences ``(time, channels)`` in any order.
        answer: function from a padded batch ``(batch, time, channels)`` and lengths ``(batch,)`` to
            one answer per sequence.
        batch_size: most sequences in a batch.
        most_numbers: most numbers in a batch of several sequences.

    Returns:
        The answers in the order of the sequences.

    Example:
        >>> in_padded_batches([np.ones((2, 1)), np.ones((1, 1))], lambda v, n: n.tolist())
        [2, 1]
    """
    answers: list[Any] = [None] * len(values)
    order = np.argsort([len(one) for one in values], kind="stable").tolist()
    while order:
        # From the longest on, so that a batch that is too large fails at once.
        longest = max(values[order[-1]].size, 1)
        count = max(min(batch_size, most_numbers // longest), 1)
        order, numbers = order[:-count], order[-count:]
        given = padded_batch([values[number] for number in numbers])
        for number, one in zip(numbers, answer(*given), strict=True):
            answers[number] = one
    return answers


def padded_batch(values: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Sequences as one array padded with NaN, and their lengths.

    Args:
        values: sequences ``(time, channels)``, at least one; or videos with frames of one size.

    Returns:
        float32 ``(batch, longest, channels)`` and int32 ``(batch,)``.

    Example:
        >>> padded, lengths = padded_batch([np.ones((2, 1)), np.ones((1, 1))])
        >>> padded[:, :, 0].tolist(), lengths.tolist()
        ([[1.0, 1.0], [1.0, nan]], [2, 1])
    """
    lengths = np.array([len(one) for one in values], "int32")
    padded = np.full((len(values), lengths.max(), *values[0].shape[1:]), np.nan, "float32")
    for row, one in zip(padded, values, strict=True):
        row[: len(one)] = one
    return padded, lengths
