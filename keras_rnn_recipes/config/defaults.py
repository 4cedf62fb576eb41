"""Defaults that depend on the data: sizes of the parts, season, lookback."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from keras_rnn_recipes.config.forecasting import Config
from keras_rnn_recipes.errors import UserError, counted
from keras_rnn_recipes.pretrained.card import LARGEST_LEVEL

if TYPE_CHECKING:
    from keras_rnn_recipes.data.frames import Panel


# Limits of the test part (in horizons) and of the lookback (in time steps).
MAX_HELD_OUT_HORIZONS, MAX_LOOKBACK = 10, 512

# float32 has seven digits: at this multiple of the usual change, three are left for the change.
LARGE_LEVEL = 1e4

# The pretrained network was trained on histories of 144 monthly, 64 quarterly, 40 yearly, 168 daily
# and 504 hourly steps. It reads a little more, since its exponential smoothing gains from it.
HISTORY, SEASONS_OF_HISTORY = 180, 3


def choose_defaults(config: Config, panel: Panel) -> Config:
    """Set the values that a recipe does not give.

    - ``data.freq`` and ``data.season_length``: those of the panel.
    - ``data.test_size``: a tenth of the median length in whole horizons, from one to ten.
    - ``data.valid_size``: that of the test part, or less, so that a series of median length keeps
      one horizon to train on; 0 if it is too short for that.
    - Without training (``fit.epochs`` 0) all of the history is there to forecast from:
      ``data.test_size`` is 0 where no series has two steps more than a horizon, and
      ``data.valid_size`` is 0 unless intervals are calibrated.
    - ``model.lookback``: twice the horizon or twice the season, whichever is longer, at most 512
      time steps and at most half of what a series of median length has for training. That of the
      pretrained network is `pretrained_lookback`.
    - ``model.scaling``: only where float32 has too few digits, see `choose_scaling`.

    Args:
        config: the recipe.
        panel: its data.

    Returns:
        The recipe with all of these set.

    Raises:
        UserError: no series is long enough to hold out one horizon and train on the rest, or
            intervals cannot be calibrated (`check_calibration`).
    """
    config = choose_scaling(choose_parts(config, panel), panel)
    if config.model.lookback is None:
        model = config.model.model_copy(update={"lookback": _lookback_of(config, panel)})
        config = config.model_copy(update={"model": model})
    check_calibration(config, panel)
    return config


def choose_scaling(config: Config, panel: Panel) -> Config:
    """Set ``model.scaling`` to ``"change"`` where float32 has too few digits for a level.

    That is where the values of a series are more than ten thousand times as large as their usual
    change, such as those of a meter, and nothing in the recipe needs the level itself.

    Args:
        config: the recipe.
        panel: its data.

    Returns:
        The recipe, with the scaling set if it was open and the data need it.
    """
    model, fit = config.model, config.fit
    level_matters = (
        (model.transform or "none") != "none"
        or model.distribution == "negative_binomial"
        or fit.loss in ("smape", "mae_log", "tweedie")
    )
    if model.scaling is not None or level_matters or not _is_large(panel):
        return config
    return config.model_copy(update={"model": model.model_copy(update={"scaling": "change"})})


def _is_large(panel: Panel) -> bool:
    """Whether the level of a series is large against its changes."""
    y, names = panel.frame["y"], panel.frame["unique_id"]
    changes = y.groupby(names, sort=False).diff().abs().groupby(names, sort=False).mean()
    levels = y.abs().groupby(names, sort=False).median()
    return bool(((changes > 0) & (levels > LARGE_LEVEL * changes)).any())


def choose_parts(config: Config, panel: Panel) -> Config:
    """Set the values of the section ``data`` only, as `choose_defaults` does.

    Args:
        config: the recipe.
        panel: its data.

    Returns:
        The recipe with its frequency, its season and the sizes of its parts set.

    Raises:
        UserError: no series is long enough to hold out one horizon and train on the rest, or
            the values do not fit the loss or the distribution.
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
    if config.data.day_first is None:
        data["day_first"] = panel.day_first  # new data are read in the same order
    return config.model_copy(update={"data": config.data.model_copy(update=data)})


def check_calibration(config: Config, panel: Panel) -> None:
    """Refuse levels before training if no interval can be calibrated after it.

    Intervals are multiples of the changes in the history, and their widths come from the errors in
    the last steps before the test part.

    Args:
        config: the recipe, with its parts and lookback.
        panel: its data.

    Raises:
        UserError: every series is constant in the steps that count, or no value was observed there.
    """
    if not config.evaluate.levels or not (config.trains or config.calibrates):
        return
    ids, y = panel.frame["unique_id"], panel.frame["y"]
    if not config.trains:
        _require_errors(config, int(ids.value_counts().max()))
    series = ids.groupby(ids, sort=False)
    size = max(config.data.valid_size or 0, config.model.horizon)
    # Rows up to the test part, counted back from there; series that are all training do not count.
    back = series.cumcount(ascending=False) - (config.data.test_size or 0)
    known = (back >= 0) & (series.transform("size") > config.data.held_out)
    read = y.where(known & (back < size + (config.model.lookback or 1)))
    if not (known & (back < size) & y.notna()).any():
        steps = counted(size, "step")
        what = f"no series has an observed value in the {steps} before its test part"
    elif not (read.groupby(ids, sort=False).diff().abs() > 0).any():
        what = "every series is constant"
    else:
        return
    raise UserError(
        f"Prediction intervals were asked for, and {what}.",
        "a series whose values change, observed up to its last steps.",
        "leave out --levels (evaluate.levels), or give more data.",
    )


