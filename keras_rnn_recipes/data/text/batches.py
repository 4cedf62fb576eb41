"""Batches of sequences of like length, in an order that seed and epoch alone decide.

Sequences are kept in one flat array a column; a batch is gathered from it by index, as windows are.
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
    target_padding: int = -1,
    repeat: bool = False,
    first_epoch: int = 0,
) -> tf.data.Dataset:
    """Batches for ``keras.Model.fit``, each padded to its own longest sequence.

    Sorting the whole set by length would show the same neighbours every epoch. So an epoch is
    shuffled, cut into stretches of ``window`` batches, each stretch sorted by length (of the first
    input, then the next) and cut into batches, and these are shuffled again.

    Args:
        inputs: sequences of ids, one each example; or a dict of several such columns, whose names
            are those of the network's inputs. The steps of a sequence may hold several numbers
            (time, width).
        targets: a number each example (labels), or a sequence each (tags, ids).
        weights: a number each example, or a sequence each, as `fit` takes them.
        batch_size: examples in a batch.
        shuffle: a new order every epoch. Otherwise always sorted by length, see `batch_order`.
        seed: of the order.
        window: batches in a stretch. More of them leave less padding and a less random order.
        target_padding: what sequences of targets are padded with; inputs and weights are with 0.
        repeat: endless, epoch after epoch. Otherwise one epoch, the same one at every iteration.
        first_epoch: number of the first epoch: ``first_epoch=3`` equals skipping three.

    Returns:
        A dataset of ``inputs``, ``(inputs, targets)`` or ``(inputs, targets, weights)``; whole
        numbers are int32, others float32; a sequence is ``(batch, time)``, padded on the right.

    Raises:
        ValueError: no example, columns of different length, or a batch_size or window below 1.

    Source: Sutskever et al. 2014, section 3.4 (batches of like length).

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
        columns = {name: _flat(column, 0) for name, column in named.items()}
        beside = [_flat(targets, target_padding)] if targets is not None else []
        beside += [_flat(weights, 0)] if weights is not None else []

        def numbers(epoch: tf.Tensor) -> tf.data.Dataset:
            table = tf.numpy_function(
                lambda epoch: _as_table(order(epoch=int(epoch))), [epoch], tf.int32
            )
            table.set_shape([None, min(batch_size, len(lengths))])
            return tf.data.Dataset.from_tensor_slices(table)

        def batch(rows: tf.Tensor) -> Any:
            rows = tf.boolean_mask(rows, rows >= 0)
            taken = {name: _gather(column, rows) for name, column in columns.items()}
            parts = (taken.get("", taken), *(_gather(c, rows) for c in beside))
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
    """Which examples stand in which batch of an epoch.

    Args:
        lengths: of each example's sequence, ``(examples,)``; of several ``(examples, columns)``.
        batch_size, shuffle, seed, window: as in `bucketed_batches`.
        epoch: its number.

    Returns:
        The numbers of the examples, an array a batch; each example once. Without ``shuffle`` the
        shortest come first, and what was predicted in these batches is brought back into the given
        order by ``answers[np.argsort(np.concatenate(order))]``.

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
    stretches = _chunks(random.permutation(len(table)), batch_size * window)
    sorted_ones = (stretch[np.lexsort(keys[:, stretch])] for stretch in stretches)
    batches = [batch for stretch in sorted_ones for batch in _chunks(stretch, batch_size)]
    return [batches[number] for number in random.permutation(len(batches))]


def count_batches(examples: int, batch_size: int) -> int:
    """Batches in an epoch, the last of which may be smaller.

    Example:
        >>> count_batches(5, 2)
        3
    """
    return -(-examples // batch_size)


def _chunks(rows: np.ndarray, size: int) -> list[np.ndarray]:
    return [rows[first : first + size] for first in range(0, len(rows), size)]


def _as_table(batches: list[np.ndarray]) -> np.ndarray:
    """Batches as rows of one array, int32, the smaller one filled up with -1."""
    table = np.full((len(batches), max(map(len, batches))), -1, "int32")
    for row, batch in zip(table, batches, strict=True):
        row[: len(batch)] = batch
    return table


def _check(inputs: dict[str, Column], targets: Column | None, weights: Column | None) -> np.ndarray:
    """Lengths ``(examples, inputs)``; every column must have as many examples."""
    columns = {**inputs, "targets": targets, "weights": weights}
    counts = {name or "inputs": len(c) for name, c in columns.items() if c is not None}
    if len(set(counts.values())) != 1 or 0 in counts.values():
        raise ValueError(
            f"every column must have as many examples, at least one; received {counts}."
        )
    return np.array([[len(row) for row in column] for column in inputs.values()]).T


def _flat(column: Column, padding: int) -> dict[str, Any]:
    """A column as one flat array, with where each example begins and how long it is."""
    import tensorflow as tf

    rows = [np.asarray(row) for row in column]
    if rows[0].ndim == 0:
        return {"values": tf.constant(_narrow(np.array(rows)))}
    lengths = np.array([len(row) for row in rows], "int64")
    rows = [row for row in rows if len(row)] or [np.zeros(1, "int32")]
    values = _narrow(np.concatenate(rows))
    return {
        "values": tf.constant(values),
        "starts": tf.constant(np.cumsum(lengths) - lengths),
        "lengths": tf.constant(lengths),
        "padding": tf.constant(padding, values.dtype),
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
    values = tf.gather(column["values"], places)
    inside = tf.reshape(inside, tf.concat([tf.shape(inside), [1] * (len(values.shape) - 2)], 0))
    return tf.where(inside, values, column["padding"])
