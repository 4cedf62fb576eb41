"""What a recipe leaves open is chosen from the data, and written into its ``config.json``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from keras_rnn_recipes.config.forecasting import Config
from keras_rnn_recipes.errors import UserError

if TYPE_CHECKING:
    from keras_rnn_recipes.data.frames import Panel


MAX_HELD_OUT_HORIZONS = 10

MAX_LOOKBACK = 512


def choose_defaults(config: Config, panel: Panel) -> Config:
    """Fill in what the recipe leaves open; what it gives stays.

    - ``data.freq`` and ``data.season_length``: as the panel has them.
    - ``data.test_size``: a tenth of the median series in whole horizons, at least one
      horizon and at most ten.
    - ``data.valid_size``: as long as the test part, shortened to what leaves a series of
      median length one horizon to train on, and 0 where that cannot be.
    - ``model.lookback``: twice the horizon or twice the season, whichever is longer, up to
      512 steps and to half of what the median series has for training.

    Args:
        config: the recipe.
        panel: its data.

    Returns:
        A configuration in which none of these is None.

    Raises:
        UserError: no series is long enough to hold out one horizon and train on the rest.
    """
    config = choose_parts(config, panel)
    if config.model.lookback is not None:
        return config
    left = _usual_length(config, panel) - config.data.held_out
    lookback = _lookback(config.model.horizon, panel.season_length, left)
    return config.model_copy(
        update={"model": config.model.model_copy(update={"lookback": lookback})}
    )


def choose_parts(config: Config, panel: Panel) -> Config:
    """Fill in ``data`` alone, as `choose_defaults` does.

    Args:
        config: the recipe.
        panel: its data.

    Returns:
        A configuration whose frequency, season and sizes of the parts are known.

    Raises:
        UserError: no series is long enough to hold out one horizon and train on the rest, or
            the loss is not for such values.
    """
    _check_loss(config, panel)
    length = _usual_length(config, panel)
    test = _test_size(config, length)
    data = {
        "test_size": test,
        "valid_size": _valid_size(config, length, test),
        "freq": panel.freq,
        "season_length": config.data.season_length or panel.season_length,
    }
    return config.model_copy(update={"data": config.data.model_copy(update=data)})


def _check_loss(config: Config, panel: Panel) -> None:
    y, loss = panel.frame["y"], config.fit.loss
    counts = config.model.distribution == "negative_binomial"
    if not counts and loss not in ("tweedie", "mae_log"):
        return
    unfit = (y < 0) | (counts & (y % 1 > 0))
    if unfit.any():
        first = panel.frame[unfit].iloc[0]
        raise UserError(
            f"fit.loss is {loss!r} and series {first['unique_id']!r} is {first['y']:g} at "
            f"{first['ds']}.",
            f"{'whole numbers' if counts else 'values'} of nought or more, such as counts and "
            "sales.",
            "choose another fit.loss, such as mae, or model.distribution, or mend the data.",
        )


def _usual_length(config: Config, panel: Panel) -> int:
    """The median length of the series that count.

    One no longer than the horizon can be forecast, but neither tested nor trained on.
    """
    lengths = panel.frame.groupby("unique_id", sort=False).size().to_numpy()
    usable = lengths[lengths > config.model.horizon]
    return int(np.median(usable if len(usable) else lengths))


def _test_size(config: Config, length: int) -> int:
    horizon = config.model.horizon
    if length <= horizon:
        raise UserError(
            f"No series is longer than the horizon of {horizon} steps: their median is {length}.",
            f"more than {horizon} steps: one horizon to test on, the rest to train on.",
            "give more data or a shorter horizon.",
        )
    given = config.data.test_size
    if given is not None and given < horizon:
        raise UserError(
            f"data.test_size is {given}, shorter than the horizon of {horizon} steps.",
            f"at least {horizon} steps to test on.",
            "raise data.test_size, leave it out, or lower model.horizon.",
        )
    if given is not None:
        return given
    horizons = min(max(length // 10 // horizon, 1), MAX_HELD_OUT_HORIZONS)
    return horizons * horizon


def _valid_size(config: Config, length: int, test: int) -> int:
    if config.data.valid_size is not None:
        return config.data.valid_size
    # One horizon and a step of history are the least that can be trained on.
    spare = length - test - (config.model.horizon + 1)
    valid = min(test, spare - spare % config.model.horizon)
    return max(valid, 0)


def _lookback(horizon: int, season_length: int, left: int) -> int:
    wanted = min(2 * max(horizon, season_length), MAX_LOOKBACK)
    return max(min(wanted, (left - horizon) // 2), 1)
