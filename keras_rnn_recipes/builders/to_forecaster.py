"""One inference contract: any of the three strategies becomes history -> the steps ahead."""

from __future__ import annotations

from typing import Any, NamedTuple

import keras
from keras import layers, ops, tree

from keras_rnn_recipes.layers import (
    AlignEnd,
    AlignStart,
    CellStep,
    FillMissing,
    ForecastOutput,
    Lags,
    LastStep,
    Recursion,
    SeasonalBase,
    WindowStatistics,
)


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
    num_features = model.input_shape[-1]
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
        ``history (batch, time, features) -> (batch, horizon, targets)``, batch and time dynamic.

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
        return _rewire(model, None, _at_last_step)[0]
    return _recursive(model, info)


def _recursive(model: keras.Model, info: ForecasterInfo) -> keras.Model:
    context = _context(model)
    states: list[Any] = []
    warm_up, history = _rewire(model, None, _running(states))
    first = warm_up.output

    recent_size = (context + 2) * info.num_features
    carry = keras.Input((recent_size + sum(state.shape[1] for state in states),), name="carry")
    recent = ops.reshape(carry[:, :recent_size], (-1, context + 2, info.num_features))
    new_states: list[Any] = []
    if any(isinstance(layer, layers.Conv1D) and layer.kernel_size[0] > 1 for layer in model.layers):
        # Convolutions keep no state: each step looks at all of the recent values again.
        call = _reading(recent, _at_last_step)
    else:
        call = _reading(recent, _stepping(carry, recent_size, new_states))
    step, _ = _rewire(model, carry, call)
    step_model = keras.Model(carry, [step.output, *new_states], name="step")
    forecast = Recursion(step_model, info.horizon, context, name="recursion")(
        history, first, *states
    )
    return keras.Model(history, forecast, name=f"{model.name}_forecaster")


def _rewire(model, inputs, call):
    """The same layers with the same weights on new inputs, ``call`` deciding how each is called."""
    if inputs is None:
        inputs = keras.Input(model.input_shape[1:], name="history")
    clone = keras.models.clone_model(
        model, input_tensors=inputs, clone_function=lambda layer: layer, call_function=call
    )
    return clone, inputs


def _at_last_step(layer, *args, **kwargs):
    """Head and output at the last time step alone."""
    if isinstance(layer, layers.Dense) and layer.name == "head":
        return layer(LastStep()(*args), **kwargs)
    if isinstance(layer, ForecastOutput):
        config = {**layer.get_config(), "strategy": "direct"}
        return ForecastOutput.from_config(config)(*args, **kwargs)
    return layer(*args, **kwargs)


def _running(states):
    """Over the whole history, noting the state each recurrent layer ends in."""
    mask = None

    def call(layer, *args, **kwargs):
        nonlocal mask
        if isinstance(layer, AlignStart):
            *_, mask = result = layer(*args, **kwargs)
            return result
        if isinstance(layer, layers.RNN):
            # The mask keeps the padding behind a short history out of the final state. The cell is
            # the trained layer's own; the plain RNN layer around it never needs cuDNN.
            reader = layers.RNN(layer.cell, return_sequences=True, return_state=True)
            output, *final = reader(*args, mask=mask)
            states.extend(final)
            return output
        return _at_last_step(layer, *args, **kwargs)

    return call


def _reading(recent, call):
    """As ``call``, but on the recent values instead of the model's input."""
    return lambda layer, *args, **kwargs: (
        layer(recent) if isinstance(layer, FillMissing) else call(layer, *args, **kwargs)
    )


def _stepping(carry, position, new_states):
    """At the latest step alone; recurrent states come from ``carry``, from ``position`` on."""

    def call(layer, *args, **kwargs):
        nonlocal position
        if isinstance(layer, Lags | WindowStatistics | SeasonalBase):
            return layer(*args, **kwargs, last_only=True)
        if isinstance(layer, AlignStart):
            return args[0], args[0], args[0]  # one step, the latest: nothing to align
        if isinstance(layer, AlignEnd):
            return args[0]
        if isinstance(layer, layers.Concatenate) and layer.name == "inputs":
            scaled, observed = args[0]
            return layer([scaled, LastStep()(observed)])
        if isinstance(layer, layers.RNN):
            states = []
            for width in tree.flatten(layer.cell.state_size):
                states.append(carry[:, position : position + width])
                position += width
            output, *new = CellStep(layer.cell)(*args, *states)
            new_states.extend(new)
            return output
        return _at_last_step(layer, *args, **kwargs)

    return call


def _context(model):
    """How many steps before the latest one a forecast depends on, beside the recurrent state."""
    nested = max(getattr(layer, "context", 0) for layer in model.layers)
    convolutions = sum(
        (layer.kernel_size[0] - 1) * layer.dilation_rate[0]
        for layer in model.layers
        if isinstance(layer, layers.Conv1D)
    )
    return nested + convolutions
