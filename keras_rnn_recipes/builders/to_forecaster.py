"""The common interface for inference: a model of any strategy as ``history -> steps ahead``."""

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
    """The strategy, horizon and sizes of a forecasting model."""

    strategy: str
    horizon: int
    num_features: int
    num_targets: int


def forecaster_info(model: keras.Model) -> ForecasterInfo:
    """The strategy, horizon and numbers of features and targets of a model.

    Args:
        model: from a builder of this package, or from `to_forecaster`.

    Returns:
        For a model from `to_forecaster` the strategy is ``"direct"``: it outputs all steps at once.

    Raises:
        ValueError: the model is from neither.

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
    """The name of the distribution whose parameters a model outputs; None for any other model.

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
    """Convert a model of any strategy to a model from a history to the steps ahead.

    The result shares the weights of the given model. A direct model is returned unchanged. Of a
    seq2seq model only the last time step is computed in the head. A recursive model reads the
    history once, then computes step by step: it feeds each forecast back and carries the recurrent
    states. The numbers are the same as those of the whole model on the history extended by each
    forecast, at the cost of time + horizon steps.

    The forecast of a model with a distribution is the median. If it is recursive, it feeds draws
    back along many paths, and the median and the bounds are quantiles over the paths (see
    `SampledPaths`).

    Args:
        model: ``(batch, time, features)`` to any of the shapes in `forecasters`.
        levels: of the prediction intervals of a model with a distribution, in percent. Any other
            model has the intervals that it has learned, if any, or those of `add_bounds`.
        samples, seed: number of paths and seed of their draws, for a recursive model with a
            distribution.

    Returns:
        ``history (batch, time, features) -> (batch, horizon, targets)``, batch and time dynamic.
        A model with covariates takes a dict of ``history``, ``future (batch, time + horizon,
        num_future)`` and ``static (batch, num_static)``. With levels the output is ``(batch,
        horizon, 1 + 2 * levels)``: median, then lower and upper bound of each level.

    Raises:
        ValueError: the model is not from a builder of this package, a level is invalid, or there
            are fewer than two samples.

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
