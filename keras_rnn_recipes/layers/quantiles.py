"""The median and the bounds of prediction intervals, from the parameters of a distribution."""

from __future__ import annotations

from keras import layers, ops

from keras_rnn_recipes.layers._registry import registered
from keras_rnn_recipes.layers.distributions import distribution_named, probabilities_of


@registered
class DistributionQuantiles(layers.Layer):
    """The median of each step's distribution, and the bounds of each level.

    Args:
        distribution: ``"gaussian"``, ``"student_t"`` or ``"negative_binomial"``.
        levels: in percent, ascending; empty: the median only.

    Call arguments:
        parameters: ``(batch, horizon, parameters)``, from `ForecastOutput`.

    Returns:
        ``(batch, horizon, 1 + 2 * levels)``: median, then lower and upper bound of each level.

    Raises:
        ValueError: an unknown distribution.

    Example:
        >>> import numpy as np
        >>> bounds = DistributionQuantiles("gaussian", [95])(np.array([[[10.0, 1.0]]]))
        >>> [round(float(bound), 2) for bound in bounds[0, 0]]
        [10.0, 8.04, 11.96]
    """

    def __init__(self, distribution, levels=(), **kwargs):
        super().__init__(**kwargs)
        self._known = distribution_named(distribution)
        self.distribution, self.levels = distribution, tuple(float(level) for level in levels)
        self._scores = self._known.scores(probabilities_of(self.levels))

    def call(self, parameters):
        scores = ops.convert_to_tensor(self._scores)
        return self._known.quantiles(parameters[..., None, :], scores)

    def compute_output_shape(self, shape):
        return (*shape[:-1], 1 + 2 * len(self.levels))

    def get_config(self):
        config = {"distribution": self.distribution, "levels": self.levels}
        return {**super().get_config(), **config}
