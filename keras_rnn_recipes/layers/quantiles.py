"""The median and the bounds of prediction intervals, from the parameters of a distribution."""

from __future__ import annotations

from keras import layers, ops

from keras_rnn_recipes.layers._registry import registered
from keras_rnn_recipes.layers.distributions import (
    check_point,
    distribution_named,
    probabilities_of,
    with_mean,
)


@registered
class DistributionQuantiles(layers.Layer):
    """The median of each step's distribution, and the bounds of each level.

    Args:
        distribution: ``"gaussian"``, ``"student_t"`` or ``"negative_binomial"``.
        levels: in percent, ascending; empty: the median only.
        point: ``"mean"``: the mean in place of the median; a bound that would exclude it is moved
            to it.

    Call arguments:
        parameters: ``(batch, horizon, parameters)``, from `ForecastOutput`.

    Returns:
        ``(batch, horizon, 1 + 2 * levels)``: median, then lower and upper bound of each level.

    Raises:
        ValueError: an unknown distribution or point.

    Example:
        >>> import numpy as np
        >>> bounds = DistributionQuantiles("gaussian", [95])(np.array([[[10.0, 1.0]]]))
        >>> [round(float(bound), 2) for bound in bounds[0, 0]]
        [10.0, 8.04, 11.96]
    """

    def __init__(self, distribution, levels=(), point="median", **kwargs):
        super().__init__(**kwargs)
        check_point(point)
        self.point = point
        self._known = distribution_named(distribution)
        self.distribution, self.levels = distribution, tuple(float(level) for level in levels)
        self._scores = self._known.scores(probabilities_of(self.levels))

    def call(self, parameters):
        scores = ops.convert_to_tensor(self._scores)
        quantiles = self._known.quantiles(parameters[..., None, :], scores)
        return quantiles if self.point == "median" else with_mean(quantiles, parameters[..., :1])

    def compute_output_shape(self, shape):
        return (*shape[:-1], 1 + 2 * len(self.levels))

    def get_config(self):
        config = {"distribution": self.distribution, "levels": self.levels, "point": self.point}
        return {**super().get_config(), **config}
