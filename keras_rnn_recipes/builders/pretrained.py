"""The pretrained forecaster: a network that has seen many generated series, for any season."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras

from keras_rnn_recipes.builders.forecasters import parameters_in_words
from keras_rnn_recipes.builders.levels import checked_levels
from keras_rnn_recipes.builders.training_checks import check_training
from keras_rnn_recipes.layers.forecast_mixture import ForecastMixture
from keras_rnn_recipes.pretrained.card import FOLDER, pretrained_card, read_weights
from keras_rnn_recipes.pretrained.mixture import two_seasons

# Options of `forecaster` that this network has no part for, with the values that change nothing.
_NO_PART: dict[str, Any] = {"num_features": 1, "num_targets": 1, "num_future": 0}
_NO_PART |= {"num_static": 0, "past_codes": (), "future_codes": (), "static_codes": ()}

# Options of `forecaster` that it has.
_OPTIONS = ("season_length", "quantiles", "scaling")


def pretrained_forecaster(
    horizon: int,
    *,
    season_length: int | Sequence[int] = 1,
    levels: Sequence[float] = (),
    scaling: str | None = None,
    folder: str | Path = FOLDER,
) -> keras.Model:
    """The pretrained forecaster, for a season and a horizon.

    Its weights were learned from generated series alone, so that it forecasts at once. It can be
    trained further like a forecaster with the direct strategy.

    Args:
        horizon: number of steps to forecast.
        season_length: number of steps in a season, 1 for none; or a season and a longer one, such
            as ``(24, 168)``.
        levels: of prediction intervals in percent, each at most 95.
        scaling: ``"change"`` for levels that are large against the changes: `to_forecaster` then
            computes in float64.
        folder: with a card and weights, as ``recipes/pretraining`` writes them.

    Returns:
        An uncompiled ``keras.Model``, ``(batch, time, 1) -> (batch, horizon, 1 + 2 * levels)``:
        median, then lower and upper bound of each level. The history may have any length and may
        have NaN.

    Raises:
        ValueError: an argument out of range.
        UserError: the weights are missing or damaged.

    Example:
        >>> model = pretrained_forecaster(3, season_length=4, levels=(80,))
        >>> import numpy as np
        >>> history = np.tile([2.0, 3.0, 5.0, 4.0], 5).reshape(1, 20, 1)
        >>> np.asarray(model(history))[0, :, 0].round(1).tolist()
        [2.0, 3.0, 5.0]
    """
    card = pretrained_card(folder)
    layer = ForecastMixture(
        horizon,
        two_seasons(season_length),
        checked_levels(levels),
        card.units,
        card.hidden,
        card.forecasts,
        scaling=scaling,
        widening=card.widening,
        name="forecast",
        dtype=keras.config.floatx(),
    )
    history = keras.Input((None, 1), name="history")
    model = keras.Model(history, layer(history), name="pretrained_direct")
    layer.set_weights(read_weights(card))
    return check_training(model, 1, parameters_in_words(levels, None))


def pretrained(strategy: str, horizon: int, **options: Any) -> keras.Model:
    """The pretrained forecaster as a preset of `build_forecaster`.

    Args:
        strategy: must be ``"direct"``.
        horizon: number of steps to forecast.
        options: ``season_length``, ``quantiles`` and ``scaling``; it has no covariates.

    Raises:
        ValueError: another strategy or option.

    Example:
        >>> pretrained("direct", 12, season_length=12).output_shape
        (None, 12, 1)
    """
    if strategy != "direct":
        raise ValueError(f"The pretrained network has the strategy 'direct', not {strategy!r}.")
    given = [
        name
        for name, value in options.items()
        if name not in _OPTIONS and not (name in _NO_PART and value == _NO_PART[name])
    ]
    if given:
        raise ValueError(
            f"The pretrained network has no option {', '.join(given)}; its options are "
            f"{', '.join(_OPTIONS)}."
        )
    kept = {name: options[name] for name in _OPTIONS if name in options}
    return pretrained_forecaster(horizon, levels=kept.pop("quantiles", ()), **kept)
