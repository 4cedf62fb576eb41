"""A forecaster as it is served: the steps that it reads, and the answers that it may give.

A network is trained on windows of one length. `ServedForecast` cuts that window out of a history of
any length, so that a SavedModel given a whole series answers as it did when it was tested.
"""

from __future__ import annotations

from keras import layers, ops, saving

from keras_rnn_recipes.layers._registry import registered
from keras_rnn_recipes.pretrained.arrays import carry_forward


@registered
class ServedForecast(layers.Layer):
    """Apply a forecaster to the last steps of a history, and check its answer.

    - The window is the last ``lookback`` steps. If no target was observed in them, it ends earlier,
      as `recent_window` says, and the forecast is the one made from there.
    - A history without any observed target has the forecast NaN.
    - Infinities count as missing values.

    Args:
        model: a forecaster, ``(batch, time, features)`` to ``(batch, horizon, outputs)``.
        num_targets: the first features of a history are the targets.
        lookback: length of the window; None: the whole history.
        season_length: steps in a season, for `recent_window`.
        nonnegative: replace forecasts and bounds below zero by zero, unless the window itself has
            a negative target.
        refuse_negative: the forecast of a window with a negative target is NaN, because the model
            works on logarithms.
        relative: the model is given the window minus its last observed target, and its answer is
            added to that value. If the layer has the dtype float64, series whose level is large
            against their changes keep the digits that float32 does not have.

    Call arguments:
        inputs: history ``(batch, time, features)``, NaN = missing; for a model with covariates a
            dict of ``history``, ``future (batch, time + horizon, columns)`` and ``static``.

    Returns:
        ``(batch, horizon, outputs)`` in the dtype of the layer.

    Example:
        >>> import keras, numpy as np
        >>> history = keras.Input((None, 1))
        >>> mean = keras.Model(history, keras.ops.mean(history, axis=1, keepdims=True))
        >>> served = ServedForecast(mean, lookback=2)
        >>> np.ravel(served(np.array([[[9.0], [1.0], [3.0]], [[np.nan]] * 3]))).tolist()
        [2.0, nan]
    """

    def __init__(
        self,
        model,
        num_targets=1,
        lookback=None,
        season_length=1,
        nonnegative=False,
        refuse_negative=False,
        relative=False,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if lookback is not None and lookback < 1:
            raise ValueError(f"lookback must be at least 1 step; received {lookback}.")
        self.model, self.num_targets = model, int(num_targets)
        self.lookback, self.season_length = lookback, int(season_length)
        self.nonnegative, self.refuse_negative = bool(nonnegative), bool(refuse_negative)
        self.relative = bool(relative)

    def call(self, inputs):
        known = dict(inputs) if isinstance(inputs, dict) else {"history": inputs}
        history = known["history"]
        history = ops.where(ops.isfinite(history), history, float("nan"))
        window = recent_window(history, self.lookback, self.season_length, self.num_targets)
        targets = window[:, :, : self.num_targets]
        # The level is exact in the dtype of the layer, and so is the difference from it.
        level = carry_forward(targets)[:, -1:] if self.relative else None
        known["history"] = window if level is None else self._without(level, window)
        if "future" in known:
            known["future"] = self._recent_future(known["future"])
        # Their dtype is that of the model, whatever the dtype of this layer.
        dtype = self.model.inputs[0].dtype
        known = {name: ops.cast(values, dtype) for name, values in known.items()}
        answer = self.model(known if len(known) > 1 else known["history"])
        answer = ops.cast(answer, self.compute_dtype)
        return self._checked(answer if level is None else answer + level, targets)

    def _without(self, level, window):
        """The window minus the level of its targets."""
        others = window[:, :, self.num_targets :]
        return ops.concatenate([window[:, :, : self.num_targets] - level, others], axis=2)

    def _recent_future(self, future):
        """The rows of the window and of the horizon; NaN before the history."""
        if self.lookback is None:
            return _with_rows_before(future, 1)
        rows = self.lookback + self.model.output_shape[1]
        return _with_rows_before(future, self.lookback)[:, -rows:]

    def _checked(self, answer, targets):
        observed = ops.logical_not(ops.isnan(targets))
        negative = ops.any(targets < 0, axis=1, keepdims=True)
        if self.nonnegative:
            answer = ops.where(negative, answer, ops.maximum(answer, 0.0))
        usable = ops.any(observed, axis=(1, 2), keepdims=True)
        if self.refuse_negative:
            negative = ops.any(negative, axis=2, keepdims=True)
            usable = ops.logical_and(usable, ops.logical_not(negative))
        return ops.where(usable, answer, float("nan"))

    def compute_output_shape(self, inputs_shape):
        shape = inputs_shape["history"] if isinstance(inputs_shape, dict) else inputs_shape
        return (shape[0], *self.model.output_shape[1:])

    @property
    def options(self):
        """The arguments of the layer besides ``model``."""
        return {
            "num_targets": self.num_targets,
            "lookback": self.lookback,
            "season_length": self.season_length,
            "nonnegative": self.nonnegative,
            "refuse_negative": self.refuse_negative,
            "relative": self.relative,
        }

    def get_config(self):
        config = {"model": saving.serialize_keras_object(self.model), **self.options}
        return {**super().get_config(), **config}

    @classmethod
    def from_config(cls, config):
        return cls(**{**config, "model": saving.deserialize_keras_object(config["model"])})


def recent_window(history, lookback, season_length=1, num_targets=1):
    """The last steps of a history, or earlier ones if nothing was observed in the last steps.

    A window without an observed target moves back by the fewest whole seasons after which it ends
    before the gap, so that the phase of the season stays. If it has no observed target there
    either, it ends at the last observed one. `evaluation.histories` has the same rule in NumPy.

    Args:
        history: ``(batch, time, features)``, the targets first, NaN = missing.
        lookback: steps of the window; None: the whole history.
        season_length: steps in a season.
        num_targets: number of targets.

    Returns:
        ``(batch, lookback, features)``, NaN before the start of the history.

    Example:
        >>> import numpy as np
        >>> history = np.array([1, 2, 3, 4, np.nan, np.nan, np.nan]).reshape(1, 7, 1)
        >>> np.ravel(recent_window(history, 2, season_length=2)).tolist()  # 4 steps earlier
        [2.0, 3.0]
    """
    history = ops.convert_to_tensor(history)
    if lookback is None:
        return _with_rows_before(history, 1)
    padded = _with_rows_before(history, lookback)
    observed = ops.any(ops.logical_not(ops.isnan(padded[:, :, :num_targets])), axis=2)
    empty = ops.logical_not(ops.any(observed[:, -lookback:], axis=1))

    def earlier():
        rows = _rows_of_window(observed, empty, lookback, season_length)
        rows = ops.repeat(rows[:, :, None], padded.shape[2], axis=2)
        return ops.take_along_axis(padded, rows, axis=1)

    window = ops.cond(ops.any(empty), earlier, lambda: padded[:, -lookback:])
    return ops.reshape(window, (-1, lookback, padded.shape[2]))  # makes the length static


def _rows_of_window(observed, empty, lookback, season_length):
    """The rows of each window, ``(batch, lookback)``; row 0 is before the history."""
    time = ops.shape(observed)[1]
    steps = ops.arange(time, dtype="int32")[None, :]
    last = ops.max(ops.where(observed, steps, -1), axis=1, initial=-1)
    gap = time - 1 - last
    # Rounded up without negative numbers, which ONNX divides in another way.
    seasons = (gap + season_length - 1) // season_length * season_length
    ends = (time - seasons)[:, None]
    inside = ops.logical_and(steps < ends, steps >= ends - lookback)
    found = ops.any(ops.logical_and(observed, inside), axis=1)
    shift = ops.where(found, seasons, gap)
    shift = ops.where(ops.logical_and(empty, last >= 0), shift, 0)
    rows = (time - shift - lookback)[:, None] + ops.arange(lookback, dtype="int32")[None, :]
    return ops.maximum(rows, 0)


def _with_rows_before(values, number):
    """The values with rows of NaN before them."""
    shape = (ops.shape(values)[0], number, values.shape[2])
    nothing = ops.full(shape, float("nan"), dtype=values.dtype)
    return ops.concatenate([nothing, values], axis=1)
