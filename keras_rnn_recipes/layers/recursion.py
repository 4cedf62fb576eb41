"""Feeding predictions back, with the recurrent state carried along inside the graph."""

from __future__ import annotations

from keras import layers, ops, saving, tree

from keras_rnn_recipes.layers._registry import registered
from keras_rnn_recipes.layers.missing import carry_forward


@registered
class CellStep(layers.Layer):
    """One step of a recurrent cell, its state passed in and out.

    Args:
        cell: a Keras recurrent cell, shared with the layer that was trained.

    Call arguments:
        values: ``(batch, 1, channels)``; states: one ``(batch, units)`` tensor per state.

    Returns:
        The output ``(batch, 1, units)`` and the new states.
    """

    def __init__(self, cell, **kwargs):
        super().__init__(**kwargs)
        self.cell = cell

    def call(self, values, *states):
        output, new_states = self.cell(values[:, 0], list(states))
        return output[:, None], *new_states

    def get_config(self):
        return {**super().get_config(), "cell": saving.serialize_keras_object(self.cell)}

    @classmethod
    def from_config(cls, config):
        return cls(**{**config, "cell": saving.deserialize_keras_object(config["cell"])})


@registered
class Recursion(layers.Layer):
    """Repeats a one-step model, each forecast becoming the next step's latest value.

    Args:
        step_model: from one flat vector, `recent_values` followed by the states, to the forecast
            ``(batch, 1, targets)`` and the new states.
        horizon: steps to forecast, at least 1.
        context: how many steps before the latest one the step model looks at.

    Call arguments:
        history: ``(batch, time, targets)``, NaN = missing.
        first: ``(batch, 1, targets)``, the first forecast, from a pass over the whole history.
        states: the states after that pass.

    Returns:
        ``(batch, horizon, targets)``. The cost is that of time + horizon steps.
    """

    def __init__(self, step_model, horizon, context, **kwargs):
        super().__init__(**kwargs)
        self.step_model, self.horizon, self.context = step_model, horizon, context

    def call(self, history, first, *states):
        def step(_, carry):
            recent, forecasts, *states = carry
            flat = ops.reshape(recent, (-1, recent.shape[1] * recent.shape[2]))
            forecast, *states = tree.flatten(self.step_model(ops.concatenate([flat, *states], 1)))
            forecasts = ops.concatenate([forecasts[:, 1:], forecast], axis=1)
            return (_append(recent, forecast), forecasts, *states)

        # A row of forecasts that shifts by one each step ends with the first in front.
        recent = _append(recent_values(history, self.context), first)
        carry = (recent, ops.repeat(first, self.horizon, axis=1), *states)
        return ops.fori_loop(0, self.horizon - 1, step, carry)[1]

    def compute_output_shape(self, history_shape, first_shape, *state_shapes):
        return (history_shape[0], self.horizon, history_shape[2])

    def get_config(self):
        config = {"horizon": self.horizon, "context": self.context}
        step_model = saving.serialize_keras_object(self.step_model)
        return {**super().get_config(), **config, "step_model": step_model}

    @classmethod
    def from_config(cls, config):
        step_model = saving.deserialize_keras_object(config["step_model"])
        return cls(**{**config, "step_model": step_model})


def recent_values(history, context):
    """The last ``context + 2`` steps, padded with NaN in front where the history is shorter.

    The oldest of them is the value carried there from before, so that what follows can be filled
    exactly as in the whole history; no statistic or lag reaches that far back.

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
    return ops.reshape(recent, (-1, size, history.shape[2]))  # says that the length is known


def _append(recent, forecast):
    oldest = ops.where(ops.isnan(recent[:, 1:2]), recent[:, :1], recent[:, 1:2])
    return ops.concatenate([oldest, recent[:, 2:], forecast], axis=1)
