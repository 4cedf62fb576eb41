"""The served music model: the start of a piece in, a piano roll out; and the score of a roll."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_rnn_recipes.builders.music_model import (
    history_depth,
    keys_layer,
    music_reader,
    music_step,
)
from keras_rnn_recipes.decoding.sampling import uniform
from keras_rnn_recipes.layers.frame_history import BEFORE_START
from keras_rnn_recipes.training.frame_loss import frame_nats

# Frames that are scored at once: it bounds the memory of long pieces.
PART = 256


class Pipeline(tf.Module):
    """A music model that composes and scores.

    What it knows of a piece so far is one tensor for each piece, its state: the recent frames and
    the states of the recurrent layers.

    Args:
        model: from `music_model`.
    """

    def __init__(self, model: keras.Model) -> None:
        super().__init__()
        self.model = model
        self.reader, self.step = music_reader(model), music_step(model)
        self.keys = keys_layer(model)
        self.num_keys, self.depth = model.input.shape[-1], history_depth(model)
        self.widths = [state.shape[-1] for state in self.step.inputs[1:]]

    def begin(self, start: tf.Tensor, length: tf.Tensor) -> tf.Tensor:
        """The states after the starts of pieces, float32 ``(pieces, width)``.

        Args:
            start: ``(pieces, frames, keys)``; no frames for a piece from nothing.
            length: frames of each start, int32 ``(pieces,)``; what stands after them is ignored.
        """
        rows = tf.shape(start)[0]
        # A recurrent layer needs at least one frame; the length leaves this one out.
        start = tf.pad(tf.cast(start, tf.float32), [[0, 0], [0, 1], [0, 0]])
        first = self._unpack(self._nothing(rows))
        _, state = self._read(start, tf.minimum(length, tf.shape(start)[1] - 1), first)
        return self._pack(state)

    def compose(
        self,
        state: tf.Tensor,
        length: tf.Tensor,
        temperature: tf.Tensor,
        seed: tf.Tensor,
        position: tf.Tensor | int = 0,
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Go on from states.

        Args:
            state: from `begin` or from here.
            length: frames to draw, int32 scalar.
            temperature: divisor of the logits, float32 scalar; 0 takes the more probable value of
                each key.
            seed: int32 ``(pieces,)``. A piece depends on its own seed alone.
            position: frames drawn before, so that a piece in parts is the same as at once.

        Returns:
            The frames, float32 ``(pieces, length, keys)``, and the states after them.
        """
        length = tf.maximum(length, 0)
        places = tf.range(self.num_keys)[None]
        recent, states = self._unpack(state)

        def more(number: tf.Tensor, *_: Any) -> tf.Tensor:
            return number < length

        def draw(number: Any, frames: Any, recent: Any, states: Any) -> Any:
            parameters, *states = self.step([recent, *states])
            numbers = uniform(seed[:, None], (position + number) * self.num_keys + places)
            frame = self.keys.draw(parameters, numbers, temperature)
            frame = tf.ensure_shape(frame, [None, self.num_keys])
            recent = tf.concat([recent[:, 1:], frame[:, None]], axis=1)
            return number + 1, frames.write(number, frame), recent, states

        shape = tf.TensorShape([None, self.num_keys])
        frames = tf.TensorArray(tf.float32, length, element_shape=shape)
        found = tf.while_loop(more, draw, (tf.constant(0), frames, recent, states))
        _, frames, recent, states = found
        drawn = tf.transpose(frames.stack(), [1, 0, 2])
        rows = tf.shape(state)[0]
        return tf.reshape(drawn, [rows, length, self.num_keys]), self._pack((recent, states))

    def score(self, roll: tf.Tensor, length: tf.Tensor) -> dict[str, tf.Tensor]:
        """Score piano rolls frame by frame, in parts, so that the memory of long ones is bounded.

        Args:
            roll: ``(pieces, frames, keys)``, 1 for a key that sounds, else 0.
            length: frames of each piece, int32 ``(pieces,)``; what stands after them is ignored.

        Returns:
            ``nats (pieces, frames)``, the negative log-likelihood of each frame given the frames
            before it, 0 after the end; ``probability (pieces, frames, keys)`` that a key sounds,
            given the frames before and, with the head ``"nade"``, the keys below it; ``predicted``
            in the same shape, the more probable value of each key, one after the other, from the
            frames before alone.
        """
        rows, frames = tf.shape(roll)[0], tf.shape(roll)[1]
        parts = tf.maximum(-(-frames // PART), 1)
        roll = tf.cast(roll, tf.float32)
        roll = tf.pad(roll, [[0, 0], [0, parts * PART - frames], [0, 0]])
        names = ("nats", "probability", "predicted")
        widths = (1, self.num_keys, self.num_keys)
        empty = [
            tf.TensorArray(tf.float32, parts, element_shape=tf.TensorShape([None, PART, width]))
            for width in widths
        ]

        def more(number: tf.Tensor, *_: Any) -> tf.Tensor:
            return number < parts

        def score_part(number: Any, state: Any, *found: Any) -> Any:
            part = roll[:, number * PART : (number + 1) * PART]
            left = tf.clip_by_value(length - number * PART, 0, PART)
            parameters, after = self._read(part, left, state)
            values = self._judge(parameters, part, left)
            return (
                number + 1,
                after,
                *(one.write(number, value) for one, value in zip(found, values, strict=True)),
            )

        first = self._unpack(self._nothing(rows))
        _, _, *found = tf.while_loop(more, score_part, (tf.constant(0), first, *empty))
        return {
            name: _joined(one.stack())[:, :frames] for name, one in zip(names, found, strict=True)
        }

    def _judge(self, parameters: Any, part: Any, left: Any) -> tuple[Any, Any, Any]:
        real = tf.sequence_mask(left, PART, tf.float32)
        logits = self.keys(parameters, part)
        flat = tf.reshape(parameters, [-1, parameters.shape[-1]])
        predicted = self.keys.draw(flat, tf.zeros([tf.shape(flat)[0], self.num_keys]), 0.0)
        predicted = tf.reshape(predicted, tf.shape(part))
        nats = frame_nats(part, logits) * real
        return nats[..., None], tf.sigmoid(logits) * real[..., None], predicted * real[..., None]

    def _read(self, frames: Any, length: Any, state: Any) -> tuple[Any, Any]:
        """Parameters of every frame, and the recent frames and states after ``length`` frames."""
        recent, states = state
        mask = tf.sequence_mask(length, tf.shape(frames)[1])
        parameters, *states = self.reader([frames, mask, recent, *states])
        joined = tf.concat([recent, frames], axis=1)
        places = length[:, None] + tf.range(self.depth)[None]
        recent = tf.ensure_shape(
            tf.gather(joined, places, axis=1, batch_dims=1), [None, self.depth, self.num_keys]
        )
        return parameters, (recent, states)

    def _nothing(self, rows: Any) -> Any:
        """The states of pieces that have not begun."""
        width = self.depth * self.num_keys
        before = tf.fill([rows, width], BEFORE_START)
        return tf.concat([before, tf.zeros([rows, sum(self.widths)])], axis=1)

    def _pack(self, state: Any) -> Any:
        recent, states = state
        flat = tf.reshape(recent, [tf.shape(recent)[0], self.depth * self.num_keys])
        return tf.concat([flat, *states], axis=1)

    def _unpack(self, state: Any) -> Any:
        width = self.depth * self.num_keys
        flat, *states = tf.split(state, [width, *self.widths], axis=1)
        return tf.reshape(flat, [tf.shape(state)[0], self.depth, self.num_keys]), states

    def endpoints(self) -> dict[str, tuple[Any, list[tf.TensorSpec]]]:
        """The exported endpoints: a function and its input signature, by name."""

        def serve(
            start: Any, start_length: Any, transpose: Any, length: Any, temperature: Any, seed: Any
        ) -> dict[str, Any]:
            moved = shift_keys(tf.cast(start, tf.float32), -transpose)
            state = self.begin(moved, start_length)
            roll, state = self.compose(state, length, temperature, seed)
            return {"roll": shift_keys(roll, transpose), "state": state}

        def go_on(
            state: Any, position: Any, transpose: Any, length: Any, temperature: Any, seed: Any
        ) -> dict[str, Any]:
            roll, state = self.compose(state, length, temperature, seed, position)
            return {"roll": shift_keys(roll, transpose), "state": state}

        def score(roll: Any, length: Any) -> dict[str, Any]:
            return self.score(roll, length)

        def whole(name: str, *shape: int | None) -> tf.TensorSpec:
            return tf.TensorSpec(list(shape), tf.int32, name=name)

        options = [
            whole("transpose"),
            whole("length"),
            tf.TensorSpec([], tf.float32, name="temperature"),
            whole("seed", None),
        ]
        roll = [None, None, self.num_keys]
        width = self.depth * self.num_keys + sum(self.widths)
        return {
            "serve": (
                serve,
                [
                    tf.TensorSpec(roll, tf.float32, name="start"),
                    whole("start_length", None),
                    *options,
                ],
            ),
            "go_on": (
                go_on,
                [
                    tf.TensorSpec([None, width], tf.float32, name="state"),
                    whole("position"),
                    *options,
                ],
            ),
            "score": (
                score,
                [tf.TensorSpec(roll, tf.float32, name="roll"), whole("length", None)],
            ),
        }

    def cases(self, rolls: Sequence[np.ndarray]) -> list[dict[str, np.ndarray]]:
        """Inputs for the export check: one piece and several, from nothing and from a start."""
        starts = [np.zeros((0, self.num_keys), "uint8"), *(roll[:24] for roll in rolls)]
        cases = []
        for some in (starts[:1], starts[-1:], starts):
            padded, lengths = padded_rolls(some, self.num_keys)
            for temperature in (0.0, 0.8):
                cases.append(
                    {
                        "start": padded,
                        "start_length": lengths,
                        "transpose": np.array(2, "int32"),
                        "length": np.array(12, "int32"),
                        "temperature": np.array(temperature, "float32"),
                        "seed": np.arange(len(some), dtype="int32"),
                    }
                )
        return cases


def padded_rolls(rolls: Sequence[np.ndarray], num_keys: int) -> tuple[np.ndarray, np.ndarray]:
    """Piano rolls as one array padded with zeros, and their lengths.

    Args:
        rolls: ``(frames, keys)``, at least one.
        num_keys: of each frame.

    Returns:
        float32 ``(rolls, longest, keys)`` and int32 ``(rolls,)``.

    Example:
        >>> padded, lengths = padded_rolls([np.ones((2, 1)), np.ones((0, 1))], 1)
        >>> padded[:, :, 0].tolist(), lengths.tolist()
        ([[1.0, 1.0], [0.0, 0.0]], [2, 0])
    """
    lengths = np.array([len(roll) for roll in rolls], "int32")
    padded = np.zeros((len(rolls), lengths.max(), num_keys), "float32")
    for row, roll in zip(padded, rolls, strict=True):
        row[: len(roll)] = roll
    return padded, lengths


def shift_keys(roll: Any, semitones: Any) -> Any:
    """Piano rolls moved by semitones; notes beyond the keyboard are lost.

    Args:
        roll: ``(pieces, frames, keys)``.
        semitones: int32 scalar.

    Example:
        >>> roll = tf.constant([[[1.0, 0.0, 1.0]]])
        >>> [shift_keys(roll, number).numpy().ravel().tolist() for number in (1, -1, 5)]
        [[0.0, 1.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 0.0]]
    """
    keys = tf.shape(roll)[-1]
    places = tf.range(keys) - semitones
    inside = tf.logical_and(places >= 0, places < keys)
    moved = tf.gather(roll, tf.clip_by_value(places, 0, keys - 1), axis=-1)
    return moved * tf.cast(inside, moved.dtype)


def _joined(parts: Any) -> Any:
    """Parts ``(parts, pieces, frames, width)`` one after the other; a width of 1 is left out."""
    rows = tf.shape(parts)[1]
    joined = tf.transpose(parts, [1, 0, 2, 3])
    joined = tf.reshape(joined, [rows, -1, tf.shape(parts)[3]])
    return tf.squeeze(joined, -1) if parts.shape[-1] == 1 else joined
