"""What a recipe may say of the pretrained network, and the defaults for it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from keras_rnn_recipes.config.defaults import choose_defaults
from keras_rnn_recipes.config.files import config_from_dict
from keras_rnn_recipes.config.recommended import recommend_pretrained
from keras_rnn_recipes.data.frames import Panel
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.pretrained import mixture
from keras_rnn_recipes.pretrained.card import LARGEST_LEVEL

ASKED = {
    "data": {"source": "my.csv"},
    "model": {"preset": "pretrained", "horizon": 6},
    "fit": {"epochs": 0},
}


def panel(*lengths: int, season: int = 12) -> Panel:
    names = np.repeat([f"s{k}" for k in range(len(lengths))], lengths)
    at = np.concatenate([np.arange(n) for n in lengths])
    ds = pd.to_datetime("2000-01-01") + pd.to_timedelta(at, unit="D")
    frame = pd.DataFrame({"unique_id": names, "ds": ds, "y": at % 7 + 1.0})
    return Panel(frame, "D", season)


def chosen(overrides=(), *lengths: int):
    return choose_defaults(config_from_dict(ASKED, overrides), panel(*lengths))


@pytest.mark.parametrize(
    ("overrides", "told", "fix"),
    [
        (["model.units=8"], "model.units [8]", "remove model.units"),
        (["model.lags=3"], "model.lags 3", "remove model.lags"),
        (["model.transform=log"], "model.transform 'log'", "remove model.transform"),
        (["model.scaling=mean"], "model.scaling 'mean'", "remove model.scaling"),
        (["model.members=3"], "model.members 3", "remove model.members"),
        (["model.distribution=gaussian"], "model.distribution", "remove model.distribution"),
        (["model.seasonal=true"], "model.seasonal True", "remove model.seasonal"),
        (["model.series_embedding=2"], "model.series_embedding 2", "remove model.series"),
        (["model.strategy=seq2seq"], "model.strategy 'seq2seq'", "set model.strategy to direct"),
        (["data.past_cols=a"], "data.past_cols ['a']", "remove data.past_cols"),
        (["data.future_cols=a"], "data.future_cols ['a']", "remove data.future_cols"),
        (["data.static_cols=a"], "data.static_cols ['a']", "remove data.static_cols"),
        (["data.calendar=month"], "data.calendar ['month']", "remove data.calendar"),
        (["data.holidays=US"], "data.holidays 'US'", "remove data.holidays"),
        (["fit.refit=true"], "fit.refit True", "remove fit.refit"),
        (["fit.start_from=runs/x"], "fit.start_from 'runs/x'", "remove fit.start_from"),
        (["model.preset=lstm"], "fit.epochs is 0", "change fit.epochs"),
        (["fit.epochs=2", "data.test_size=0"], "data.test_size 0", "raise data.test_size"),
        (
            ["model.quantiles=80,96", "evaluate.levels=80,96", "fit.loss=pinball"],
            "model.quantiles [80.0, 96.0]",
            "evaluate.levels alone",
        ),
    ],
)
def test_what_does_not_go_with_it_is_refused_by_its_key(overrides, told, fix):
    with pytest.raises(UserError) as caught:
        config_from_dict(ASKED, overrides)
    assert told in caught.value.what and fix in caught.value.fix


@pytest.mark.parametrize(
    "overrides",
    [
        ["model.scaling=change"],
        ["model.transform=none"],
        ["fit.epochs=5", "fit.refit=true"],
        ["model.quantiles=80,95", "evaluate.levels=80,95", "fit.loss=pinball"],
        ["evaluate.levels=80,99"],
        ["data.test_size=0"],
    ],
)
def test_what_goes_with_it(overrides):
    assert config_from_dict(ASKED, overrides).model.preset == "pretrained"


def test_the_largest_level_is_that_of_the_network():
    outermost = mixture.QUANTILES[-1] - mixture.QUANTILES[0]
    assert pytest.approx(100 * outermost) == LARGEST_LEVEL


def test_options_of_the_builder_always_have_the_season():
    overrides = ["model.quantiles=80", "evaluate.levels=80", "fit.loss=pinball"]
    model = config_from_dict(ASKED, [*overrides, "model.scaling=change"]).model
    options = {"season_length": (24, 168), "quantiles": (80.0,), "scaling": "change"}
    assert model.options(season_length=(24, 168)) == options
    assert config_from_dict(ASKED).model.options() == {"season_length": 1}


def test_nothing_is_held_out_for_validation_without_training():
    data = chosen((), 60).data
    assert (data.test_size, data.valid_size) == (6, 0)
    assert chosen(["evaluate.levels=80"], 60).data.valid_size == 6  # to calibrate on
    assert chosen(["fit.epochs=1"], 60).data.valid_size == 6


@pytest.mark.parametrize(("length", "size"), [(8, 6), (7, 0), (3, 0), (1, 0)])
def test_two_steps_more_than_a_horizon_are_scored(length, size):
    assert chosen((), length).data.test_size == size


def test_one_long_series_among_short_ones_is_scored():
    assert chosen((), 4, 7, 20).data.test_size == 6


def test_the_history_does_not_depend_on_the_length_of_the_series():
    assert chosen((), 30).model.lookback == chosen((), 900).model.lookback == 180
    assert chosen(["data.season_length=[24, 168]"], 30).model.lookback == 504
    assert chosen(["model.lookback=50"], 30).model.lookback == 50


@pytest.mark.parametrize(("length", "works"), [(5, False), (12, False), (13, True)])
def test_levels_that_it_has_not_learned_need_errors_to_calibrate_on(length, works):
    overrides = ["evaluate.levels=80,99"]
    if works:
        assert chosen(overrides, length).evaluate.levels == (80, 99)
        return
    with pytest.raises(UserError, match=rf"level 99 .* {length} steps.*--levels .* at most 95"):
        chosen(overrides, length)


@pytest.mark.parametrize(
    ("season", "length", "seasons"),
    [
        (7, 727, 7),
        (7, 728, (7, 364)),
        (24, 503, 24),
        (24, 504, (24, 168)),
        (48, 1008, (48, 336)),
        (12, 5000, 12),
        (1, 5000, 1),
    ],
)
def test_long_histories_are_read_with_a_longer_season(season, length, seasons):
    asked = config_from_dict({"data": {"source": "my.csv"}, "model": {"horizon": 6}})
    found = recommend_pretrained(asked, panel(length, season=season), finetune=False)
    assert found.data.season_length == seasons
    longest = max(seasons) if isinstance(seasons, tuple) else seasons
    assert found.model.lookback == max(180, 3 * longest)
    given = config_from_dict(
        {"data": {"source": "my.csv", "season_length": season}, "model": {"horizon": 6}}
    )
    kept = recommend_pretrained(given, panel(length, season=season), finetune=False)
    assert kept.data.season_length == season
