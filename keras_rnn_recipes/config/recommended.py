"""The network and the training that ``krr forecast`` recommends for a table.

They were chosen on four public panels (monthly, daily and hourly; 72 to 414 series) by the scores
on the last one or two horizons before the test part; the test parts were not read. The table shows
sMAPE and MASE there: the mean of both horizons (tourism, cif2016, nn5) or the last one (m4_hourly),
of one network or of the median of several. Each row adds one change to the row above it (cif2016
with 300 steps throughout):

    ====================================  ============  ============  ============  ============
    network, forecasting at every step    tourism       cif2016       nn5           m4_hourly
    ====================================  ============  ============  ============  ============
    lags of two spans, last season        24.51  1.941                              11.08  1.001
    five seasons smoothed, level of the
    last one, error of the logarithm      24.23  1.963                              10.30  0.949
    every series equally often            23.65  1.910
    segments of 120, not of 168           23.43  1.893
    lags without the season               23.41  1.881                26.56  1.100  10.03  0.902
    dropout of 0.2                        23.28  1.869  11.31  0.807
    error in units, scaled                23.64  1.864
    300 steps at 0.003, not 600           23.64  1.860  10.80  0.781
    memory of nine seasons                23.54  1.856  10.71  0.777
    100 units (m4_hourly: no dropout)     23.56  1.853  10.61  0.773                 9.45  0.841
    two layers of 64, 1,000 steps                                     25.72  1.061
    ====================================  ============  ============  ============  ============

Many training steps help where the series have many seasons; dropout and few steps help where they
have few. (The width was tried on tourism with a memory of five seasons.) Direct windows without
lags or season gave 27.92 / 2.241 on the last horizon of tourism, 13.51 / 1.089 on that of cif2016
and 18.47 / 1.981 on m4_hourly.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from statistics import median
from typing import TYPE_CHECKING, Any, get_args

from keras_rnn_recipes.config.base import Cell
from keras_rnn_recipes.config.defaults import choose_defaults
from keras_rnn_recipes.config.forecasting import Config
from keras_rnn_recipes.pretrained.card import LARGEST_LEVEL

if TYPE_CHECKING:
    from keras_rnn_recipes.data.frames import Panel

# Lags as a multiple of the season or the horizon, and their largest number.
LAGS_PER_SPAN, MOST_LAGS = 1.25, 192

# Memory of the smoothed season, in seasons. In a long panel the network itself remembers more.
SEASONS, SEASONS_OF_LONG = 9, 5

# Time steps of a training segment, and the number of series that make a panel. Long segments have
# many targets each and let the state warm up.
SEGMENT, LONGEST_SEGMENT, PANEL = 120, 512, 20

# Seasons and time steps from which a panel is long: more can be learned and less is memorized.
MANY_SEASONS, MANY_STEPS = 30, 400

# Steps in a week by steps in a day, for hourly and half-hourly series: lags see both seasons.
WEEK_OF = {24: 168, 48: 336}

# Days in a year of whole weeks: the season of a week and that of a year then agree on the weekday.
YEAR_OF_WEEKS = 364

# The learning rate decays to zero. A single series is quickly memorized, so its validation loss
# stops the training. A panel is trained without validation, up to its test part.
MEMBERS = 3

WATCHED = {"epochs": 30, "steps_per_epoch": 40, "learning_rate": 0.005, "patience": 10}

SHORT = {"epochs": 6, "steps_per_epoch": 50, "learning_rate": 0.003}

LONG = {"epochs": 12, "steps_per_epoch": 50, "learning_rate": 0.005}

UNWATCHED = {"keep": "last", "balanced": True}

# Measuring the gradient flow takes longer than training on one short series.
NO_GRADIENTS = {"watch_gradients": False}

# The pretrained network, trained on: few small steps, so that it forgets little of what it learned
# from many more series. The epoch is chosen by the validation part, before the first one included.
# MASE before the test parts, with 100 steps and with 300: cif2016 0.707 and 0.709, m1_quarterly
# 1.359 and 1.360, m1_monthly 1.105 and 1.105, tourism kept as it was with both. A rate of 0.001
# gave 0.698, 1.351 and 1.113, one of 0.002 0.736 on cif2016.
FINETUNED = {
    **{"epochs": 4, "steps_per_epoch": 25, "batch_size": 64, "learning_rate": 0.0005},
    **{"keep": "best", "balanced": True},
}

# Forecast origins to test from; with more, only every horizon-th is taken.
MOST_ORIGINS = 20_000


# Share of zeros from which values that are never negative are intermittent demand. That is about
# the limit of Syntetos, Boylan and Croston (2005): 1.32 steps from one demand to the next.
SHARE_OF_ZEROS = 0.3

# Steps over which the level of intermittent demand is measured: demands are rare.
DEMAND_WINDOW = 60

# Absolute errors favor a forecast of zero where more than half of the values are zero.
DEMAND_METRICS = ("rmse", "rmsse")
DEMAND_BASELINES = ("croston", "tsb", "zero")


def recommend(
    config: Config,
    lengths: Mapping[str, int],
    season_length: int,
    *,
    positive: bool = False,
    demand: str | None = None,
) -> Config:
    """Set seasons, lags, width, scaling, lookback and training where the recipe does not.

    Args:
        config: the recipe, with ``valid_size`` and ``test_size``.
        lengths: time steps to train on, by series.
        season_length: time steps in the main season.
        positive: whether every observed value is above 0.
        demand: ``"counts"`` or ``"amounts"`` if most values are zero, from `kind_of_demand`; the
            forecast is then a mean.

    Returns:
        The recipe with these set.

    Example:
        >>> from keras_rnn_recipes.config.files import config_from_dict
        >>> asked = config_from_dict({
        ...     "data": {"source": "sales.csv", "test_size": 14},
        ...     "model": {"horizon": 14, "strategy": "seq2seq"},
        ... })
        >>> chosen = recommend(asked, {"shop": 700}, season_length=7).model
        >>> chosen.lags, chosen.lookback, chosen.seasonal
        (18, 120, True)
    """
    model = config.model
    usual = int(median(lengths.values())) if lengths else 0
    panel, long = is_panel(lengths), is_long_panel(lengths, season_length)
    large = model.scaling == "change"
    several = isinstance(config.data.season_length, tuple)
    span = max(model.horizon, season_length)
    week = _week(season_length, usual)
    lags = min(max(math.ceil(LAGS_PER_SPAN * span), week), MOST_LAGS)
    # The lags of a week reach back before the segment, so its first steps carry no loss.
    burn_in = lags if week and long and model.strategy != "direct" else 0
    network: dict[str, Any] = {
        "units": (100,) if panel else (50,),
        "members": MEMBERS,
        "lags": lags,
        "scaling": "mean",
        "transform": "log" if positive and not large else "none",
        "seasonal": season_length > 1,
        # A second season would need a memory of many times its length.
        "seasons": 1 if several else SEASONS_OF_LONG if long else SEASONS,
        "dropout": 0.2 if panel and not long else None,
        "lookback": _lookback(model.strategy, model.horizon, span, lengths) + burn_in,
    }
    if demand is not None:
        network |= _network_of_demand(demand, network["lookback"])
    if model.preset not in get_args(Cell):
        del network["units"]  # other presets are chosen for their own depth and width
    fit: dict[str, Any] = (LONG if long else SHORT) | UNWATCHED if panel else dict(WATCHED)
    fit |= NO_GRADIENTS
    fit["batch_size"] = config.fit.batch_size * (model.members or MEMBERS)
    fit["burn_in"] = burn_in if model.lookback is None else 0
    if positive and long and not large and config.fit.loss == "mae":
        fit["loss"] = "mae_log"
    if demand is not None and config.fit.loss == "mae":
        fit["loss"] = "nll" if demand == "counts" else "tweedie"
    season = config.data.season_length or season_length
    return config.model_copy(
        update={
            "data": config.data.model_copy(update={"season_length": season}),
            "model": model.model_copy(
                update={k: v for k, v in network.items() if getattr(model, k) is None}
            ),
            "fit": config.fit.model_copy(update=fit),
            "evaluate": config.evaluate.model_copy(
                update={"stride": _stride(config, len(lengths))}
                | (_judged_as_demand(config) if demand else {})
            ),
        }
    )


def recommend_pretrained(config: Config, panel: Panel, *, finetune: bool) -> Config:
    """Set the pretrained network where a recipe names another one, and all that follows from it.

    Args:
        config: the recipe. Intervals of levels up to 95 % are those that the network has learned;
            of higher ones they are calibrated.
        panel: its data.
        finetune: whether the network is trained on; otherwise it forecasts as it is.

    Returns:
        The recipe with all defaults chosen, as by `choose_defaults`.

    Raises:
        UserError: as `choose_defaults`.
    """
    levels = config.evaluate.levels
    learned = bool(levels) and max(levels) <= LARGEST_LEVEL
    quantiles = levels if learned else None
    network = {"preset": "pretrained", "strategy": "direct", "quantiles": quantiles}
    fit: dict[str, Any] = FINETUNED if finetune else {"epochs": 0, "refit": False}
    fit = fit | NO_GRADIENTS | {"loss": "pinball" if learned else "mae"}
    usual = int(median(panel.frame.groupby("unique_id", sort=False).size()))
    season = config.data.season_length or seasons_to_read(panel.season_length, usual)
    asked = config.model_copy(
        update={
            "data": config.data.model_copy(update={"season_length": season}),
            "model": config.model.model_copy(update=network),
            "fit": config.fit.model_copy(update=fit),
        }
    )
    chosen = choose_defaults(asked, panel)
    stride = _stride(chosen, panel.num_series)
    evaluate = chosen.evaluate.model_copy(update={"stride": stride})
    return chosen.model_copy(update={"evaluate": evaluate})


def seasons_to_read(season_length: int, usual: int) -> int | tuple[int, int]:
    """The seasons that the pretrained network reads: the week beside the day, the year beside that.

    MASE before the test parts, with one season and 180 steps of history, and with both and three of
    the longer ones: nn5 daily 0.939 and 0.827 (horizon 56), 0.737 and 0.709 (14); Chicago's buses
    and trains 1.359 and 0.971, 1.118 and 1.024; Melbourne's temperatures 0.893 and 0.849, 0.729 and
    0.751; m4_hourly 0.997 and 0.992 (sMAPE 14.2 and 12.5); etth1 1.105 and 1.052. A year of 365
    days, in which the weekday moves, gave 0.873 on nn5. Shorter histories gain less or lose.

    Args:
        season_length: time steps in the main season.
        usual: time steps in a series.

    Example:
        >>> seasons_to_read(7, 1000), seasons_to_read(7, 500), seasons_to_read(24, 600)
        ((7, 364), 7, (24, 168))
    """
    week = _week(season_length, usual)
    if week:
        return season_length, week
    if season_length == 7 and usual >= 2 * YEAR_OF_WEEKS:
        return season_length, YEAR_OF_WEEKS
    return season_length


def _stride(config: Config, num_series: int) -> int:
    """Time steps between the origins of the test: a horizon, where there would be too many."""
    horizon = config.model.horizon
    origins = num_series * max((config.data.test_size or 0) - horizon + 1, 1)
    return horizon if origins > MOST_ORIGINS else config.evaluate.stride


def kind_of_demand(values: Any) -> str | None:
    """Whether values are intermittent demand: never negative, and many of them zero.

    Args:
        values: all observed values, ``(n,)``.

    Returns:
        ``"counts"`` for whole numbers, ``"amounts"`` for others, None for any other data.

    Example:
        >>> import numpy as np
        >>> kind_of_demand(np.array([0, 0, 3])), kind_of_demand(np.array([0, 0, 0.5]))
        ('counts', 'amounts')
        >>> kind_of_demand(np.array([1, 0, 2, 4])), kind_of_demand(np.array([0, -1]))
        (None, None)
    """
    if not len(values) or values.min() < 0 or not 0 < (values > 0).mean() <= 1 - SHARE_OF_ZEROS:
        return None
    return "counts" if (values % 1 == 0).all() else "amounts"


def _network_of_demand(demand: str, lookback: int) -> dict[str, Any]:
    # The season of a few demands is noise, and so is their level over a few steps.
    network: dict[str, Any] = {"transform": "none", "seasonal": False, "seasons": None}
    network |= {"scale_window": min(DEMAND_WINDOW, lookback)}
    if demand == "counts":
        network |= {"distribution": "negative_binomial", "point": "mean"}
    return network


def _judged_as_demand(config: Config) -> dict[str, Any]:
    evaluate = config.evaluate
    usual = type(evaluate)()
    metrics = DEMAND_METRICS if evaluate.metrics == usual.metrics else evaluate.metrics
    names = dict.fromkeys([*evaluate.baselines, *DEMAND_BASELINES])
    return {"metrics": metrics, "baselines": tuple(names)}


def is_panel(lengths: Mapping[str, int]) -> bool:
    """Whether there are enough series to train without a validation part.

    Example:
        >>> is_panel({"a": 500})
        False
    """
    return len(lengths) >= PANEL


def is_long_panel(lengths: Mapping[str, int], season_length: int) -> bool:
    """Whether a panel is long enough for a larger training, which takes minutes.

    Args:
        lengths: time steps to train on, by series.
        season_length: time steps in the main season.

    Example:
        >>> is_long_panel({str(k): 700 for k in range(30)}, season_length=7)
        True
    """
    usual = median(lengths.values()) if lengths else 0
    return is_panel(lengths) and usual >= max(MANY_SEASONS * season_length, MANY_STEPS)


def _week(season_length: int, usual: int) -> int:
    """Time steps in a week, for a daily season and at least three weeks of data; else 0."""
    week = WEEK_OF.get(season_length, 0)
    return week if usual >= 3 * week else 0


def _lookback(strategy: str, horizon: int, span: int, lengths: Mapping[str, int]) -> int:
    wanted = 2 * span
    if strategy != "direct":
        wanted = max(wanted, SEGMENT)
    longest = max(lengths.values(), default=0)
    # With few series, windows must be able to start in half of the training part.
    room = longest if is_panel(lengths) else (longest - horizon) // 2
    return max(min(wanted, LONGEST_SEGMENT, room), 1)
