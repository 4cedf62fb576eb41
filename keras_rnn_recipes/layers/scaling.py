"""Reversible scaling inside the graph: raw numbers in, raw numbers out.

A value x becomes  z = (g(x / magnitude) - center) / scale,  and the inverse is
x = magnitude * g_inverse(center + scale * z). The magnitude is the mean absolute value of a window,
g is the transform, and center and scale are statistics of the transformed window. Dividing by the
magnitude first removes the units, so that one model works for series around 1e-9 and around 1e12.
The window is either the whole history (one set of statistics) or ends at each time step. In the
latter case the statistics use no later values, which recursion and training at every step need.

Source: reversible instance normalization: Kim et al. 2022; mean scaling: Salinas et al. 2020.
"""

from __future__ import annotations

from keras import layers, ops

from keras_rnn_recipes.layers._registry import registered
from keras_rnn_recipes.layers.lags import take_lags

SCALINGS = ("none", "last", "mean", "standard", "robust", "change")
TRANSFORMS = ("none", "log", "asinh")

# Values below a thousandth of the window's mean are raised to it before the logarithm, so that zero
# sales are small sales and not minus infinity.
_LOG_FLOOR = 1e-3
# The quartiles of a normal distribution lie 1.349 standard deviations apart.
_NORMAL_QUARTILE_RANGE = 1.349


@registered
class WindowStatistics(layers.Layer):
    """Magnitude, center and scale of the window that ends at each time step.

    Args:
        scaling: ``"none"``; ``"last"`` (center: the last value; scale: the magnitude); ``"mean"``
            (center: the mean; scale: the magnitude); ``"standard"`` (mean and standard deviation);
            ``"robust"`` (median and interquartile range); ``"change"`` (center: the last value; the
            magnitude is the mean absolute change from step to step, so that adding a constant to a
            history adds it to the forecast; without a transform).
        transform: ``"none"``, ``"log"`` or ``"asinh"``, applied to the values over the magnitude.
        window: length in steps of the window that ends at each time step; None: the whole history.

    Call arguments:
        filled, observed: from `FillMissing`, ``(batch, time, features)`` each. Values that were not
            observed, and steps before the history, are ignored unless a window has no others.
        last_only: return only the last time step.

    Returns:
        ``magnitude``, ``center`` and ``scale``, ``(batch, time, features)`` each, or
        ``(batch, 1, features)`` for the whole history. The standard and robust scale of a constant
        window is 0, so that its forecast is that constant; inputs are then divided by 1.

    Raises:
        ValueError: an unknown scaling or transform, a transform without a scaling, or a window
            below 1 step.

    Example:
        >>> import numpy as np
        >>> x = np.array([1.0, 3.0]).reshape(1, 2, 1)
        >>> [np.ravel(s).tolist() for s in WindowStatistics("mean")(x, np.ones_like(x))]
        [[2.0], [1.0], [1.0]]
    """

    def __init__(self, scaling="mean", transform="none", window=None, **kwargs):
        super().__init__(**kwargs)
        if scaling not in SCALINGS:
            raise ValueError(f"scaling must be one of {SCALINGS}; received {scaling!r}.")
        if window is not None and window < 1:
            raise ValueError(f"The scaling window must be at least 1 step; received {window}.")
        check_transform(transform, scaling)
        self.scaling, self.transform, self.window = scaling, transform, window

    @property
    def context(self) -> int:
        """The number of steps before a time step that its output depends on."""
        return 0 if self.window is None else self.window - 1

    def call(self, filled, observed, last_only=False):
        if self.scaling == "none":
            ones = ops.ones_like(filled[:, -1:])
            return ones, ops.zeros_like(ones), ones
        values, counts = self._windows(filled, observed, last_only)
        if self.scaling == "change":
            return self._of_changes(values, counts)
        magnitude = _positive(_mean(ops.abs(values), counts))
        values = apply_transform(values / magnitude, self.transform)
        center, scale = self._center_and_scale(values, counts)
        return tuple(s[:, :, 0] for s in (magnitude, center, scale))

    def _of_changes(self, values, counts):
        """In units of the mean change; the scale of a constant window is 0."""
        known = counts[:, :, 1:] * counts[:, :, :-1]
        change = _mean(ops.abs(values[:, :, 1:] - values[:, :, :-1]), known)
        magnitude = _positive(change)
        center, scale = values[:, :, :1] / magnitude, ops.sign(change)
        return tuple(s[:, :, 0] for s in (magnitude, center, scale))

    def call_one_step(self, *args):
        return self(*args, last_only=True)

    def _windows(self, filled, observed, last_only):
        """The values of each window, ``(batch, steps, window, features)``, latest first."""
        if self.window is None:
            values, counts = (ops.flip(x, axis=1)[:, None] for x in (filled, observed))
        else:
            values, inside = take_lags(filled, range(self.window), last_only)
            counts, _ = take_lags(observed, range(self.window), last_only)
            counts = counts * ops.cast(inside, counts.dtype)
        # Inside a gap longer than the window all values are the last observed one. If they were
        # ignored too, the magnitude would be 1, whatever the units of the series are.
        return values, ops.where(ops.any(counts > 0, axis=2, keepdims=True), counts, 1.0)

    def _center_and_scale(self, values, counts):
        if self.scaling == "last":
            center = values[:, :, :1]
            return center, ops.ones_like(center)
        center = _mean(values, counts)
        if self.scaling == "mean":
            return center, ops.ones_like(center)
        spread = _beyond_rounding(ops.sqrt(_mean(ops.square(values - center), counts)))
        if self.scaling == "robust":
            ranked = ops.sort(ops.where(counts > 0, values, float("inf")), axis=2)
            low, center, high = (_quantile(ranked, counts, q) for q in (0.25, 0.5, 0.75))
            quartiles = _beyond_rounding((high - low) / _NORMAL_QUARTILE_RANGE)
            # The quartiles are equal if more than half of the values are, as in sparse sales.
            spread = ops.where(quartiles > 0, quartiles, spread)
        return center, spread

    def get_config(self):
        config = {"scaling": self.scaling, "transform": self.transform, "window": self.window}
        return {**super().get_config(), **config}


