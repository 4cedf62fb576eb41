"""Load text models from SavedModels: raw strings in, answers out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.serving.saved_forecaster import is_saved_model
from keras_rnn_recipes.text.tokenizer import as_strings


class _SavedText:
    """A text model loaded from a SavedModel.

    Args:
        path: the folder.

    Raises:
        UserError: the folder contains no SavedModel.
    """

    def __init__(self, path: str | Path) -> None:
        if not is_saved_model(path):
            raise UserError(
                f"There is no SavedModel in {path}.",
                "the folder saved_model of a finished run of a text recipe.",
                "check the path, or finish the run: krr run RECIPE --run-dir DIR --resume.",
            )
        # Held here, since TensorFlow deletes the variables of a module that nothing refers to.
        self._module: Any = tf.saved_model.load(str(path))


class SavedClassifier(_SavedText):
    """A classifier loaded from a SavedModel: raw strings in, its outputs by name.

    They are ``label`` and ``probabilities``; ``labels`` and ``probabilities`` of a multi-label
    classifier; ``prediction`` of a regression.

    Example:
        >>> SavedClassifier("runs/imdb/saved_model")(["A fine film."])  # doctest: +SKIP
        {'label': ['positive'], 'probabilities': array([[0.04, 0.96]], dtype=float32)}
    """

    def __call__(self, texts: Sequence[str | bytes]) -> dict[str, Any]:
        """The outputs of texts: strings as a list, numbers as an array (batch, ...)."""

        def answer(part: tf.Tensor) -> list[Any]:
            found = {name: one.numpy() for name, one in self._module.serve(text=part).items()}
            return [
                {name: values[row] for name, values in found.items()} for row in range(len(part))
            ]

        # The answers to one text tell names and shapes where no text is given.
        answers = in_batches(texts, answer) or answer(tf.constant([""]))
        rows = answers[: len(texts)]
        return {
            name: [row[name].decode("utf-8") for row in rows]
            if isinstance(one, bytes)
            else np.array([row[name] for row in rows], one.dtype).reshape(-1, *np.shape(one))
            for name, one in answers[0].items()
        }


class SavedTagger(_SavedText):
    """A tagger loaded from a SavedModel: raw strings in, tokens and tags out."""

    def __call__(self, texts: Sequence[str]) -> list[list[tuple[str, str]]]:
        """The pairs of token and tag of each text."""

        def answer(part: tf.Tensor) -> list[Any]:
            found = self._module.serve(text=part)
            both = zip(found["tokens"].numpy(), found["tags"].numpy(), strict=True)
            return [
                [(t.decode("utf-8"), g.decode("utf-8")) for t, g in zip(*row, strict=True) if t]
                for row in both
            ]

        return in_batches(texts, answer)


class SavedLanguageModel(_SavedText):
    """A language model loaded from a SavedModel."""

    def complete(
        self, prompts: Sequence[str], length: int, *, temperature: float = 0.8, seed: int = 0
    ) -> list[str]:
        """The prompts with their continuations of ``length`` tokens."""
        if not len(prompts):
            return []
        numbers = {
            "length": tf.constant(length, tf.int32),
            "temperature": tf.constant(temperature, tf.float32),
            "seed": tf.constant(seed, tf.int32),
        }
        found = self._module.serve(prompt=as_strings(prompts), **numbers)["text"].numpy()
        return [text.decode("utf-8", "replace") for text in found]


class SavedEncoderDecoder(_SavedText):
    """An encoder and decoder loaded from a SavedModel: texts in, texts and scores out."""

    def __call__(self, texts: Sequence[str]) -> tuple[list[str], np.ndarray]:
        """The output of each text, and its score."""

        def answer(part: tf.Tensor) -> list[Any]:
            found = self._module.serve(text=part)
            given = [text.decode("utf-8", "replace") for text in found["text"].numpy()]
            return list(zip(given, found["score"].numpy(), strict=True))

        # Models exported before blank texts had an empty answer invent one.
        filled = [number for number, text in enumerate(texts) if text.strip()]
        found = in_batches([texts[number] for number in filled], answer)
        answers, scores = [""] * len(texts), np.zeros(len(texts), "float32")
        for number, (text, score) in zip(filled, found, strict=True):
            answers[number], scores[number] = text, score
        return answers, scores


def never_empty(texts: tf.Tensor) -> tf.Tensor:
    """Texts ``(batch,)`` with one empty text in place of none, for networks that need some row.

    Example:
        >>> never_empty(tf.constant([], tf.string)).numpy().tolist()
        [b'']
    """
    missing = tf.cast(tf.equal(tf.size(texts), 0), tf.int32)
    return tf.concat([texts, tf.fill([missing], "")], axis=0)


def in_batches(
    texts: Sequence[str | bytes],
    answer: Callable[[tf.Tensor], Sequence[Any]],
    *,
    batch_size: int = 64,
) -> list[Any]:
    """Answer texts in batches of similar length, which need little padding.

    Args:
        texts: in any order.
        answer: function from a string tensor ``(batch,)`` to one answer per text.
        batch_size: texts in a batch.

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
    """Inputs to compare answers on: the first text, the last text, and all texts."""
    rows = [text.encode("utf-8", "surrogatepass") for text in texts]
    return [{"text": np.array(part)} for part in (rows[:1], rows[-1:], rows)]
