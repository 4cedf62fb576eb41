"""Windows of a panel as a ``tf.data.Dataset``, gathered by index from one flat array.

No window is stored: the number of a window gives its series and first row by arithmetic, a
pseudo-random permutation gives the shuffled order, and one gather cuts a whole batch. Memory holds
a few integers per series, and the values of the panel in float32 unless they are `StoredSeries`:
then each window of a batch is read from their file, in the same order.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from keras_rnn_recipes.data.bounds import series_bounds
from keras_rnn_recipes.data.prefetching import mapped, prefetched
from keras_rnn_recipes.data.stored import StoredSeries
from keras_rnn_recipes.data.window_spec import WindowSpec
from keras_rnn_recipes.errors import UserError, counted

if TYPE_CHECKING:
    import tensorflow as tf

Weights = Literal["none", "scale"]


def window_dataset(
    frame: pd.DataFrame | StoredSeries,
    spec: WindowSpec,
    *,
    batch_size: int = 32,
    shuffle: bool = False,
    balanced: bool = False,
    seed: int = 0,
    target_cols: Sequence[str] = ("y",),
    past_cols: Sequence[str] = (),
    future_cols: Sequence[str] = (),
    static_cols: Sequence[str] = (),
    weights: Weights = "none",
    weight_col: str | None = None,
    repeat: bool = False,
    first_epoch: int = 0,
    drop_remainder: bool = False,
) -> tf.data.Dataset:
    """Batches of windows ``(x, y, w)`` for ``keras.Model.fit``; no window crosses a series.

    Args:
        frame: long format, sorted by unique_id and ds, every step a row (as ``Panel.frame``); or
            such values in a file, without covariates.
        spec: the windows. Windows start at a series' first row and every ``stride`` rows after it.
            A series shorter than a window but longer than ``spec.ahead`` gives one window,
            left-padded with NaN; a shorter series gives none.
        batch_size: windows per batch.
        shuffle: a new order every epoch, each window once per epoch; the order depends only on the
            seed and the number of the epoch.
        balanced: with shuffle: draw every series equally often, with a random window of it, and as
            many windows per epoch. Otherwise series are weighted by their number of windows.
        seed: of the order.
        target_cols: columns to forecast, the first features of ``x``, in the order in which a
            model with ``num_targets`` forecasts them.
        past_cols: numeric covariates that follow the targets in ``x``.
        future_cols: numeric covariates known ahead, up to the last step to forecast.
        static_cols: numeric covariates that are constant in each series.
        weights: "none": every target has the weight 1. "scale": 1 / mean ``|y_t - y_(t-1)|`` of the
            series (1 / mean ``|y|``, or 1, where that is 0), so that all series contribute
            equally to a mean error; for one target.
        weight_col: column with a weight for each row, which multiplies the weight of the target in
            that row, for losses that Keras weights. `fit` weights the errors instead of the loss
            with the losses mse, huber, tweedie and nll, and refuses this column with them.
        repeat: endless, epoch after epoch. Otherwise one epoch, the same one at every iteration.
        first_epoch: number of the first epoch; ``first_epoch=3`` skips three epochs.
        drop_remainder: leave out the last batch of an epoch if it is smaller.

    Returns:
        A dataset of float32 tensors, in the units of the frame:
        ``x`` (batch, lookback, targets + len(past_cols)), NaN where missing, but 0 for the targets
        of a window without any observed target, which has no weight; with future or static
        covariates a dict of ``history`` (that array), ``future`` (batch, lookback + spec.ahead,
        len(future_cols)) and ``static`` (batch, len(static_cols));
        ``y`` direct (batch, horizon, targets), recursive (batch, lookback, targets),
        seq2seq (batch, lookback, horizon, targets), 0 where missing;
        ``w`` of shape ``y.shape[:-1]``: 0 where a target is missing, before the first observed
        value of each target in the window, and in the burn-in; else the weight.

    Raises:
        UserError: no series has a window, a column is missing or given twice, the rows of a series
            are not contiguous, future covariates with a gap, balanced without shuffle, the weights
            "scale" of several targets, a row's weight is negative or missing, or stored series
            were given together with other columns than ``y``.

    Example:
        >>> frame = pd.DataFrame({"unique_id": "a", "ds": range(5), "y": [1.0, 2.0, 3.0, 4.0, 5.0]})
        >>> x, y, w = next(iter(window_dataset(frame, WindowSpec(lookback=2, horizon=1))))
        >>> x[:, :, 0].numpy().tolist(), y[:, 0, 0].numpy().tolist()
        ([[1.0, 2.0], [2.0, 3.0], [3.0, 4.0]], [3.0, 4.0, 5.0])
    """
    import tensorflow as tf

    if balanced and not shuffle:
        raise UserError(
            "balanced was asked for without shuffle.",
            "shuffle, since balanced draws windows at random.",
            "give shuffle=True, or leave balanced out.",
        )
    _check_targets(target_cols, past_cols, weights)
    others = [*target_cols, *past_cols, *future_cols, *static_cols, weight_col]
    if isinstance(frame, StoredSeries) and others != ["y", None]:
        raise UserError(
            f"Stored series were given with the columns {others}.",
            "the column y alone, which is all that is stored.",
            "leave out the covariates and the weights, or give a frame.",
        )
    bounds = _bounds(frame)
    counts = _windows_per_series(bounds, spec)
    batches = _batches_per_epoch(counts, spec, batch_size, drop_remainder, bounds)
    with tf.device("CPU:0"):
        source = _source(frame, bounds, counts, spec, [*target_cols, *past_cols], weights)
        if isinstance(frame, pd.DataFrame):
            source |= _row_weights(frame, target_cols, weight_col)
            source |= _covariates(frame, bounds, counts, spec, future_cols, static_cols)

        def batch(step: tf.Tensor) -> tuple[Any, tf.Tensor, tf.Tensor]:
            epoch, number = step // batches, step % batches
            windows = tf.range(number * batch_size, (number + 1) * batch_size)
            if not drop_remainder:
                windows = windows[: source["count"] - number * batch_size]
            if shuffle:
                key = tf.stack([tf.constant(seed, tf.int64), epoch])
                last = source["count"] - 1
                draws = tf.random.experimental.index_shuffle(windows, key, last)
                windows = _balanced(source, draws, key + [1, 0]) if balanced else draws
            series, rows = _rows(source, windows, spec)
            values = _windows(source, series, rows)
            weight = tf.gather(source["weights"], series)
            parts = _inputs_and_targets(values, weight, spec, len(target_cols))
            if weight_col is not None:
                each = _gather(source["row_weights"], source, series, rows)
                each = _targets(each, spec)[..., 0]
                parts = (*parts[:2], tf.math.multiply_no_nan(each, parts[2]))
            parts = _with_static_shapes(parts, batch_size if drop_remainder else None)
            return _with_covariates(parts, source, series, rows)

        steps = tf.data.Dataset.counter(first_epoch * batches)
        if not repeat:
            steps = steps.take(batches)
        return prefetched(mapped(steps, batch, parallel=True))


def count_windows(frame: pd.DataFrame | StoredSeries, spec: WindowSpec) -> int:
    """Number of windows in one epoch.

    Args:
        frame, spec: as in `window_dataset`.

    Example:
        >>> frame = pd.DataFrame({"unique_id": "a", "ds": range(5), "y": 1.0})
        >>> count_windows(frame, WindowSpec(lookback=2, horizon=1))
        3
    """
    return int(_windows_per_series(_bounds(frame), spec).sum())


def _bounds(frame: pd.DataFrame | StoredSeries) -> np.ndarray:
    return frame.bounds if isinstance(frame, StoredSeries) else series_bounds(frame)


def _windows_per_series(bounds: np.ndarray, spec: WindowSpec) -> np.ndarray:
    lengths = np.diff(bounds)
    whole = np.maximum((lengths - spec.span) // spec.stride + 1, 0)
    return np.where(lengths > spec.ahead, np.maximum(whole, 1), 0)


def _batches_per_epoch(
    counts: np.ndarray, spec: WindowSpec, batch_size: int, drop_remainder: bool, bounds: np.ndarray
) -> int:
    if batch_size < 1:
        raise UserError(
            f"batch_size is {batch_size}.", "a whole number of at least 1.", "give batch_size=32."
        )
    count = int(counts.sum())
    batches = count // batch_size if drop_remainder else -(-count // batch_size)
    if count == 0:
        longest = int(np.diff(bounds).max(initial=0))
        raise UserError(
            f"No window fits: the longest series has {counted(longest, 'step')}.",
            f"more than {counted(spec.ahead, 'step')} (gap {spec.gap} + horizon {spec.horizon}).",
            "give more data or a shorter horizon.",
        )
    if batches == 0:
        raise UserError(
            f"The series have {counted(count, 'window')}, fewer than one batch of {batch_size}.",
            "at least one whole batch, since drop_remainder is set.",
            f"give batch_size={count} or less, or leave drop_remainder out.",
        )
    return batches


def _source(
    frame: pd.DataFrame | StoredSeries,
    bounds: np.ndarray,
    counts: np.ndarray,
    spec: WindowSpec,
    columns: Sequence[str],
    weights: Weights,
) -> dict[str, Any]:
    """The data of all batches: the values, and the rows, windows and weight of each series."""
    import tensorflow as tf

    values = frame if isinstance(frame, StoredSeries) else tf.constant(_numbers(frame, columns))
    used = counts > 0
    scale = _series_weights(frame, columns[0], weights)[used]
    counts, starts, ends = counts[used], bounds[:-1][used], bounds[1:][used]
    # The window of a short series begins before its first row; the rows before it become NaN.
    first_rows = np.minimum(starts, ends - spec.span)
    first_windows = np.concatenate([[0], np.cumsum(counts)])
    return {
        "values": values,
        "count": int(first_windows[-1]),
        "first_windows": tf.constant(first_windows, tf.int64),
        # The first row of window w of series s is offsets[s] + w * stride.
        "offsets": tf.constant(first_rows - first_windows[:-1] * spec.stride, tf.int64),
        "starts": tf.constant(starts, tf.int64),
        "padded": bool((first_rows < starts).any()),
        "weights": tf.constant(scale, tf.float32),
    }


def _covariates(
    frame: pd.DataFrame,
    bounds: np.ndarray,
    counts: np.ndarray,
    spec: WindowSpec,
    future_cols: Sequence[str],
    static_cols: Sequence[str],
) -> dict[str, tf.Tensor]:
    """Future covariates of every row, static covariates of every series that has windows."""
    import tensorflow as tf

    if future_cols and spec.gap:
        raise UserError(
            f"Future covariates were given together with a gap of {counted(spec.gap, 'step')}.",
            "no gap, since a forecast takes them from the next step on.",
            "leave out the gap or the future covariates.",
        )
    covariates = {}
    if future_cols:
        covariates["future"] = tf.constant(_numbers(frame, future_cols))
    if static_cols:
        first_rows = frame.iloc[bounds[:-1][counts > 0]]
        covariates["static"] = tf.constant(_numbers(first_rows, static_cols))
    return covariates


def _check_targets(target_cols: Sequence[str], past_cols: Sequence[str], weights: Weights) -> None:
    names = [*target_cols, *past_cols]
    twice = sorted({name for name in names if names.count(name) > 1})
    if isinstance(target_cols, str) or not target_cols or twice:
        given = f"the column {twice[0]!r} twice" if twice else repr(target_cols)
        raise UserError(
            f"target_cols and past_cols have {given}.",
            "a list of different columns, the targets first.",
            'give for example target_cols=["y", "b"], and each column once.',
        )
    if len(target_cols) > 1 and weights == "scale":
        raise UserError(
            f'weights is "scale" with {len(target_cols)} targets, which have different scales.',
            'weights="none" for several targets.',
            'give weights="none"; the model scales each target by itself.',
        )


def _row_weights(
    frame: pd.DataFrame, target_cols: Sequence[str], weight_col: str | None
) -> dict[str, tf.Tensor]:
    """The weight of each row, (rows, 1); 0 in rows that `read_panel` filled in."""
    import tensorflow as tf

    if weight_col is None:
        return {}
    values = _numbers(frame, [weight_col])
    observed = frame[list(target_cols)].notna().all(axis=1).to_numpy()
    wrong = observed & ~(np.isfinite(values[:, 0]) & (values[:, 0] >= 0))
    if wrong.any():
        row = frame.iloc[int(np.argmax(wrong))]
        raise UserError(
            f"The weight of series {row['unique_id']!r} at {row['ds']} is {row[weight_col]}.",
            "a finite number of at least 0 in every row with an observed target.",
            f"correct the column {weight_col!r}.",
        )
    return {"row_weights": tf.constant(np.where(np.isfinite(values), values, 0))}


def _numbers(frame: pd.DataFrame, columns: Sequence[str]) -> np.ndarray:
    missing = [name for name in columns if name not in frame.columns]
    if missing:
        raise UserError(
            f"The frame has no column {', '.join(map(repr, missing))}.",
            f"columns among: {', '.join(map(str, frame.columns))}.",
            "correct target_cols, past_cols, future_cols, static_cols or weight_col.",
        )
    values = np.empty((len(frame), len(columns)), "float32")
    for number, name in enumerate(columns):
        values[:, number] = frame[name].to_numpy()
    return values


def _series_weights(
    frame: pd.DataFrame | StoredSeries, column: str, weights: Weights
) -> np.ndarray:
    """The weight of each series, float64 (series,)."""
    if weights == "none":
        return np.ones(len(_bounds(frame)) - 1)
    if weights != "scale":
        raise UserError(f"weights is {weights!r}.", "none or scale.", "choose one of these.")
    frames = frame if isinstance(frame, StoredSeries) else [frame]
    return np.concatenate(
        [_weights_by_scale(one[column].to_numpy(), series_bounds(one)) for one in frames]
    )


def _weights_by_scale(y: np.ndarray, bounds: np.ndarray) -> np.ndarray:
    starts, ends = bounds[:-1], bounds[1:]
    inside = np.concatenate([np.diff(y, prepend=np.nan), [np.nan]])
    inside[starts] = np.nan
    scale = _mean_absolute(inside[:-1], starts, ends)
    level = _mean_absolute(y, starts, ends)
    scale = np.where(scale > 0, scale, level)
    # The weight must stay finite in float32, however small the values of a series are.
    scale = np.where(scale > 1e-30, scale, 1.0)
    return 1.0 / scale


def _mean_absolute(values: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Mean absolute value over the observed rows of each series; 0 without observed rows."""
    size = np.abs(values)
    known = np.isfinite(size)
    borders = np.column_stack([starts, ends]).ravel()
    size = np.append(np.where(known, size, 0.0), 0.0)
    total = np.add.reduceat(size, borders)[::2]
    number = np.add.reduceat(np.append(known, False).astype(float), borders)[::2]
    return total / np.maximum(number, 1.0)


