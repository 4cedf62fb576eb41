"""One inference contract: any of the three strategies becomes history -> the steps ahead."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import keras

from keras_rnn_recipes.builders.levels import checked_levels
from keras_rnn_recipes.layers import DistributionQuantiles, Recursion, SampledPaths
from keras_rnn_recipes.layers.output import output_of
from keras_rnn_recipes.layers.replay import input_shapes, new_inputs
from keras_rnn_recipes.layers.stepping import model_at_last_step


class ForecasterInfo(NamedTuple):
    """What a forecasting model was built for."""

    strategy: str
    horizon: int
    num_features: int
    num_targets: int


def forecaster_info(model: keras.Model) -> ForecasterInfo:
    """Strategy, horizon and numbers of features and targets of a model.

    Args:
        model: from a builder of this package, or from `to_forecaster`.

    Returns:
        The strategy is ``"direct"`` for what `to_forecaster` returns: it gives all steps at once.

    Raises:
        ValueError: if the model is not from one of those.

    Example:
        >>> from keras_rnn_recipes.builders.forecasters import recursive_forecaster
        >>> forecaster_info(recursive_forecaster(12))
        ForecasterInfo(strategy='recursive', horizon=12, num_features=1, num_targets=1)
    """
    num_features = input_shapes(model)["history"][-1]
    for layer in model.layers:
        if isinstance(layer, Recursion | SampledPaths):
            return ForecasterInfo("direct", layer.horizon, num_features, num_features)
    output = output_of(model)
    if output is not None:
        return ForecasterInfo(output.strategy, output.horizon, num_features, output.num_targets)
    raise ValueError(
        "The model has no ForecastOutput layer. Expected a model from direct_forecaster, "
        "seq2seq_forecaster, recursive_forecaster or one of the presets."
    )


def distribution_of_model(model: keras.Model) -> str | None:
    """The distribution whose parameters a model gives; None for any other model.

    Example:
        >>> from keras_rnn_recipes.builders.forecasters import direct_forecaster
        >>> model = direct_forecaster(12, distribution="student_t")
        >>> distribution_of_model(model), distribution_of_model(to_forecaster(model))
        ('student_t', None)
    """
    output = output_of(model)
    read = any(isinstance(layer, DistributionQuantiles) for layer in model.layers)
    return None if output is None or read else output.distribution


def to_forecaster(
    model: keras.Model, levels: Sequence[float] = (), *, samples: int = 200, seed: int = 0
) -> keras.Model:
    """A model that maps a history to the steps ahead, sharing the given model's weights.

    A direct model is returned as it is. A seq2seq model is read at its last time step (its head
    runs there alone). A recursive model reads the history once, then goes on step by step, feeding
    each forecast back and carrying the recurrent state: the same numbers as running the whole model
    on the history grown by each forecast, at the cost of time + horizon steps.

    Of a model with a distribution the forecast is the median. A recursive one feeds draws back
    along many paths, over which the median and the bounds are taken (see `SampledPaths`).

    Args:
        model: ``(batch, time, features)`` to any of the shapes in `forecasters`.
        levels: of the bounds that a model with a distribution gives, in percent. Any other model
            gives those that it learnt, if any (`add_bounds` gives it others).
        samples, seed: number of paths and seed of their draws, for a recursive model with a
            distribution.

    Returns:
        ``history (batch, time, features) -> (batch, horizon, targets)``, batch and time dynamic;
        from a dict of ``history``, ``future (batch, time + horizon, num_future)`` and
        ``static (batch, num_static)`` where the model was built with such columns. With levels
        ``(batch, horizon, 1 + 2 * levels)``: median, then lower and upper bound of each level.

    Raises:
        ValueError: if the model is not from a builder of this package, for levels that are none,
            or fewer than two samples.

    Example:
        >>> from keras_rnn_recipes.builders.forecasters import recursive_forecaster
        >>> to_forecaster(recursive_forecaster(12)).output_shape
        (None, 12, 1)
        >>> model = recursive_forecaster(12, distribution="gaussian")
        >>> to_forecaster(model, levels=(80, 95)).output_shape
        (None, 12, 5)
    """
    strategy = forecaster_info(model).strategy
    levels, distribution = checked_levels(levels), distribution_of_model(model)
    exact, name = {"dtype": keras.config.floatx()}, f"{model.name}_forecaster"
    if strategy == "recursive":
        inputs = new_inputs(model)
        if distribution is None:
            layer = Recursion(model, name="recursion", **exact)
        else:
            layer = SampledPaths(model, levels, samples, seed, name="paths", **exact)
        return keras.Model(inputs, layer(inputs), name=name)
    if strategy == "seq2seq":
        model = model_at_last_step(model)
    if distribution is None:
        return model
    quantiles = DistributionQuantiles(distribution, levels, name="quantiles", **exact)
    return keras.Model(model.input, quantiles(model.output), name=name)
