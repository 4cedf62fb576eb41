"""Recursive forecasting inside the graph: feed each forecast back, carry the recurrent states."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops, saving, tree

from keras_rnn_recipes.layers._registry import registered
from keras_rnn_recipes.layers.output import output_of
from keras_rnn_recipes.layers.replay import input_shapes, new_inputs, replay_layers
from keras_rnn_recipes.layers.stepping import (
    at_last_step,
    context_of,
    has_convolutions,
    one_step_call,
    read_instead,
    state_widths,
    warm_up_call,
)
from keras_rnn_recipes.pretrained.arrays import carry_forward


@registered
class Recursion(layers.Layer):
    """Apply a one-step model repeatedly; each forecast is the latest value of the next step.

    The layer contains the trained model and replays its layers as two more models with the same
    weights: one reads the whole history and returns the last states, the other computes a single
    step from there. Only the trained model is saved, because Keras cannot load two models that
    share layers.

    Args:
        model: recursive forecaster, ``(batch, time, targets)`` to ``(batch, time, targets)``.

    Call arguments:
        inputs: history ``(batch, time, targets)``, NaN = missing. For a model with covariates a
            dict of ``history``, ``future (batch, time + horizon, columns)`` and ``static (batch,
            columns)``, of those that the model has.

    Returns:
        ``(batch, horizon, targets)``. The cost is that of time + horizon steps.
    """

    def __init__(self, model, **kwargs):
        super().__init__(**kwargs)
        self.model = model
        self.horizon, self.context = output_of(model).horizon, context_of(model)
        self._warm_up, self._step = continuation(model)

    def call(self, inputs):
        known = inputs if isinstance(inputs, dict) else {"history": inputs}
        recent = recent_values(known["history"], self.context)
        first, *states = tree.flatten(self._warm_up(inputs))
        return walk(self._step, known, recent, first, *states, horizon=self.horizon)

    def compute_output_shape(self, inputs_shape):
        shape = inputs_shape["history"] if isinstance(inputs_shape, dict) else inputs_shape
        return (shape[0], self.horizon, shape[2])

    def get_config(self):
        return {**super().get_config(), "model": saving.serialize_keras_object(self.model)}

    @classmethod
    def from_config(cls, config):
        return cls(**{**config, "model": saving.deserialize_keras_object(config["model"])})


def continuation(model):
    """Two functions that share the weights of a recursive model: warm-up, and one step.

    Returns:
        From the inputs to the first output and the states, and from the inputs of one step to the
        next output and states.
    """
    # Functions instead of models: Keras would track the models and save every weight twice.
    warm_up, step = _warm_up(model), _step(model, context_of(model))
    return (lambda x: warm_up(x)), (lambda x: step(x))


def walk(step, known, recent, output, *states, horizon, value=lambda output, number: output):
    """Continue from the end of a history; each value is the latest value of the next step.

    Args:
        step: from `continuation`.
        known: the inputs by name; only the length of the history is used.
        recent: ``(batch, context + 2, features)``, from `recent_values`.
        output, states: at the end of the history, from `continuation`.
        horizon: number of steps.
        value: from the output of a step and the number of the step, from 0, to the value ``(batch,
            1, features)`` that is fed back; the output itself by default.

    Returns:
        The values, ``(batch, horizon, features)``.
    """

    def advance(number, carry):
        recent, values, *states = carry
        flat = ops.reshape(recent, (-1, recent.shape[1] * recent.shape[2]))
        given = _given(known, ops.concatenate([flat, *states], 1), number, recent.shape[1] - 2)
        output, *states = tree.flatten(step(given))
        latest = value(output, number + 1)
        values = ops.concatenate([values[:, 1:], latest], axis=1)
        return (_append(recent, latest), values, *states)

    first = value(output, 0)
    # The values shift by one at each step, so that in the end the first value is at the front.
    carry = (_append(recent, first), ops.repeat(first, horizon, axis=1), *states)
    return ops.fori_loop(0, horizon - 1, advance, carry)[1]


def _given(known, carry, number, context):
    """The inputs of one step: the carry and the covariates of the recent steps and the next one."""
    given = {**known, "history": carry}
    if "future" in known:
        padding = ops.repeat(known["future"][:, :1], context + 1, axis=1)
        rows = ops.concatenate([padding, known["future"]], axis=1)
        first = ops.shape(known["history"])[1] + number
        given["future"] = ops.take(rows, first + ops.arange(context + 3), axis=1)
    return given if len(given) > 1 else carry


def _warm_up(model):
    """A model from a history to the forecast of the next value and the last states."""
    states: list[Any] = []
    history = new_inputs(model)
    output = replay_layers(model, history, warm_up_call(states))
    return keras.Model(history, [output, *states], name="warm_up")


def _step(model, context):
    """A model from one flat vector, the recent values and states, to the forecast and new states.

    Covariates have inputs of their own: ``future`` of the recent steps and the next one.
    """
    shapes = input_shapes(model)
    size = (context + 2) * shapes["history"][-1]
    widths = [
        width
        for layer in model.layers
        if isinstance(layer, layers.RNN)
        for width in state_widths(layer)
    ]
    # Keras matches inputs by name, so the carry has the name of the history that it replaces.
    carry = keras.Input((size + sum(widths),), name="history")
    known = {"history": carry}
    if "future" in shapes:
        known["future"] = keras.Input((context + 3, shapes["future"][-1]), name="future")
    if "static" in shapes:
        known["static"] = keras.Input(shapes["static"][1:], name="static")
    inputs = known if len(known) > 1 else carry
    recent = ops.reshape(carry[:, :size], (-1, context + 2, shapes["history"][-1]))
    states: list[Any] = []
    # Convolutions have no state, so each step reads all recent values again.
    call = at_last_step if has_convolutions(model) else one_step_call(carry, size, states)
    output = replay_layers(model, inputs, read_instead(recent, call))
    return keras.Model(inputs, [output, *states], name="step")


def recent_values(history, context):
    """The last ``context + 2`` steps, with NaN in front if the history is shorter.

    The oldest of them is the last value observed up to that step, so that missing values after it
    are filled exactly as in the whole history. No statistic or lag reads the oldest step itself.

    Args:
        history: ``(batch, time, features)``, NaN = missing.

    Returns:
        ``(batch, context + 2, features)``.
    """
    size = context + 2
    padding = ops.full_like(history[:, :1], float("nan"))
    history = ops.concatenate([ops.repeat(padding, size, axis=1), history], axis=1)
    seen = ops.cumsum(ops.cast(ops.logical_not(ops.isnan(history)), "int32"), axis=1) > 0
    carried = ops.where(seen, carry_forward(history), float("nan"))
    recent = ops.concatenate([carried[:, -size : -size + 1], history[:, 1 - size :]], axis=1)
    return ops.reshape(recent, (-1, size, history.shape[2]))  # makes the length static


def _append(recent, forecast):
    oldest = ops.where(ops.isnan(recent[:, 1:2]), recent[:, :1], recent[:, 1:2])
    return ops.concatenate([oldest, recent[:, 2:], forecast], axis=1)