def _balanced(source: dict[str, Any], draws: tf.Tensor, key: tf.Tensor) -> tf.Tensor:
    """A window for each draw in ``0 .. count - 1``: the series in turn, its window at random."""
    import tensorflow as tf

    firsts = source["first_windows"]
    series = draws % (tf.size(firsts, tf.int64) - 1)
    random = tf.random.experimental.index_shuffle(draws, key, source["count"] - 1)
    first = tf.gather(firsts, series)
    return first + random % (tf.gather(firsts, series + 1) - first)


def _rows(
    source: dict[str, Any], windows: tf.Tensor, spec: WindowSpec
) -> tuple[tf.Tensor, tf.Tensor]:
    """The series (batch,) and the rows (batch, span) of windows given by number."""
    import tensorflow as tf

    series = tf.searchsorted(source["first_windows"], windows, side="right", out_type=tf.int64) - 1
    first_row = tf.gather(source["offsets"], series) + windows * spec.stride
    return series, first_row[:, None] + tf.range(spec.span, dtype=tf.int64)


def _windows(source: dict[str, Any], series: tf.Tensor, rows: tf.Tensor) -> tf.Tensor:
    """The values of windows, (batch, span, columns), from memory or from a file."""
    import tensorflow as tf

    values, span = source["values"], rows.shape[1]
    if not isinstance(values, StoredSeries):
        return _gather(values, source, series, rows)
    read = partial(values.windows, span=span)
    cut = tf.ensure_shape(tf.numpy_function(read, [rows[:, 0]], tf.float32), [None, span, 1])
    return _without_earlier(cut, source, series, rows) if source["padded"] else cut