def _require_errors(config: Config, longest: int) -> None:
    """Refuse levels that the pretrained network has not learned if no error can be measured."""
    needed = (config.data.test_size or 0) + config.model.horizon + 1
    if longest < needed:
        raise UserError(
            f"Intervals of level {config.evaluate.levels[-1]:g} are calibrated on errors, and the "
            f"longest series has {counted(longest, 'step')}.",
            f"at least {needed} steps, or levels that the pretrained network has learned: up to "
            f"{LARGEST_LEVEL:g}.",
            f"lower --levels (evaluate.levels) to at most {LARGEST_LEVEL:g}, or give more data.",
        )


def _check_loss(config: Config, panel: Panel) -> None:
    loss, counts = config.fit.loss, config.model.distribution == "negative_binomial"
    if not counts and loss not in ("tweedie", "mae_log"):
        return
    frames = (part.frame for part in panel.files.parts()) if panel.files else [panel.frame]
    for frame in frames:
        unfit = (frame["y"] < 0) | (counts & (frame["y"] % 1 > 0))
        if not unfit.any():
            continue
        first = frame[unfit].iloc[0]
        key = "model.distribution" if counts else "fit.loss"
        raise UserError(
            f"{key} is {config.model.distribution if counts else loss!r}, and series "
            f"{first['unique_id']!r} is {first['y']:g} at {first['ds']}.",
            f"{'whole numbers' if counts else 'values'} of at least 0, such as counts or sales.",
            f"choose another {key}, such as {'gaussian' if counts else 'mae'}, or correct the "
            "data.",
        )


def _usual_length(config: Config, panel: Panel) -> int:
    """The median length of the series that are long enough to be tested.

    A shorter series can be forecast, but neither trained on nor tested.
    """
    lengths = panel.frame.groupby("unique_id", sort=False).size().to_numpy()
    usable = lengths[lengths >= config.model.horizon + (1 if config.trains else 2)]
    return int(np.median(usable if len(usable) else lengths))


def _test_size(config: Config, length: int) -> int:
    horizon = config.model.horizon
    if not config.trains and (length < horizon + 2 or config.data.test_size == 0):
        return 0
    if length <= horizon:
        raise UserError(
            f"No series is longer than the horizon of {counted(horizon, 'step')}; their median "
            f"length is {length}.",
            f"more than {counted(horizon, 'step')}: one horizon to test on, the rest to train on.",
            "give longer series, or lower model.horizon.",
        )
    given = config.data.test_size
    if given is not None and given < horizon:
        raise UserError(
            f"data.test_size is {given}, shorter than the horizon of {counted(horizon, 'step')}.",
            f"at least {counted(horizon, 'step')} to test on.",
            "raise data.test_size, remove it, or lower model.horizon.",
        )
    if given is not None:
        return given
    horizons = min(max(length // 10 // horizon, 1), MAX_HELD_OUT_HORIZONS)
    return horizons * horizon


def _valid_size(config: Config, length: int, test: int) -> int:
    if config.data.valid_size is not None:
        return config.data.valid_size
    if not (config.trains or config.calibrates):
        return 0
    # Training needs at least one time step of history and one horizon.
    spare = length - test - (config.model.horizon + 1)
    valid = min(test, spare - spare % config.model.horizon)
    return max(valid, 0)


def _lookback_of(config: Config, panel: Panel) -> int:
    if config.model.preset == "pretrained":
        return pretrained_lookback(config.data.longest_season)
    left = _usual_length(config, panel) - config.data.held_out
    return _lookback(config.model.horizon, panel.season_length, left)


def pretrained_lookback(longest_season: int) -> int:
    """Time steps of history that the pretrained network reads.

    A shorter history is read as a whole.

    Args:
        longest_season: time steps in the longest season.

    Example:
        >>> pretrained_lookback(12), pretrained_lookback(168)
        (180, 504)
    """
    return max(HISTORY, SEASONS_OF_HISTORY * longest_season)


def _lookback(horizon: int, season_length: int, left: int) -> int:
    wanted = min(2 * max(horizon, season_length), MAX_LOOKBACK)
    return max(min(wanted, (left - horizon) // 2), 1)
