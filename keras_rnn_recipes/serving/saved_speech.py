"""Speech recognizers in SavedModels: waveforms or features in, texts and times out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.serving.saved_forecaster import is_saved_model
from keras_rnn_recipes.serving.saved_sequences import in_padded_batches


@dataclass(frozen=True)
class Transcript:
    """What was recognized in one recording.

    Attributes:
        text: the text.
        score: log probability of the text, plus the scores of the language model.
        characters: of the text, with the spaces.
        times: float32 ``(characters,)``, seconds from the start at which each begins.
    """

    text: str
    score: float
    characters: tuple[str, ...]
    times: np.ndarray

    def words(self) -> list[tuple[str, float]]:
        """The words, and the time at which each begins.

        Example:
            >>> Transcript("go on", 0.0, tuple("go on"), np.arange(5.0)).words()
            [('go', 0.0), ('on', 3.0)]
        """
        found: list[tuple[str, float]] = []
        begins = True
        for character, time in zip(self.characters, self.times, strict=True):
            if character == " ":
                begins = True
            elif begins:
                found.append((character, float(time)))
                begins = False
            else:
                found[-1] = (found[-1][0] + character, found[-1][1])
        return found


def transcripts_of(found: Mapping[str, Any]) -> list[Transcript]:
    """The transcripts in what the endpoint ``serve`` returned.

    Args:
        found: ``text``, ``score``, ``characters`` and ``times``, tensors.
    """
    columns = (found[name].numpy() for name in ("text", "score", "characters", "times"))
    rows = zip(*columns, strict=True)
    transcripts = []
    for text, score, characters, times in rows:
        count = int(np.sum(times >= 0))
        parts = tuple(one.decode("utf-8") for one in characters[:count])
        transcripts.append(Transcript(text.decode("utf-8"), float(score), parts, times[:count]))
    return transcripts


class SavedSpeechRecognizer:
    """A speech recognizer loaded from a SavedModel.

    Args:
        path: the folder.
        rate: samples per second of the waveforms that it is called with; None for features.

    Raises:
        UserError: the folder contains no SavedModel.

    Example:
        >>> saved = SavedSpeechRecognizer("runs/morse/saved_model", 4000)  # doctest: +SKIP
        >>> saved([np.zeros((4000, 1), "float32")])[0].text  # doctest: +SKIP
        ''
    """

    def __init__(self, path: str | Path, rate: int | None = None) -> None:
        if not is_saved_model(path):
            raise UserError(
                f"There is no SavedModel in {path}.",
                "the folder saved_model of a finished run.",
                "check the path, or finish the run: krr run RECIPE --run-dir DIR --resume.",
            )
        # Held here, since TensorFlow deletes the variables of a module that nothing refers to.
        self._module: Any = tf.saved_model.load(str(path))
        self._rate = rate

    def __call__(self, values: Sequence[np.ndarray]) -> list[Transcript]:
        """Transcripts of waveforms or features ``(time, channels)``."""

        def answer(padded: np.ndarray, lengths: np.ndarray) -> list[Transcript]:
            length = tf.constant(lengths)
            if self._rate is None:
                return transcripts_of(self._module.serve(values=tf.constant(padded), length=length))
            waveform, rate = tf.constant(padded[:, :, 0]), tf.constant(self._rate, tf.int32)
            return transcripts_of(self._module.serve(waveform=waveform, length=length, rate=rate))

        return in_padded_batches(values, answer)
