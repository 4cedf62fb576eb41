"""The network and the training that ``krr forecast`` chooses where nothing else is asked for.

Chosen by the last horizon before the test part of four public panels (monthly, daily and hourly; 72
to 414 series), the test parts unread. sMAPE and MASE there, one network or the median of three:

    ====================================  ============  ============  ============  ============
    network                               tourism       cif2016       nn5           m4_hourly
    ====================================  ============  ============  ============  ============
    direct, no lags, no season            27.92  2.241  13.51  1.089  20.75  0.774  18.47  1.981
    seq2seq, lags, season                 23.43  1.792  10.77  0.820  20.83  0.765  14.20  1.071
    the same, lags of two spans           23.06  1.739  10.93  0.811                13.93
    the same, sMAPE as the loss           22.52  1.722  10.87  0.747
    the same, absolute error                            10.21  0.743
    mean of two seasons, 300 steps                      10.71  0.752
    two layers of 64, two spans           23.60         13.49  0.905  19.40  0.717  12.58  0.934
    the same, 1,000 steps, no logarithm                               18.82  0.698
    a week's lags beside a day's season                                             11.20  1.029
    the same, two layers of 64                                                      11.08  1.001
    ====================================  ============  ============  ============  ============

Depth and many steps pay where the series hold many seasons, and overfit where they hold few. One
horizon earlier sMAPE as the loss was no better on tourism and much worse on cif2016 (16.91 against
13.20), so it is not chosen. (The last two rows of cif2016 hold six months more of 15 series.)
"""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median
from typing import Any

from keras_rnn_recipes.running.config import Config

# A time step sees two seasons (or horizons); more would be many weights.
LAGS_PER_SPAN, MOST_LAGS = 2, 192
# Long segments give many lessons each, and the state time to warm up; a panel has enough of them.
SEGMENT, LONGEST_SEGMENT, PANEL = 168, 512, 20
# In series so long, there is more to learn than a small network can.
MANY_SEASONS, MANY_STEPS = 30, 400
# What has a season of a day also has one of a week: steps of an hour, of half an hour.
WEEK_OF = {24: 168, 48: 336}
# The rate falls to nought. A single series is soon learnt by heart, and is watched; a panel is not,
# so that its last steps can be learnt from too.
MEMBERS = 3
WATCHED = {"epochs": 30, "steps_per_epoch": 40, "learning_rate": 0.005, "patience": 10}
SHALLOW = {"epochs": 10, "steps_per_epoch": 50, "learning_rate": 0.005, "keep": "last"}
DEEP = {"epochs": 20, "steps_per_epoch": 50, "learning_rate": 0.01, "keep": "last"}
# Forecast origins to test from; with more, only every horizon-th is taken.
MOST_ORIGINS = 20_000


def recommend(
    config: Config, lengths: Mapping[str, int], season_length: int, *, positive: bool = False
) -> Config:
    """Fill in seasons, lags, size, scaling, lookback and the training, where they are left open.

    Args:
        config: what was asked for; ``valid_size`` and ``test_size`` chosen.
        lengths: steps to train on, by series.
        season_length: steps in a season.
        positive: whether every observed value is above nought.

    Returns:
        A configuration with these filled in.

    Example:
        >>> from keras_rnn_recipes.running.config_files import config_from_dict
        >>> asked = config_from_dict({
        ...     "data": {"source": "sales.csv", "test_size": 14},
        ...     "model": {"horizon": 14, "strategy": "seq2seq"},
        ... })
        >>> chosen = recommend(asked, {"shop": 700}, season_length=7).model
        >>> chosen.lags, chosen.lookback, chosen.seasonal
        (28, 168, True)
    """
    model = config.model
    usual = int(median(lengths.values())) if lengths else 0
    seasons = _seasons(config.data.season_length, season_length, usual)
    span = max(model.horizon, season_length)
    deep = is_panel(lengths) and usual >= max(MANY_SEASONS * season_length, MANY_STEPS)
    lags = min(max(LAGS_PER_SPAN * span, *seasons), MOST_LAGS)
    # The lags of a week reach back before a segment: half of it is for them to fill.
    burn_in = lags // 2 if len(seasons) > 1 and deep and model.strategy != "direct" else 0
    network: dict[str, Any] = {
        "units": (64, 64) if deep else (50,),
        "members": MEMBERS,
        "lags": lags,
        "scaling": "last" if positive else "mean",
        "transform": "log" if positive else "none",
        "seasonal": season_length > 1,
        "lookback": _lookback(model.strategy, model.horizon, span, lengths) + burn_in,
    }
    if model.preset not in ("simple_rnn", "lstm", "gru"):
        del network["units"]  # the preset's own depth is what it is for
    fit: dict[str, Any] = dict(DEEP if deep else SHALLOW) if is_panel(lengths) else dict(WATCHED)
    fit["batch_size"] = config.fit.batch_size * (model.members or MEMBERS)
    fit["burn_in"] = burn_in if model.lookback is None else 0
    origins = len(lengths) * max((config.data.test_size or 0) - model.horizon + 1, 1)
    stride = model.horizon if origins > MOST_ORIGINS else config.evaluate.stride
    data = {"season_length": seasons if len(seasons) > 1 else season_length}
    return config.model_copy(
        update={
            "data": config.data.model_copy(update=data),
            "model": model.model_copy(
                update={k: v for k, v in network.items() if getattr(model, k) is None}
            ),
            "fit": config.fit.model_copy(update=fit),
            "evaluate": config.evaluate.model_copy(update={"stride": stride}),
        }
    )


def is_panel(lengths: Mapping[str, int]) -> bool:
    """Whether there are series enough for the network to be learnt from many, not from one.

    Example:
        >>> is_panel({"a": 500})
        False
    """
    return len(lengths) >= PANEL


def _seasons(
    given: int | tuple[int, ...] | None, season_length: int, usual: int
) -> tuple[int, ...]:
    """All seasons: those given, or the one there is and the week around a day, seen three times."""
    if isinstance(given, tuple):
        return given
    week = WEEK_OF.get(season_length)
    return (season_length, week) if week and usual >= 3 * week else (season_length,)


def _lookback(strategy: str, horizon: int, span: int, lengths: Mapping[str, int]) -> int:
    wanted = 2 * span
    if strategy != "direct":
        wanted = max(wanted, SEGMENT)
    longest = max(lengths.values(), default=0)
    # Of a few series, half of what there is to train on must be left to begin windows in.
    room = longest if is_panel(lengths) else (longest - horizon) // 2
    return max(min(wanted, LONGEST_SEGMENT, room), 1)
