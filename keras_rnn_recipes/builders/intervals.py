"""A forecaster that says how sure it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

from keras_rnn_recipes.builders.to_forecaster import forecaster_info, to_forecaster
from keras_rnn_recipes.layers import (
    DistributionQuantiles,
    ForecastBounds,
    ForecastOutput,
    SampledPaths,
)

_WITH_LEVELS = ForecastBounds | ForecastOutput | DistributionQuantiles | SampledPaths


def add_bounds(
    model: keras.Model,
    levels: Sequence[float],
    widths: Any,
    *,
    season_length: int = 1,
    nonnegative: bool = False,
) -> keras.Model:
    """Put bounds beside a model's forecasts, inside the graph, sharing its weights.

    Args:
        model: from a builder of this package or from `to_forecaster`, with one target.
        levels, widths, season_length, nonnegative: as in `ForecastBounds`; the widths
            ``(horizon, 2 * levels)``.

    Returns:
        ``history (batch, time, features) -> (batch, horizon, 1 + 2 * levels)``: the forecast, then
        lower and upper bound of each level.

    Raises:
        ValueError: for a model of several targets, or widths of another shape.

    Example:
        >>> from keras_rnn_recipes.builders.forecasters import direct_forecaster
        >>> add_bounds(direct_forecaster(2), [80], [[-1, 1], [-2, 2]]).output_shape
        (None, 2, 3)
    """
    info = forecaster_info(model)
    if levels_of_model(model):
        raise ValueError("The model gives intervals already.")
    if info.num_targets != 1:
        raise ValueError(f"Bounds are for one target; the model has {info.num_targets}.")
    if len(widths) != info.horizon:
        raise ValueError(
            f"widths must have a row for each of {info.horizon} steps; received {len(widths)}."
        )
    forecaster = to_forecaster(model)
    inputs = forecaster.input
    history = inputs["history"] if isinstance(inputs, dict) else inputs
    layer = ForecastBounds(
        levels, widths, season_length, nonnegative, name="bounds", dtype=keras.config.floatx()
    )
    return keras.Model(inputs, layer(history, forecaster.output), name=f"{forecaster.name}_bounds")


def levels_of_model(model: keras.Model) -> tuple[float, ...]:
    """The levels of the bounds that a model gives; none for one without.

    Example:
        >>> from keras_rnn_recipes.builders.forecasters import direct_forecaster
        >>> levels_of_model(add_bounds(direct_forecaster(1), [80, 95], [[-1, 1, -2, 2]]))
        (80.0, 95.0)
    """
    found = [
        layer.levels for layer in model.layers if isinstance(layer, _WITH_LEVELS) and layer.levels
    ]
    return tuple(found[0]) if found else ()
