"""Sampled paths: multi-step intervals from a model that outputs a one-step distribution."""

from __future__ import annotations

import numpy as np
from keras import layers, ops, saving, tree

from keras_rnn_recipes.layers._registry import registered
from keras_rnn_recipes.layers.distributions import distribution_named, probabilities_of, with_mean
from keras_rnn_recipes.layers.output import output_of
from keras_rnn_recipes.layers.recursion import continuation, recent_values, walk
from keras_rnn_recipes.layers.stepping import context_of


@registered
class SampledPaths(layers.Layer):
    """Sample paths from a recursive model with a distribution, and return their quantiles.

    The model reads the history once. Then each path draws a value, feeds it back as the next input,
    and so on. The draws are the same for every series and every call, so a forecast does not depend
    on the rest of the batch or on earlier calls. At each step the draws are the quantiles at the
    centers of ``samples`` equal intervals of probability, in a random order over the paths (a
    Latin hypercube), which has a smaller sampling error than independent draws.

    Args:
        model: recursive forecaster with a distribution, ``(batch, time, 1)`` to ``(batch, time,
            parameters)``.
        levels: of the intervals, in percent, ascending; empty: the median only.
        samples: number of paths of each series, at least 2.
        seed: of the order of the draws.

    Call arguments:
        inputs: as in `Recursion`.

    Returns:
        ``(batch, horizon, 1 + 2 * levels)``: the median over the paths at each step, or the mean if
        the output of the model says so, then the lower and upper bound of each level. The cost is
        that of time + samples * horizon steps.

    Raises:
        ValueError: a model without a distribution, or fewer than two samples.

    Source: sampled paths: Salinas et al. 2020 (DeepAR); Latin hypercube: McKay et al. 1979.
    """

    def __init__(self, model, levels=(), samples=200, seed=0, **kwargs):
        super().__init__(**kwargs)
        if samples < 2:
            raise ValueError(f"samples must be at least 2; received {samples}.")
        output = output_of(model)
        self._known, self.point = distribution_named(output.distribution), output.point
        self.model, self.horizon, self.context = model, output.horizon, context_of(model)
        self.levels, self.samples = tuple(float(level) for level in levels), int(samples)
        self.seed = int(seed)
        self._warm_up, self._step = continuation(model)
        self._scores = self._known.scores((np.arange(self.samples) + 0.5) / self.samples)
        shares = np.tile(np.arange(self.samples, dtype="int32"), (self.horizon, 1))
        self._order = np.random.default_rng(self.seed).permuted(shares, axis=1)

    def call(self, inputs):
        known = inputs if isinstance(inputs, dict) else {"history": inputs}
        recent = recent_values(known["history"], self.context)
        first, *states = tree.flatten(self._warm_up(inputs))
        repeated = [ops.repeat(x, self.samples, axis=0) for x in (recent, first, *states)]
        covariates = {
            name: ops.repeat(values, self.samples, axis=0) if name != "history" else values
            for name, values in known.items()
        }
        paths = walk(self._step, covariates, *repeated, horizon=self.horizon, value=self._draw)
        paths = ops.reshape(paths, (-1, self.samples, self.horizon))
        quantiles = self._quantiles(paths)
        if self.point == "median":
            return quantiles
        return with_mean(quantiles, ops.mean(paths, axis=1)[:, :, None])

    def _draw(self, parameters, number):
        """Draw the next value of each path, ``(batch * samples, 1, 1)``."""
        parameters = ops.reshape(parameters, (-1, self.samples, self._known.num_parameters))
        order = ops.take(ops.convert_to_tensor(self._order), number, axis=0)
        scores = ops.take(ops.convert_to_tensor(self._scores), order, axis=0)
        return ops.reshape(self._known.quantiles(parameters, scores), (-1, 1, 1))

    def _quantiles(self, paths):
        # The sorted values are the quantiles at the centers of equal intervals. Between them the
        # quantiles are interpolated; those of whole numbers are whole numbers.
        position = probabilities_of(self.levels) * self.samples
        position = np.ceil(position.round(9)) - 1 if self._known.whole else position - 0.5
        position = position.clip(0, self.samples - 1)
        ranked = ops.sort(paths, axis=1)
        low, high = (
            ops.take(ranked, edge(position).astype("int32"), axis=1) for edge in (np.floor, np.ceil)
        )
        share = ops.convert_to_tensor((position % 1)[:, None], ranked.dtype)
        return ops.transpose(low + share * (high - low), (0, 2, 1))

    def compute_output_shape(self, inputs_shape):
        shape = inputs_shape["history"] if isinstance(inputs_shape, dict) else inputs_shape
        return (shape[0], self.horizon, 1 + 2 * len(self.levels))

    def get_config(self):
        config = {"model": saving.serialize_keras_object(self.model), "levels": self.levels}
        config |= {"samples": self.samples, "seed": self.seed}
        return {**super().get_config(), **config}

    @classmethod
    def from_config(cls, config):
        return cls(**{**config, "model": saving.deserialize_keras_object(config["model"])})
