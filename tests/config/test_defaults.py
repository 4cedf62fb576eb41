"""Defaults that depend on the data, at the lengths where they change."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from keras_rnn_recipes.config.defaults import choose_defaults, choose_parts
from keras_rnn_recipes.config.files import config_from_dict
from keras_rnn_recipes.data.frames import Panel, read_panel
from keras_rnn_recipes.errors import UserError


def panel(*lengths: int, season: int = 7, values=None) -> Panel:
    parts = [
        pd.DataFrame(
            {
                "unique_id": f"s{at}",
                "ds": pd.date_range("2024-01-01", periods=length),
                "y": np.arange(1.0, length + 1) if values is None else values,
            }
        )
        for at, length in enumerate(lengths)
    ]
    return read_panel(pd.concat(parts), freq="D", season_length=season)


def asked(horizon: int, **data):
    return config_from_dict({"data": {"source": "my.csv", **data}, "model": {"horizon": horizon}})


@pytest.mark.parametrize(
    ("length", "horizon", "test", "valid"),
    [
        (199, 10, 10, 10),  # a tenth has one horizon
        (200, 10, 20, 20),  # two
        (1099, 10, 100, 100),
        (2000, 10, 100, 100),  # ten at most
        (31, 10, 10, 10),  # one horizon and a time step remain to train on
        (30, 10, 10, 0),
        (11, 10, 10, 0),
        (45, 20, 20, 0),
        (2, 1, 1, 0),
    ],
)
def test_sizes_of_the_parts(length, horizon, test, valid):
    data = choose_parts(asked(horizon), panel(length)).data
    assert (data.test_size, data.valid_size) == (test, valid)
    assert (data.freq, data.season_length) == ("D", 7)


def test_a_shorter_validation_part_has_whole_horizons():
    assert choose_parts(asked(10, test_size=50), panel(100)).data.valid_size == 30
    assert choose_parts(asked(10, test_size=50), panel(101)).data.valid_size == 40
    assert choose_parts(asked(10, test_size=50, valid_size=7), panel(100)).data.valid_size == 7


def test_the_median_of_the_usable_series_counts():
    """Series no longer than the horizon are left out, unless there are no others."""
    assert choose_parts(asked(10), panel(10, 10, 10, 300)).data.test_size == 30
    assert choose_parts(asked(10), panel(11, 100, 300)).data.test_size == 10
    with pytest.raises(UserError, match="horizon of 10 steps; their median length is 10"):
        choose_parts(asked(10), panel(10, 10))


def test_a_test_part_holds_a_horizon():
    assert choose_parts(asked(10, test_size=10), panel(100)).data.test_size == 10
    with pytest.raises(UserError, match="data.test_size is 9, shorter than the horizon of 10"):
        choose_parts(asked(10, test_size=9), panel(100))


def test_what_the_recipe_gives_stays():
    chosen = choose_defaults(asked(10, season_length=[24, 168]), panel(300))
    assert chosen.data.season_length == (24, 168)
    given = asked(10).model_copy(
        update={"model": asked(10).model.model_copy(update={"lookback": 5})}
    )
    assert choose_defaults(given, panel(300)).model.lookback == 5


@pytest.mark.parametrize(
    ("length", "horizon", "season", "lookback"),
    [
        (300, 10, 7, 20),  # twice the horizon
        (300, 10, 12, 24),  # twice the season
        (9000, 10, 400, 512),  # the limit
        (31, 10, 7, 1),  # at least one time step
        (60, 10, 12, 15),  # half of the 40 training steps less a horizon
    ],
)
def test_the_lookback(length, horizon, season, lookback):
    assert choose_defaults(asked(horizon), panel(length, season=season)).model.lookback == lookback


@pytest.mark.parametrize("loss", ["tweedie", "mae_log"])
def test_losses_of_positive_values(loss):
    config = asked(3)
    config = config.model_copy(update={"fit": config.fit.model_copy(update={"loss": loss})})
    choose_parts(config, panel(4, values=[0.0, 1.5, np.nan, 2.0]))
    with pytest.raises(UserError, match=f"fit.loss is '{loss}'.*'s0' is -1 at 2024-01-03.*least 0"):
        choose_parts(config, panel(4, values=[0.0, 1.5, -1.0, 2.0]))


def test_a_distribution_of_counts():
    config = config_from_dict(
        {
            "data": {"source": "my.csv"},
            "model": {"horizon": 3, "distribution": "negative_binomial"},
            "fit": {"loss": "nll"},
        }
    )
    choose_parts(config, panel(4, values=[0.0, 1.0, 2.0, 3.0]))
    for wrong in (1.5, -1.0):
        with pytest.raises(UserError, match="model.distribution is 'negative_binomial'.*whole"):
            choose_parts(config, panel(4, values=[0.0, 1.0, wrong, 2.0]))
    gaussian = config.model_copy(
        update={"model": config.model.model_copy(update={"distribution": "gaussian"})}
    )
    choose_parts(gaussian, panel(4, values=[0.0, 1.0, -1.5, 2.0]))


CONSTANT, MISSING = [7.0] * 90, [float("nan")] * 30
VARYING = [1.0, 5.0, 2.0] * 30


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (CONSTANT, "every series is constant"),
        (VARYING[:30] + CONSTANT[:60], "every series is constant"),  # where the network looks
        (VARYING[:60] + MISSING[:20] + VARYING[:10], "no series has an observed value"),
        (CONSTANT[:80] + [7.0, 8.0] * 5, "every series is constant"),  # only the test part varies
    ],
)
@pytest.mark.parametrize("levels", [[80], []])
def test_levels_that_cannot_be_calibrated_are_refused_before_training(values, said, levels):
    config = config_from_dict(
        {
            "data": {"source": "my.csv", "test_size": 10, "valid_size": 10},
            "model": {"horizon": 5, "lookback": 20},
            "evaluate": {"levels": levels},
        }
    )
    given = panel(90, values=values)
    if not levels:
        choose_defaults(config, given)
        return
    with pytest.raises(UserError, match=said):
        choose_defaults(config, given)
    # One series that varies is enough.
    frame = pd.concat([given.frame, given.frame.assign(unique_id="z", y=VARYING)])
    choose_defaults(config, read_panel(frame, freq="D", season_length=7))
