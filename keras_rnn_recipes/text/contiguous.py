"""Batches of one long text; each row continues where it ended in the previous batch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from keras_rnn_recipes.data.prefetching import prefetched
from keras_rnn_recipes.errors import UserError, counted

if TYPE_CHECKING:
    import tensorflow as tf


def contiguous_batches(
    ids: np.ndarray,
    *,
    batch_size: int,
    window: int,
    shuffle: bool = False,
    reset_rate: float = 0.0,
    seed: int = 0,
    repeat: bool = False,
    first_epoch: int = 0,
) -> tf.data.Dataset:
    """Windows of a text with the next token of each token, for a `stateful_copy`.

    The text is cut into ``batch_size`` segments of equal length, one for each row; from batch to
    batch a row advances by ``window`` tokens. The last segment and the last windows are padded with
    0.

    Args:
        ids: of the tokens of the text, ``(tokens,)``; none of them 0.
        batch_size: rows of a batch.
        window: tokens in a row.
        shuffle: rotate the text by a random offset in each epoch, which moves the window borders.
        reset_rate: share of windows before which the states of a row are reset, redrawn in each
            epoch. Before the first window they are always reset.
        seed: of rotation and resets.
        repeat: endless, epoch after epoch. Otherwise one epoch.
        first_epoch: number of the first epoch.

    Returns:
        A dataset of ``({"tokens", "keep"}, next tokens)``: tokens int32 ``(batch_size, window)``,
        ``keep`` float32 ``(batch_size, 1)``, 0 where the states of a row are reset, else 1. Every
        token except the first occurs once among the next tokens of an epoch.

    Raises:
        ValueError: a batch_size or window below 1.
        UserError: fewer than two tokens for each row.

    Source: Mikolov et al. 2010; Zaremba et al. 2014, section 4.1.

    Example:
        >>> for given, following in contiguous_batches(np.arange(1, 10), batch_size=2, window=3):
        ...     print(given["tokens"].numpy().tolist(), given["keep"].numpy().ravel().tolist())
        [[1, 2, 3], [5, 6, 7]] [0.0, 0.0]
        [[4, 0, 0], [8, 0, 0]] [1.0, 1.0]
    """
    import tensorflow as tf

    _check(ids, batch_size, window)
    ids = np.asarray(ids, "int32")

    def arrays(epoch: int) -> tuple[np.ndarray, np.ndarray]:
        random = np.random.default_rng((seed, epoch))
        start = random.integers(len(ids)) if shuffle else 0
        pairs = _windows(np.roll(ids, -start), batch_size, window)
        keep = random.random((len(pairs), batch_size, 1)) >= reset_rate
        keep[0] = False
        return pairs, keep.astype("float32")

    with tf.device("CPU:0"):

        def batches(epoch: tf.Tensor) -> tf.data.Dataset:
            pairs, keep = tf.numpy_function(
                lambda number: arrays(int(number)), [epoch], (tf.int32, tf.float32)
            )
            pairs.set_shape([None, 2, batch_size, window])
            keep.set_shape([None, batch_size, 1])
            return tf.data.Dataset.from_tensor_slices((pairs, keep))

        epochs = tf.data.Dataset.counter(first_epoch)
        epochs = epochs if repeat else epochs.take(1)
        found = epochs.flat_map(batches).map(
            lambda pair, keep: ({"tokens": pair[0], "keep": keep}, pair[1])
        )
        per_epoch = count_windows_of_text(len(ids), batch_size, window)
        count = tf.data.INFINITE_CARDINALITY if repeat else per_epoch
        return prefetched(found.apply(tf.data.experimental.assert_cardinality(count)))


def count_windows_of_text(num_tokens: int, batch_size: int, window: int) -> int:
    """Number of batches in one epoch over a text.

    Args:
        num_tokens: of the text.
        batch_size, window: as in `contiguous_batches`.

    Example:
        >>> count_windows_of_text(9, 2, 3)
        2
    """
    segment = -(-(num_tokens - 1) // batch_size)
    return -(-segment // window)


def _windows(ids: np.ndarray, rows: int, window: int) -> np.ndarray:
    """Tokens and next tokens of every batch, (batches, 2, rows, window)."""
    count = count_windows_of_text(len(ids), rows, window)
    segment = -(-(len(ids) - 1) // rows)
    pairs = []
    for part in (ids[:-1], ids[1:]):
        flat = np.zeros(rows * segment, "int32")
        flat[: len(part)] = part
        table = np.zeros((rows, count * window), "int32")
        table[:, :segment] = flat.reshape(rows, segment)
        pairs.append(table.reshape(rows, count, window).swapaxes(0, 1))
    return np.stack(pairs, axis=1)


def _check(ids: np.ndarray, batch_size: int, window: int) -> None:
    if batch_size < 1 or window < 1:
        raise ValueError(
            f"batch_size and window must be at least 1; received {batch_size} and {window}."
        )
    if len(ids) < 2 * batch_size:
        raise UserError(
            f"A text of {counted(len(ids), 'token')} is too short for batches of "
            f"{counted(batch_size, 'row')}.",
            "at least two tokens for each row, in every part.",
            "lower fit.batch_size, or give a longer text.",
        )


def pieces_of_text(ids: np.ndarray, length: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Pieces of one text, in order, each with the tokens that follow.

    Args:
        ids: of the text, ``(tokens,)``.
        length: tokens in a piece; the last one may be shorter.

    Returns:
        Pairs of int32 ``(1, length)``.

    Example:
        >>> [wanted.tolist() for _, wanted in pieces_of_text(np.array([7, 8, 9, 5]), 2)]
        [[[8, 9]], [[5]]]
    """
    row = np.asarray(ids, "int32")[None]
    for first in range(0, row.shape[1] - 1, length):
        last = min(first + length, row.shape[1] - 1)
        yield row[:, first:last], row[:, first + 1 : last + 1]