@registered
class Normalise(layers.Layer):
    """Scale lagged values by the statistics of their time step, one row per step.

    Args:
        transform: as in `WindowStatistics`.

    Call arguments:
        values: ``(batch, time, lags, features)``.
        magnitude, center, scale: from `WindowStatistics`; or the center from `SeasonalBase`,
            ``(batch, time, lags, features)``.

    Returns:
        ``(batch, time, lags * features)``.

    Example:
        >>> import numpy as np
        >>> one = np.ones((1, 1, 1))
        >>> np.array(Normalise()(np.array([[[[6.0], [10.0]]]]), 2 * one, one, 4 * one)).tolist()
        [[[0.5, 1.0]]]
    """

    def __init__(self, transform="none", **kwargs):
        super().__init__(**kwargs)
        self.transform = transform

    def call(self, values, magnitude, center, scale):
        magnitude, scale = magnitude[:, :, None], scale[:, :, None]
        center = center[:, :, None] if len(center.shape) == 3 else center
        scaled = (apply_transform(values / magnitude, self.transform) - center) / _positive(scale)
        batch, time = ops.shape(scaled)[:2]
        return ops.reshape(scaled, (batch, time, scaled.shape[2] * scaled.shape[3]))

    def get_config(self):
        return {**super().get_config(), "transform": self.transform}


def check_transform(transform, scaling):
    """Check a transform.

    Raises:
        ValueError: it is unknown, or there is no scaling, hence no magnitude to divide by.
    """
    if transform not in TRANSFORMS:
        raise ValueError(f"transform must be one of {TRANSFORMS}; received {transform!r}.")
    if transform != "none" and scaling == "none":
        raise ValueError(
            f"transform={transform!r} needs values relative to their window; "
            "choose a scaling other than 'none'."
        )
    if transform != "none" and scaling == "change":
        raise ValueError(
            f"transform={transform!r} does not go with scaling='change', which knows no level; "
            "choose another scaling, or no transform."
        )


def apply_transform(values, transform):
    """Transform values in units of their window's magnitude.

    Example:
        >>> float(apply_transform(ops.convert_to_tensor(1.0), "log"))
        0.0
    """
    if transform == "log":
        return ops.log(ops.maximum(values, _LOG_FLOOR))
    return ops.arcsinh(values) if transform == "asinh" else values


def invert_transform(values, transform):
    """The inverse of `apply_transform`.

    Example:
        >>> float(invert_transform(ops.convert_to_tensor(0.0), "log"))
        1.0
    """
    if transform == "log":
        return ops.exp(values)
    return ops.sinh(values) if transform == "asinh" else values


def _mean(values, counts):
    return ops.sum(values * counts, axis=2, keepdims=True) / ops.maximum(
        ops.sum(counts, axis=2, keepdims=True), 1.0
    )


def _quantile(ranked, counts, q):
    """Quantile of the observed values by linear interpolation, as in ``numpy.quantile``."""
    size = ops.sum(counts, axis=2, keepdims=True)
    rank = q * ops.maximum(size - 1.0, 0.0)
    low = ops.floor(rank)
    below = ops.take_along_axis(ranked, ops.cast(low, "int32"), axis=2)
    above = ops.take_along_axis(ranked, ops.cast(ops.ceil(rank), "int32"), axis=2)
    value = below + (rank - low) * (above - below)
    return ops.where(size > 0, value, 0.0)


def _positive(values):
    return ops.where(values > 0, values, ops.ones_like(values))


def _beyond_rounding(spread):
    return ops.where(spread > 1e-6, spread, ops.zeros_like(spread))
