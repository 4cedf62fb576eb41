"""The common interface for inference: a model of any strategy as ``history -> steps ahead``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import keras

from keras_rnn_recipes.builders.levels import checked_levels
from keras_rnn_recipes.builders.served import serve, served_layer
from keras_rnn_recipes.layers import (
    DistributionQuantiles,
    ForecastMixture,
    ForecastOutput,
    Recursion,
    SampledPaths,
    WindowStatistics,
)
from keras_rnn_recipes.layers.output import output_of
from keras_rnn_recipes.layers.replay import all_layers, input_shapes, new_inputs
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
    served = served_layer(model)
    if served is not None:
        return forecaster_info(served.model)
    num_features = input_shapes(model)["history"][-1]
    for layer in model.layers:
        if isinstance(layer, Recursion | SampledPaths | ForecastMixture):
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
    model: keras.Model,
    levels: Sequence[float] = (),
    *,
    samples: int = 200,
    seed: int = 0,
    lookback: int | None = None,
    season_length: int = 1,
    nonnegative: bool = False,
) -> keras.Model:
    """Convert a model of any strategy to a model from a history to the steps ahead.

    The result shares the weights of the given model. A direct model is returned unchanged. Of a
    seq2seq model only the last time step is computed in the head. A recursive model reads the
    history once, then computes step by step: it feeds each forecast back and carries the recurrent
    states. The numbers are the same as those of the whole model on the history extended by each
    forecast, at the cost of time + horizon steps.

    A model with the scaling ``"change"`` takes and returns float64: it reads each history relative
    to its last observed value, so that a level as large as that of a meter costs no digits.

    The forecast of a model with a distribution is the median. If it is recursive, it feeds draws
    back along many paths, and the median and the bounds are quantiles over the paths (see
    `SampledPaths`).

    Args:
        model: ``(batch, time, features)`` to any of the shapes in `forecasters`.
        levels: of the prediction intervals of a model with a distribution, in percent. Any other
            model has the intervals that it has learned, if any, or those of `add_bounds`.
        samples, seed: number of paths and seed of their draws, for a recursive model with a
            distribution.
        lookback: steps of history that the model was trained on. The forecaster then reads the last
            ``lookback`` steps of a history of any length; if nothing was observed in them, it reads
            earlier ones (see `recent_window`). None: it reads the whole history.
        season_length: steps in a season, for such gaps.
        nonnegative: replace forecasts and bounds below zero by zero, for data that are never
            negative. A history with negative values has no such limit.

    Returns:
        ``history (batch, time, features) -> (batch, horizon, targets)``, batch and time dynamic.
        A model with covariates takes a dict of ``history``, ``future (batch, time + horizon,
        num_future)`` and ``static (batch, num_static)``. With levels the output is ``(batch,
        horizon, 1 + 2 * levels)``: median, then lower and upper bound of each level. The forecast
        of a history without an observed target is NaN; with ``lookback`` or ``nonnegative`` also
        that of a history with negative values, if the model works on logarithms.

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
    forecast = _all_steps(model, levels, samples, seed)
    relative = any(
        isinstance(x, WindowStatistics | ForecastMixture) and x.scaling == "change"
        for x in all_layers(model)
    )
    wanted = lookback is not None or nonnegative or relative
    if served_layer(model) is not None or not wanted:
        return forecast
    output = next((x for x in all_layers(model) if isinstance(x, ForecastOutput)), None)
    options: dict[str, Any] = {"lookback": lookback, "season_length": season_length}
    options |= {"num_targets": forecaster_info(model).num_targets, "nonnegative": nonnegative}
    logarithms = output is not None and output.transform == "log"
    return serve(forecast, **options, refuse_negative=logarithms, relative=relative)


def _all_steps(model: keras.Model, levels: Sequence[float], samples: int, seed: int) -> keras.Model:
    """A model from a history to all steps ahead, whatever the strategy."""
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
    output = output_of(model)
    point = "median" if output is None else output.point
    quantiles = DistributionQuantiles(distribution, levels, point, name="quantiles", **exact)
    return keras.Model(model.input, quantiles(model.output), name=name)
