"""One inference contract: any of the three strategies becomes history -> the steps ahead."""

from __future__ import annotations

from typing import NamedTuple

import keras

from keras_rnn_recipes.layers import ForecastOutput, Recursion
from keras_rnn_recipes.layers.rewiring import at_last_step, input_shapes, new_inputs, rewire


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
        if isinstance(layer, Recursion):
            return ForecasterInfo("direct", layer.horizon, num_features, num_features)
    for layer in model.layers:
        if isinstance(layer, ForecastOutput):
            return ForecasterInfo(layer.strategy, layer.horizon, num_features, layer.num_targets)
    raise ValueError(
        "The model has no ForecastOutput layer. Expected a model from direct_forecaster, "
        "seq2seq_forecaster, recursive_forecaster or one of the presets."
    )


def to_forecaster(model: keras.Model) -> keras.Model:
    """A model that maps a history to the steps ahead, sharing the given model's weights.

    A direct model is returned as it is. A seq2seq model is read at its last time step (its head
    runs there alone). A recursive model reads the history once, then goes on step by step, feeding
    each forecast back and carrying the recurrent state: the same numbers as running the whole model
    on the history grown by each forecast, at the cost of time + horizon steps.

    Args:
        model: ``(batch, time, features)`` to any of the shapes in `forecasters`.

    Returns:
        ``history (batch, time, features) -> (batch, horizon, targets)``, batch and time dynamic;
        from a dict of ``history``, ``future (batch, time + horizon, num_future)`` and
        ``static (batch, num_static)`` where the model was built with such columns.

    Raises:
        ValueError: if the model is not from a builder of this package.

    Example:
        >>> from keras_rnn_recipes.builders.forecasters import recursive_forecaster
        >>> to_forecaster(recursive_forecaster(12)).output_shape
        (None, 12, 1)
    """
    info = forecaster_info(model)
    if info.strategy == "direct":
        return model
    if info.strategy == "seq2seq":
        return rewire(model, None, at_last_step)[0]
    inputs = new_inputs(model)
    forecast = Recursion(model, name="recursion", dtype=keras.config.floatx())(inputs)
    return keras.Model(inputs, forecast, name=f"{model.name}_forecaster")
