"""Music models in SavedModels: the start of a piece in, its continuation out; scores of rolls."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.media.piano_rolls import NUM_KEYS
from keras_rnn_recipes.serving.saved_forecaster import is_saved_model
from keras_rnn_recipes.serving.saved_sequences import in_padded_batches

# Frames that are drawn in one call, so that a long piece arrives in parts.
AT_ONCE = 64


class SavedMusicModel:
    """A music model loaded from a SavedModel.

    Args:
        path: the folder.

    Raises:
        UserError: the folder contains no SavedModel.

    Example:
        >>> saved = SavedMusicModel("runs/canons/saved_model")  # doctest: +SKIP
        >>> saved.compose(np.zeros((0, 88), "uint8"), 64).shape  # doctest: +SKIP
        (64, 88)
    """

    def __init__(self, path: str | Path) -> None:
        if not is_saved_model(path):
            raise UserError(
                f"There is no SavedModel in {path}.",
                "the folder saved_model of a finished run.",
                "check the path, or finish the run: krr run RECIPE --run-dir DIR --resume.",
            )
        # Held here, since TensorFlow deletes the variables of a module that nothing refers to.
        self._module: Any = tf.saved_model.load(str(path))

    def compose(
        self,
        start: np.ndarray,
        length: int,
        *,
        temperature: float = 0.9,
        transpose: int = 0,
        seed: int = 0,
    ) -> np.ndarray:
        """Go on from the start of a piece; see `stream`.

        Returns:
            The frames after the start, uint8 ``(length, 88)``.
        """
        parts = list(
            self.stream(start, length, temperature=temperature, transpose=transpose, seed=seed)
        )
        return np.concatenate(parts) if parts else np.zeros((0, NUM_KEYS), "uint8")

    def stream(
        self,
        start: np.ndarray,
        length: int,
        *,
        temperature: float = 0.9,
        transpose: int = 0,
        seed: int = 0,
    ) -> Iterator[np.ndarray]:
        """Go on from the start of a piece, part by part.

        Args:
            start: piano roll ``(frames, 88)``; no frames for a piece from nothing.
            length: frames to draw.
            temperature: 0 takes the more probable value of each key; above 1 it is more daring.
            transpose: semitones by which the piece lies above the keys of the training pieces.
            seed: the same one gives the same piece.

        Yields:
            Frames, uint8 ``(up to 64, 88)``.
        """
        options = {
            "transpose": tf.constant(transpose, tf.int32),
            "temperature": tf.constant(temperature, tf.float32),
            "seed": tf.constant([seed], tf.int32),
        }
        state = None
        for position in range(0, length, AT_ONCE):
            options["length"] = tf.constant(min(AT_ONCE, length - position), tf.int32)
            if state is None:
                given = tf.constant(start[None].astype("float32"))
                count = tf.constant([len(start)], tf.int32)
                found = self._module.serve(start=given, start_length=count, **options)
            else:
                place = tf.constant(position, tf.int32)
                found = self._module.go_on(state=state, position=place, **options)
            state = found["state"]
            yield found["roll"].numpy()[0].astype("uint8")

    def score(self, rolls: Sequence[np.ndarray]) -> list[dict[str, np.ndarray]]:
        """Nats, probabilities and predictions of piano rolls, as the endpoint ``score`` gives them.

        Args:
            rolls: ``(frames, 88)`` each.
        """
        return score_rolls(rolls, self._module.score)


def score_rolls(rolls: Sequence[np.ndarray], score: Any) -> list[dict[str, np.ndarray]]:
    """Score piano rolls in padded batches of bounded size.

    Args:
        rolls: ``(frames, keys)`` each.
        score: function of ``roll`` and ``length`` to a dict of tensors ``(rolls, frames, ...)``.

    Returns:
        For each roll the arrays ``(frames, ...)`` by name.
    """

    def answer(padded: np.ndarray, lengths: np.ndarray) -> list[dict[str, np.ndarray]]:
        roll = tf.constant(np.nan_to_num(padded))
        found = {name: one.numpy() for name, one in score(roll, tf.constant(lengths)).items()}
        return [
            {name: one[row, :length] for name, one in found.items()}
            for row, length in enumerate(lengths)
        ]

    values = [roll.astype("float32") for roll in rolls]
    return in_padded_batches(values, answer, batch_size=32)
