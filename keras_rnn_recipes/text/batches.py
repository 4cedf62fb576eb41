"""Batches of sequences of similar length, in an order that depends only on seed and epoch.

Each column of sequences is stored as one flat array, from which batches are gathered by index.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_rnn_recipes.data.prefetching import prefetched

if TYPE_CHECKING:
    import tensorflow as tf

Column = Sequence[Any] | np.ndarray


def bucketed_batches(
    inputs: Column | Mapping[str, Column],
    targets: Column | None = None,
    *,
    weights: Column | None = None,
    batch_size: int = 32,
    shuffle: bool = True,
    seed: int = 0,
    window: int = 100,
    padding: float = 0,
    target_padding: int = -1,
    repeat: bool = False,
    first_epoch: int = 0,
) -> tf.data.Dataset:
    """Batches for ``keras.Model.fit``, each padded to its own longest sequence.

    Sorting all examples by length would give the same batches every epoch. Therefore an epoch is
    shuffled and cut into chunks of ``window`` batches; each chunk is sorted by length (of the first
    input, then of the next) and cut into batches, and the batches are shuffled again.

    Args:
        inputs: a sequence of ids for each example, or a dict of several such columns, named like
            the inputs of the network. A step of a sequence may also be a vector: (time, width), or
            a frame: (time, height, width, channels).
        targets: for each example a number (label) or a sequence (tags, ids).
        weights: for each example a number or a sequence, as ``keras.Model.fit`` takes them.
        batch_size: examples in a batch.
        shuffle: a new order every epoch; otherwise sorted by length, see `batch_order`.
        seed: of the order.
        window: batches in a chunk. A larger window gives less padding and a less random order.
        padding: the value that pads input sequences, such as NaN for vectors of numbers.
        target_padding: the value that pads target sequences; weights are padded with 0.
        repeat: endless, epoch after epoch. Otherwise one epoch, the same one at every iteration.
        first_epoch: number of the first epoch; ``first_epoch=3`` skips three epochs.

    Returns:
        A dataset of ``inputs``, ``(inputs, targets)`` or ``(inputs, targets, weights)``; integers
        are int32, other numbers float32; sequences are ``(batch, time)``, right-padded.

    Raises:
        ValueError: no example, columns of different lengths, or a batch_size or window below 1.

    Source: Sutskever et al. 2014, section 3.4 (batches of similar length).

    Example:
        >>> batches = bucketed_batches([[4], [5, 6, 7], [8, 9]], [0, 1, 0], batch_size=2,
        ...                            shuffle=False)
        >>> [(ids.numpy().tolist(), labels.numpy().tolist()) for ids, labels in batches]
        [([[4, 0], [8, 9]], [0, 0]), ([[5, 6, 7]], [1])]
    """
    import tensorflow as tf

    named = dict(inputs) if isinstance(inputs, Mapping) else {"": inputs}
    lengths = _check(named, targets, weights)
    order = partial(
        batch_order, lengths, batch_size=batch_size, shuffle=shuffle, seed=seed, window=window
    )
    with tf.device("CPU:0"):
        columns = {name: _flat(column, padding) for name, column in named.items()}
        extra = [_flat(targets, target_padding)] if targets is not None else []
        extra += [_flat(weights, 0)] if weights is not None else []

        def numbers(epoch: tf.Tensor) -> tf.data.Dataset:
            table = tf.numpy_function(
                lambda epoch: _as_table(order(epoch=int(epoch))), [epoch], tf.int32
            )
            table.set_shape([None, min(batch_size, len(lengths))])
            return tf.data.Dataset.from_tensor_slices(table)

        def batch(rows: tf.Tensor) -> Any:
            rows = tf.boolean_mask(rows, rows >= 0)
            taken = {name: _gather(column, rows) for name, column in columns.items()}
            parts = (taken.get("", taken), *(_gather(c, rows) for c in extra))
            return parts if len(parts) > 1 else parts[0]

        epochs = tf.data.Dataset.counter(first_epoch)
        epochs = epochs if repeat else epochs.take(1)
        batches = epochs.flat_map(numbers).map(batch, num_parallel_calls=tf.data.AUTOTUNE)
        count = tf.data.INFINITE_CARDINALITY if repeat else count_batches(len(lengths), batch_size)
        return prefetched(batches.apply(tf.data.experimental.assert_cardinality(count)))


def batch_order(
    lengths: Sequence[int] | np.ndarray,
    *,
    batch_size: int,
    shuffle: bool = True,
    seed: int = 0,
    epoch: int = 0,
    window: int = 100,
) -> list[np.ndarray]:
    """The examples of each batch of an epoch.

    Args:
        lengths: of the sequences, ``(examples,)`` or, for several columns, ``(examples, columns)``.
        batch_size, shuffle, seed, window: as in `bucketed_batches`.
        epoch: number of the epoch.

    Returns:
        An array of example numbers for each batch; each example occurs once. Without ``shuffle``
        the shortest come first; ``predictions[np.argsort(np.concatenate(order))]`` restores the
        original order.

    Raises:
        ValueError: a batch_size or window below 1.

    Example:
        >>> order = batch_order([3, 1, 2], batch_size=2, shuffle=False)
        >>> [batch.tolist() for batch in order]
        [[1, 2], [0]]
    """
    if batch_size < 1 or window < 1:
        raise ValueError(
            f"batch_size and window must be at least 1; received {batch_size} and {window}."
        )
    table = np.asarray(lengths).reshape(len(lengths), -1)
    # Sorted by the first column, ties by the next: lexsort takes the most important key last.
    keys = table.T[::-1]
    if not shuffle:
        return _chunks(np.lexsort(keys), batch_size)
    random = np.random.default_rng((seed, epoch))
    chunks = _chunks(random.permutation(len(table)), batch_size * window)
    sorted_chunks = (chunk[np.lexsort(keys[:, chunk])] for chunk in chunks)
    batches = [batch for chunk in sorted_chunks for batch in _chunks(chunk, batch_size)]
    return [batches[number] for number in random.permutation(len(batches))]


def count_batches(examples: int, batch_size: int) -> int:
    """Number of batches in an epoch; the last one may be smaller.

    Args:
        examples: their number.
        batch_size: examples in a batch.

    Example:
        >>> count_batches(5, 2)
        3
    """
    return -(-examples // batch_size)


def _chunks(rows: np.ndarray, size: int) -> list[np.ndarray]:
    return [rows[first : first + size] for first in range(0, len(rows), size)]


def _as_table(batches: list[np.ndarray]) -> np.ndarray:
    """Batches as rows of one int32 array; shorter batches are padded with -1."""
    table = np.full((len(batches), max(map(len, batches))), -1, "int32")
    for row, batch in zip(table, batches, strict=True):
        row[: len(batch)] = batch
    return table


def _check(inputs: dict[str, Column], targets: Column | None, weights: Column | None) -> np.ndarray:
    """Lengths ``(examples, inputs)``, after a check that all columns are equally long."""
    columns = {**inputs, "targets": targets, "weights": weights}
    counts = {name or "inputs": len(c) for name, c in columns.items() if c is not None}
    if len(set(counts.values())) != 1 or 0 in counts.values():
        raise ValueError(
            f"all columns must have the same number of examples, at least one; received {counts}."
        )
    return np.array([[len(row) for row in column] for column in inputs.values()]).T


def _flat(column: Column, padding: float) -> dict[str, Any]:
    """A column as one flat array, with the start and the length of each example."""
    import tensorflow as tf

    rows = [np.asarray(row) for row in column]
    if rows[0].ndim == 0:
        return {"values": tf.constant(_narrow(np.array(rows)))}
    lengths = np.array([len(row) for row in rows], "int64")
    rows = [row for row in rows if len(row)] or [np.zeros(1, "int32")]
    values = np.concatenate(rows)
    # Frames of videos stay bytes until they are gathered.
    frames = values.dtype == np.uint8 and np.isnan(padding)
    values = values if frames else _narrow(values)
    return {
        "values": tf.constant(values),
        "starts": tf.constant(np.cumsum(lengths) - lengths),
        "lengths": tf.constant(lengths),
        "padding": tf.constant(padding, "float32" if frames else values.dtype),
    }


def _narrow(values: np.ndarray) -> np.ndarray:
    return values.astype("int32" if values.dtype.kind in "iub" else "float32")


def _gather(column: dict[str, Any], rows: tf.Tensor) -> tf.Tensor:
    """The examples ``rows`` of a column, padded to the longest of them."""
    import tensorflow as tf

    if "starts" not in column:
        return tf.gather(column["values"], rows)
    lengths = tf.gather(column["lengths"], rows)[:, None]
    steps = tf.range(tf.reduce_max(lengths))[None]
    inside = steps < lengths
    places = tf.where(inside, tf.gather(column["starts"], rows)[:, None] + steps, 0)
    values = tf.cast(tf.gather(column["values"], places), column["padding"].dtype)
    inside = tf.reshape(inside, tf.concat([tf.shape(inside), [1] * (len(values.shape) - 2)], 0))
    return tf.where(inside, values, column["padding"])