def _gather(
    values: tf.Tensor, source: dict[str, Any], series: tf.Tensor, rows: tf.Tensor
) -> tf.Tensor:
    """Values of windows, (batch, span, columns); NaN before the first row of a series."""
    import tensorflow as tf

    if not source["padded"]:
        return tf.gather(values, rows)
    start = tf.gather(source["starts"], series)[:, None]
    cut = tf.gather(values, tf.maximum(rows, start))
    return _without_earlier(cut, source, series, rows)


def _without_earlier(
    cut: tf.Tensor, source: dict[str, Any], series: tf.Tensor, rows: tf.Tensor
) -> tf.Tensor:
    """Windows with NaN in place of the rows before the first row of their series."""
    import tensorflow as tf

    start = tf.gather(source["starts"], series)[:, None]
    return tf.where((rows >= start)[:, :, None], cut, float("nan"))


def _inputs_and_targets(
    values: tf.Tensor, weight: tf.Tensor, spec: WindowSpec, num_targets: int
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    import tensorflow as tf

    x = values[:, : spec.lookback]
    y = _targets(values[:, :, :num_targets], spec)
    observed = tf.logical_not(tf.math.is_nan(x[:, :, :num_targets]))
    x = _without_empty_targets(x, observed)
    # Whether a value of every target has been observed up to each step, (batch, lookback).
    seen = tf.reduce_all(tf.cumsum(tf.cast(observed, tf.int32), axis=1) > 0, axis=2)
    if spec.strategy == "direct":
        seen = seen[:, -1:]
    else:
        seen &= tf.range(spec.lookback) >= spec.burn_in
        # Scaled up, so that the mean over all steps equals the mean over the steps with a weight.
        weight *= spec.lookback / (spec.lookback - spec.burn_in)
    if spec.strategy == "seq2seq":
        seen = seen[:, :, None]
    known = tf.reduce_all(tf.logical_not(tf.math.is_nan(y)), axis=-1, keepdims=True)
    weight = tf.reshape(weight, [-1] + [1] * (len(y.shape) - 2))
    w = tf.where(known[..., 0] & seen, weight, 0.0)
    return x, tf.where(known, y, 0.0), w


def _targets(columns: tf.Tensor, spec: WindowSpec) -> tf.Tensor:
    """The steps to forecast of windows (batch, span, columns), in the shape of the strategy."""
    import tensorflow as tf

    if spec.strategy == "direct":
        return columns[:, spec.lookback + spec.gap :]
    if spec.strategy == "recursive":
        return columns[:, 1 : spec.lookback + 1]
    return tf.signal.frame(columns[:, 1 + spec.gap :], spec.horizon, 1, axis=1)


def _without_empty_targets(x: tf.Tensor, observed: tf.Tensor) -> tf.Tensor:
    """Zeros for the targets of windows without any observed target, which have the weight 0.

    Outside of training a network forecasts NaN from such a window, and 0 times NaN would make the
    validation loss NaN.
    """
    import tensorflow as tf

    empty = tf.logical_not(tf.reduce_any(observed, axis=[1, 2]))[:, None, None]
    target = tf.range(tf.shape(x)[2]) < observed.shape[2]
    return tf.where(empty & target, 0.0, x)


def _with_static_shapes(parts: tuple, batch: int | None) -> tuple:
    for part in parts:
        part.set_shape([batch, *part.shape[1:]])
    return parts


def _with_covariates(
    parts: tuple, source: dict[str, Any], series: tf.Tensor, rows: tf.Tensor
) -> tuple[Any, tf.Tensor, tf.Tensor]:
    """The history alone, or a dict of the history and its covariates."""
    import tensorflow as tf

    history, y, w = parts
    inputs = {"history": history}
    if "future" in source:
        inputs["future"] = _gather(source["future"], source, series, rows)
    if "static" in source:
        inputs["static"] = tf.gather(source["static"], series)
    return inputs if len(inputs) > 1 else history, y, w
