"""Presets: named forecasting networks, each a few defaults for `forecaster`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from keras_rnn_recipes.builders.forecasters import Strategy, forecaster
from keras_rnn_recipes.builders.pretrained import pretrained
from keras_rnn_recipes.layers.cells import CELLS

# Lags that each time step reads if the network has no recurrent state.
_LAGS_WITHOUT_MEMORY = 28


def simple_rnn(strategy: Strategy, horizon: int, **options: Any) -> keras.Model:
    """One layer of the simplest recurrent cell (Elman 1990), 32 units.

    Args:
        strategy, horizon, options: as in `forecaster`; options replace the defaults of the preset.

    Returns:
        An uncompiled ``keras.Model`` with the shapes of `forecaster`.

    Raises:
        ValueError: as in `forecaster`.

    Example:
        >>> simple_rnn("direct", horizon=14).output_shape
        (None, 14, 1)
    """
    return forecaster(
        strategy, horizon, **{"cell": "simple_rnn", "units": CELLS["simple_rnn"].units, **options}
    )


def deep_rnn(strategy: Strategy, horizon: int, **options: Any) -> keras.Model:
    """Three layers of SimpleRNN, 32 units each; arguments and result as in `simple_rnn`.

    Example:
        >>> deep_rnn("seq2seq", horizon=14).output_shape
        (None, None, 14, 1)
    """
    defaults = {"cell": "simple_rnn", "units": (32, 32, 32)}
    return forecaster(strategy, horizon, **{**defaults, **options})


def lstm(strategy: Strategy, horizon: int, **options: Any) -> keras.Model:
    """One layer of long short-term memory (Hochreiter and Schmidhuber 1997), 48 units.

    Arguments and result as in `simple_rnn`.

    Example:
        >>> lstm("recursive", horizon=14).output_shape
        (None, None, 1)
    """
    return forecaster(
        strategy, horizon, **{"cell": "lstm", "units": CELLS["lstm"].units, **options}
    )


def gru(strategy: Strategy, horizon: int, **options: Any) -> keras.Model:
    """One layer of gated recurrent units (Cho et al. 2014), 48 units.

    Arguments and result as in `simple_rnn`.

    Example:
        >>> gru("direct", horizon=14, num_features=3).input_shape
        (None, None, 3)
    """
    return _one_layer("gru", strategy, horizon, options)


def dense(strategy: Strategy, horizon: int, **options: Any) -> keras.Model:
    """Two dense layers on the last 28 values, a comparison network without recurrence.

    Arguments and result as in `simple_rnn`.

    Example:
        >>> dense("direct", horizon=14).output_shape
        (None, 14, 1)
    """
    defaults = {"cell": "dense", "units": (64, 64), "lags": _LAGS_WITHOUT_MEMORY}
    return forecaster(strategy, horizon, **{**defaults, **options})


def conv(strategy: Strategy, horizon: int, **options: Any) -> keras.Model:
    """Five causal convolutions, dilations 1 to 16, over 63 steps (van den Oord et al. 2016).

    Arguments and result as in `simple_rnn`.

    Example:
        >>> conv("direct", horizon=14).output_shape
        (None, 14, 1)
    """
    defaults = {"cell": "conv", "units": (32,) * 5, "residual": True}
    return forecaster(strategy, horizon, **{**defaults, **options})


def linear(strategy: Strategy, horizon: int, **options: Any) -> keras.Model:
    """Linear regression on the last 28 values, trained like the networks (Zeng et al. 2023).

    Arguments and result as in `simple_rnn`.

    Example:
        >>> linear("direct", horizon=14).output_shape
        (None, 14, 1)
    """
    defaults = {"cell": "linear", "lags": _LAGS_WITHOUT_MEMORY}
    return forecaster(strategy, horizon, **{**defaults, **options})


PRESETS: dict[str, Callable[..., keras.Model]] = {
    preset.__name__: preset for preset in (simple_rnn, deep_rnn, lstm, gru, dense, conv, linear)
}


def build_forecaster(preset: str, strategy: Strategy, horizon: int, **options: Any) -> keras.Model:
    """Build the preset of a name.

    Args:
        preset: a key of `PRESETS`, the name of a registered cell, or ``"pretrained"``, which has
            the direct strategy only.
        strategy, horizon, options: as in `forecaster`.

    Returns:
        An uncompiled ``keras.Model``.

    Raises:
        ValueError: an unknown preset, or as in `forecaster`.

    Example:
        >>> build_forecaster("gru", "direct", 14).name
        'gru_direct'
    """
    if preset in PRESETS:
        return PRESETS[preset](strategy, horizon, **options)
    if preset == pretrained.__name__:
        return pretrained(strategy, horizon, **options)
    if preset not in CELLS:
        known = tuple(dict.fromkeys((*PRESETS, pretrained.__name__, *CELLS)))
        raise ValueError(f"preset must be one of {known}; received {preset!r}.")
    return _one_layer(preset, strategy, horizon, options)


def _one_layer(cell: str, strategy: Strategy, horizon: int, options: dict[str, Any]) -> keras.Model:
    defaults = {"cell": cell, "units": CELLS[cell].units}
    return forecaster(strategy, horizon, **{**defaults, **options})
