"""Add prediction intervals to a forecaster."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

from keras_rnn_recipes.builders.served import serve, served_layer
from keras_rnn_recipes.builders.to_forecaster import forecaster_info, to_forecaster
from keras_rnn_recipes.layers import (
    DistributionQuantiles,
    ForecastBounds,
    ForecastMixture,
    ForecastOutput,
    SampledPaths,
)

_WITH_LEVELS = (
    ForecastBounds | ForecastMixture | ForecastOutput | DistributionQuantiles | SampledPaths
)


def add_bounds(
    model: keras.Model,
    levels: Sequence[float],
    widths: Any,
    *,
    season_length: int = 1,
    nonnegative: bool = False,
) -> keras.Model:
    """Add lower and upper bounds to a model's forecasts, inside the graph, with shared weights.

    Args:
        model: from a builder of this package or from `to_forecaster`, with one target.
        levels, widths, season_length, nonnegative: as in `ForecastBounds`; ``widths`` has the shape
            ``(horizon, 2 * levels)``.

    Returns:
        ``history (batch, time, features) -> (batch, horizon, 1 + 2 * levels)``: the forecast, then
        lower and upper bound of each level.

    Raises:
        ValueError: the model has several targets or has intervals already, or ``widths`` has
            another shape.

    Example:
        >>> from keras_rnn_recipes.builders.forecasters import direct_forecaster
        >>> add_bounds(direct_forecaster(2), [80], [[-1, 1], [-2, 2]]).output_shape
        (None, 2, 3)
    """
    info = forecaster_info(model)
    if levels_of_model(model):
        raise ValueError("The model has intervals already; pass the model without them.")
    if info.num_targets != 1:
        raise ValueError(f"Bounds need a model with one target; this one has {info.num_targets}.")
    if len(widths) != info.horizon:
        raise ValueError(
            f"widths must have a row for each step, {info.horizon} in all; received {len(widths)}."
        )
    forecaster = to_forecaster(model)
    served = served_layer(forecaster)
    if served is None:
        return _bounded(forecaster, levels, widths, season_length, nonnegative)
    # The bounds are computed from the window, and limited together with the forecast.
    options = served.options | {"nonnegative": served.nonnegative or nonnegative}
    bounded = _bounded(served.model, levels, widths, season_length, False, refuse_unknown=True)
    return serve(bounded, **options)


def _bounded(forecaster, levels, widths, season_length, nonnegative, refuse_unknown=False):
    """The forecaster with one more layer."""
    inputs = forecaster.input
    history = inputs["history"] if isinstance(inputs, dict) else inputs
    options = (levels, widths, season_length, nonnegative, refuse_unknown)
    layer = ForecastBounds(*options, name="bounds", dtype=keras.config.floatx())
    return keras.Model(inputs, layer(history, forecaster.output), name=f"{forecaster.name}_bounds")


def levels_of_model(model: keras.Model) -> tuple[float, ...]:
    """The levels of a model's prediction intervals, in percent; empty if it has none.

    Example:
        >>> from keras_rnn_recipes.builders.forecasters import direct_forecaster
        >>> levels_of_model(add_bounds(direct_forecaster(1), [80, 95], [[-1, 1, -2, 2]]))
        (80.0, 95.0)
    """
    served = served_layer(model)
    if served is not None:
        return levels_of_model(served.model)
    found = [
        layer.levels for layer in model.layers if isinstance(layer, _WITH_LEVELS) and layer.levels
    ]
    return tuple(found[0]) if found else ()
