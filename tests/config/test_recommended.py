"""What `krr forecast` recommends, by the number and the length of the series."""

from __future__ import annotations

import pytest

from keras_rnn_recipes.config.files import config_from_dict
from keras_rnn_recipes.config.recommended import is_long_panel, is_panel, recommend


def recommended(lengths, season, *, horizon=12, positive=False, overrides=(), **data):
    asked = config_from_dict(
        {
            "data": {"source": "my.csv", "test_size": horizon, **data},
            "model": {"horizon": horizon, "strategy": "seq2seq"},
        },
        overrides,
    )
    return recommend(asked, lengths, season, positive=positive)


def series(number: int, length: int) -> dict[str, int]:
    return {str(at): length for at in range(number)}


def test_a_single_series():
    chosen = recommended(series(1, 400), 12)
    model, fit = chosen.model, chosen.fit
    assert (model.units, model.members, model.lags, model.seasons) == ((50,), 3, 15, 9)
    assert (model.scaling, model.transform, model.seasonal, model.dropout) == (
        *("mean", "none", True),
        None,
    )
    assert model.lookback == 120
    assert (fit.epochs, fit.steps_per_epoch, fit.learning_rate) == (30, 40, 0.005)
    assert (fit.patience, fit.keep, fit.balanced, fit.batch_size) == (10, "best", False, 96)
    assert (fit.loss, fit.burn_in, chosen.evaluate.stride) == ("mae", 0, 1)
    assert chosen.data.season_length == 12


def test_a_short_panel():
    chosen = recommended(series(20, 100), 12, positive=True)
    model, fit = chosen.model, chosen.fit
    assert (model.units, model.lags, model.seasons, model.dropout) == ((100,), 15, 9, 0.2)
    assert model.transform == "log" and model.lookback == 100
    assert (fit.epochs, fit.steps_per_epoch, fit.learning_rate) == (6, 50, 0.003)
    assert (fit.keep, fit.balanced, fit.loss) == ("last", True, "mae")


def test_a_long_hourly_panel_sees_the_week():
    chosen = recommended(series(20, 720), 24, horizon=48, positive=True)
    model, fit = chosen.model, chosen.fit
    assert (model.lags, model.seasons, model.dropout) == (168, 5, None)
    assert model.lookback == 120 + 168 and fit.burn_in == 168
    assert (fit.epochs, fit.steps_per_epoch, fit.learning_rate) == (12, 50, 0.005)
    assert fit.loss == "mae_log"
    unpositive = recommended(series(20, 720), 24, horizon=48)
    assert (unpositive.fit.loss, unpositive.model.transform) == ("mae", "none")


@pytest.mark.parametrize(
    ("season", "length", "lags"),
    [(24, 504, 168), (24, 503, 30), (48, 1008, 192), (48, 1007, 60), (12, 9999, 15)],
)
def test_lags_of_a_week_need_three_weeks(season, length, lags):
    assert recommended(series(1, length), season).model.lags == lags


def test_lags_have_a_limit():
    assert recommended(series(1, 9999), 200).model.lags == 192
    assert recommended(series(1, 9999), 1, horizon=100).model.lags == 125
    assert recommended(series(1, 9999), 1, horizon=101).model.lags == 127  # rounded up


def test_the_lookback_leaves_room_for_windows():
    """Half of what a few series have to train on; all of it in a panel; two spans or a segment."""
    assert recommended(series(1, 100), 12).model.lookback == 44
    assert recommended(series(1, 13), 12).model.lookback == 1
    assert recommended(series(20, 100), 12).model.lookback == 100
    assert recommended(series(1, 9999), 100).model.lookback == 200
    assert recommended(series(1, 9999), 300).model.lookback == 512
    assert (
        recommended(series(1, 9999), 12, overrides=["model.strategy=direct"]).model.lookback == 24
    )


def test_what_the_recipe_gives_stays():
    given = ["model.lookback=7", "model.lags=3", "model.units=8", "model.members=1"]
    chosen = recommended(series(20, 720), 24, overrides=[*given, "model.dropout=0.1"])
    model = chosen.model
    assert (model.lookback, model.lags, model.units, model.dropout) == (7, 3, (8,), 0.1)
    assert chosen.fit.batch_size == 32 and chosen.fit.burn_in == 0
    squared = recommended(series(20, 720), 24, positive=True, overrides=["fit.loss=mse"])
    assert squared.fit.loss == "mse"


@pytest.mark.parametrize("preset", ["deep_rnn", "dense", "conv", "linear"])
def test_other_presets_keep_their_own_width(preset):
    assert recommended(series(1, 400), 12, overrides=[f"model.preset={preset}"]).model.units is None


@pytest.mark.parametrize("preset", ["simple_rnn", "gru"])
def test_recurrent_presets_have_one_layer(preset):
    chosen = recommended(series(1, 400), 12, overrides=[f"model.preset={preset}"])
    assert chosen.model.units == (50,)


def test_seasons():
    assert not recommended(series(1, 400), 1).model.seasonal
    several = recommended(series(1, 2000), 24, season_length=[24, 168])
    assert several.model.seasons == 1 and several.data.season_length == (24, 168)


def test_many_origins_are_thinned_out():
    few = recommended(series(100, 300), 12, horizon=12, overrides=["data.test_size=211"])
    assert few.evaluate.stride == 1  # 100 * 200 origins
    many = recommended(series(100, 300), 12, horizon=12, overrides=["data.test_size=212"])
    assert many.evaluate.stride == 12


def test_what_a_panel_and_a_long_panel_are():
    assert not is_panel(series(19, 400)) and is_panel(series(20, 1)) and not is_panel({})
    assert is_long_panel(series(20, 400), 12) and not is_long_panel(series(20, 399), 12)
    assert is_long_panel(series(20, 720), 24) and not is_long_panel(series(20, 719), 24)
    assert not is_long_panel(series(19, 720), 24)
