"""The last part of a forecaster: from a history of any length to an answer that was checked."""

from __future__ import annotations

from typing import Any

import keras

from keras_rnn_recipes.layers import ServedForecast
from keras_rnn_recipes.layers.replay import input_shapes

_NAME = "served"


def serve(model: keras.Model, **options: Any) -> keras.Model:
    """A forecaster that reads its window from a history of any length, with shared weights.

    Args:
        model: a forecaster, ``(batch, time, features)`` to ``(batch, horizon, outputs)``.
        options: the arguments of `ServedForecast` besides ``model``.

    Returns:
        A model with the inputs and the output shape of ``model``. If ``relative``, the history and
        the output are float64.

    Example:
        >>> history = keras.Input((None, 1))
        >>> last = keras.Model(history, history[:, -1:])
        >>> serve(last, lookback=3).output_shape
        (None, None, 1)
    """
    dtype = exact_dtype() if options.get("relative") else keras.config.floatx()
    inputs = {
        name: keras.Input(shape[1:], name=name, dtype=dtype if name == "history" else None)
        for name, shape in input_shapes(model).items()
    }
    given = inputs if isinstance(model.input, dict) else inputs["history"]
    layer = ServedForecast(model, **options, name=_NAME, dtype=dtype)
    return keras.Model(given, layer(given), name=model.name)


def served_layer(model: keras.Model) -> ServedForecast | None:
    """The `ServedForecast` of a model; None for any other model.

    Example:
        >>> served_layer(keras.Sequential([keras.Input((3,))])) is None
        True
    """
    return next((layer for layer in model.layers if isinstance(layer, ServedForecast)), None)


def exact_dtype() -> str:
    """The dtype for numbers with more digits than float32; JAX has float64 only on request."""
    return "float64" if keras.backend.backend() == "tensorflow" else keras.config.floatx()
