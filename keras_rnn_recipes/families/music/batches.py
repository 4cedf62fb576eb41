"""Batches of piano rolls for training: cut, transposed at random, padded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from keras_rnn_recipes.data.prefetching import mapped, prefetched
from keras_rnn_recipes.text.batches import bucketed_batches, count_batches
from keras_rnn_recipes.training.frame_loss import PADDING

if TYPE_CHECKING:
    import tensorflow as tf


def cut_rolls(rolls: Sequence[np.ndarray], window: int) -> list[np.ndarray]:
    """Cut long piano rolls into parts of almost equal length.

    Args:
        rolls: ``(frames, keys)`` each.
        window: most frames of a part.

    Example:
        >>> [len(part) for part in cut_rolls([np.zeros((10, 2)), np.zeros((3, 2))], 4)]
        [4, 3, 3, 3]
    """
    parts = [np.array_split(roll, -(-len(roll) // window)) for roll in rolls if len(roll)]
    return [part for some in parts for part in some]


def roll_batches(
    rolls: Sequence[np.ndarray],
    *,
    batch_size: int = 16,
    transpose: int = 0,
    shuffle: bool = True,
    seed: int = 0,
    repeat: bool = False,
    first_epoch: int = 0,
) -> tf.data.Dataset:
    """Batches of piano rolls, which are both what the network reads and what it predicts.

    Args:
        rolls: ``(frames, keys)`` each, 0 or 1.
        batch_size, shuffle, seed, repeat, first_epoch: as in `bucketed_batches`.
        transpose: semitones by which an example is moved at most, up or down, drawn anew for each
            example of each epoch. It is moved less where a note would leave the keyboard.

    Returns:
        A dataset of pairs ``(batch, frames, keys)``: float32 padded with zeros, and int32 padded
        with -1. The batches of an epoch depend on its number and the seed only.

    Raises:
        ValueError: no rolls, or a batch_size below 1.

    Example:
        >>> (frames, targets), = roll_batches([np.ones((2, 3)), np.ones((1, 3))], shuffle=False)
        >>> frames.numpy()[:, :, 0].tolist(), targets.numpy()[:, :, 0].tolist()
        ([[1.0, 0.0], [1.0, 1.0]], [[1, -1], [1, 1]])
    """
    import tensorflow as tf

    batches = bucketed_batches(
        [roll.astype("float32") for roll in rolls],
        [roll.astype("int32") for roll in rolls],
        batch_size=batch_size,
        target_padding=PADDING,
        shuffle=shuffle,
        seed=seed,
        repeat=repeat,
        first_epoch=first_epoch,
    )
    if not transpose:
        return batches
    with tf.device("CPU:0"):
        number = tf.data.Dataset.counter(first_epoch * count_batches(len(rolls), batch_size))

        def move(number: tf.Tensor, batch: tuple[tf.Tensor, tf.Tensor]) -> tuple[tf.Tensor, ...]:
            steps = tf.random.stateless_uniform(
                [tf.shape(batch[0])[0]], [seed, number], -transpose, transpose + 1, tf.int32
            )
            return transposed(*batch, steps)

        count = batches.cardinality()
        moved = mapped(tf.data.Dataset.zip((number, batches)), move)
        return prefetched(moved.apply(tf.data.experimental.assert_cardinality(count)))


def transposed(
    frames: tf.Tensor, targets: tf.Tensor, steps: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Move the notes of each example by semitones, less where one would leave the keyboard.

    Args:
        frames: ``(batch, frames, keys)``.
        targets: in the same shape, with padding.
        steps: semitones, int32 ``(batch,)``.

    Example:
        >>> import tensorflow as tf
        >>> roll = tf.constant([[[0, 1, 1, 0]]])
        >>> transposed(roll, roll, tf.constant([5]))[0].numpy().ravel().tolist()
        [0, 0, 1, 1]
    """
    import tensorflow as tf

    count = tf.shape(frames)[2]
    keys = tf.range(count)
    sounding = tf.reduce_any(frames > 0, axis=1)
    lowest = tf.reduce_min(tf.where(sounding, keys, count - 1), axis=1)
    highest = tf.reduce_max(tf.where(sounding, keys, 0), axis=1)
    # Of an example without notes, `lowest` is above `highest`.
    steps = tf.clip_by_value(steps, -tf.minimum(lowest, highest), count - 1 - highest)
    # The keys that come around the end are silent: no note left the keyboard.
    places = (keys[None] - steps[:, None]) % count
    return (
        tf.gather(frames, places, axis=2, batch_dims=1),
        tf.gather(targets, places, axis=2, batch_dims=1),
    )
