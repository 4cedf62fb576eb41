"""What is decided for a file: always something that can be trained, or a clear refusal."""

from __future__ import annotations

import datetime
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from profiles import num_draws

from keras_rnn_recipes.config.files import dump_toml, load_config
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.workflows.forecast import (
    ForecastOptions,
    plan_forecast,
)
from keras_rnn_recipes.workflows.planning import default_run_dir, parse_numbers

training_options = partial(ForecastOptions, model="train")


def write_panel(path: Path, lengths: dict[str, int], freq: str = "D") -> Path:
    parts = [
        pd.DataFrame(
            {
                "unique_id": name,
                "ds": pd.date_range("2023-01-01", periods=length, freq=freq),
                "y": np.sin(np.arange(length)) + 5,
            }
        )
        for name, length in lengths.items()
    ]
    pd.concat(parts).to_csv(path, index=False)
    return path


def training_windows(config, lengths) -> int:
    """Counted one window at a time, from what split and windows promise."""
    data, model = config.data, config.model
    held_out, number = data.valid_size + data.test_size, 0
    for length in lengths.values():
        rows = length - held_out if length > held_out else length
        number += sum(1 for end in range(model.lookback + model.horizon, rows + 1))
        number += model.horizon < rows < model.lookback + model.horizon
    return number


@settings(max_examples=num_draws(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lengths=st.lists(st.integers(2, 90), min_size=1, max_size=5),
    horizon=st.integers(1, 40),
)
def test_plan_can_be_trained_or_is_refused_with_a_horizon_that_works(tmp_path, lengths, horizon):
    named = {f"s{n}": length for n, length in enumerate(lengths)}
    file = write_panel(tmp_path / "panel.csv", named)
    try:
        config = plan_forecast(training_options(file, horizon)).config
    except UserError as error:
        assert "steps" in str(error)
        return
    assert config.model.lookback >= 1
    assert config.data.test_size >= horizon
    assert training_windows(config, named) >= 1


@pytest.mark.parametrize(
    "length, horizon, works",
    [(5, 2, True), (5, 3, False), (29, 14, True), (28, 14, False), (2, 1, False), (3, 1, True)],
)
def test_shortest_single_series(tmp_path, length, horizon, works):
    file = write_panel(tmp_path / "short.csv", {"a": length})
    if works:
        config = plan_forecast(training_options(file, horizon)).config
        assert training_windows(config, {"a": length}) >= 1
        return
    with pytest.raises(UserError, match=f"short.csv has {length} steps") as told:
        plan_forecast(training_options(file, horizon))
    if length > 2:
        most = int(str(told.value).split("at most ")[1].split(",")[0])
        plan_forecast(training_options(file, most))
        with pytest.raises(UserError):
            plan_forecast(training_options(file, most + 1))


def test_series_too_short_to_learn_from_are_named(tmp_path):
    lengths = {"long": 120, "longer": 150, "tiny": 4, "also_long": 130}
    plan = plan_forecast(training_options(write_panel(tmp_path / "p.csv", lengths), 7))
    (told,) = [reason for reason in plan.reasons if "too short" in reason]
    assert told.startswith("1 of 4 series") and told.endswith("tiny.")


def test_everything_inferred_is_said_and_kept(tmp_path):
    file = write_panel(tmp_path / "p.csv", {"a": 120}, freq="MS")
    plan = plan_forecast(training_options(file, 6))
    data, model = plan.config.data, plan.config.model
    assert data.freq == "MS" and data.season_length >= 1
    assert None not in (data.valid_size, data.test_size, model.lookback)
    text = "\n".join(plan.reasons)
    for word in ("MS: inferred", f"Season of {data.season_length} steps", f"of {model.lookback} "):
        assert word in text


@pytest.mark.parametrize(
    "series, length, asked, refit",
    [(1, 500, None, True), (25, 90, None, True), (25, 600, None, False), (25, 600, True, True)]
    + [(1, 500, False, False)],
)
def test_only_long_panels_are_not_trained_twice_unasked(tmp_path, series, length, asked, refit):
    file = write_panel(tmp_path / "p.csv", {f"s{n}": length for n in range(series)})
    plan = plan_forecast(training_options(file, 7, season_length="7", refit=asked))
    assert plan.config.fit.refit is refit
    told = " ".join(plan.reasons)
    assert ("a new network is trained on all data and makes" in told) is refit
    assert ("The series are long" in told) is (not refit and asked is None)


def test_one_series_keeps_half_of_its_training_part_to_begin_windows_in(tmp_path):
    model = plan_forecast(training_options(write_panel(tmp_path / "p.csv", {"a": 120}), 6)).config
    trained = 120 - model.data.test_size - model.data.valid_size
    assert model.model.lookback == (trained - 6) // 2


def test_a_panel_of_short_series_is_read_from_its_start(tmp_path):
    named = {f"s{n}": 60 + n for n in range(30)}
    config = plan_forecast(training_options(write_panel(tmp_path / "p.csv", named), 4)).config
    assert config.model.lookback == 89 - config.data.test_size - config.data.valid_size


@pytest.mark.parametrize("strategy, lookback", [("direct", 18), ("seq2seq", 120)])
def test_every_step_strategies_read_long_segments(tmp_path, strategy, lookback):
    file = write_panel(tmp_path / "p.csv", {"a": 900})
    options = training_options(file, 9, season_length="7", strategy=strategy)
    assert plan_forecast(options).config.model.lookback == lookback


def test_several_seasons_are_taken_and_the_first_counts_in_metrics(tmp_path):
    file = write_panel(tmp_path / "p.csv", {"a": 900})
    data = plan_forecast(training_options(file, 9, season_length="7, 28")).config.data
    assert data.season_length == (7, 28) and data.main_season == 7
    assert data.reading()["season_length"] == 7


@pytest.mark.parametrize("lowest, transform", [(0.5, "log"), (0.0, "none"), (-1.0, "none")])
def test_logarithms_are_for_values_above_nought(tmp_path, lowest, transform):
    file = write_panel(tmp_path / "p.csv", {"a": 90})
    table = pd.read_csv(file)
    table["y"] += lowest - table["y"].min()
    table.to_csv(file, index=False)
    assert plan_forecast(training_options(file, 3)).config.model.transform == transform


def test_a_rate_that_falls_below_zero_at_its_end_has_no_logarithms(tmp_path):
    file = write_panel(tmp_path / "p.csv", {"a": 90})
    table = pd.read_csv(file)
    table["y"] = np.linspace(4, -0.1, 90)  # the training part is above 0
    table.to_csv(file, index=False)
    plan = plan_forecast(training_options(file, 3))
    assert plan.config.model.transform == "none"
    assert not any("logarithms" in reason for reason in plan.reasons)


@pytest.mark.parametrize(
    ("values", "loss", "point"),
    [([0, 0, 3], "nll", "mean"), ([0, 0, 0.5], "tweedie", None), ([0, 2, 3, 1], "mae", None)],
)
def test_intermittent_demand_is_forecast_by_its_mean(tmp_path, values, loss, point):
    file = write_panel(tmp_path / "p.csv", {"a": 120, "b": 120})
    table = pd.read_csv(file)
    table["y"] = np.resize(values, 240)
    table.to_csv(file, index=False)
    config = plan_forecast(training_options(file, 3)).config
    assert (config.fit.loss, config.model.point) == (loss, point)
    assert (config.model.distribution == "negative_binomial") == (loss == "nll")
    demand = loss != "mae"
    assert {"croston", "tsb", "zero"} <= set(config.evaluate.baselines) or not demand
    assert ("mae" not in config.evaluate.metrics) == demand


@pytest.mark.parametrize(("level", "scaling"), [(10.0, "mean"), (87_654_321.0, "change")])
def test_large_levels_are_read_relative_to_the_last_value(tmp_path, level, scaling):
    file = write_panel(tmp_path / "p.csv", {"a": 120})
    table = pd.read_csv(file)
    table["y"] = level + np.arange(120) + np.sin(np.arange(120))
    table.to_csv(file, index=False)
    plan = plan_forecast(training_options(file, 3))
    assert plan.config.model.scaling == scaling
    assert (plan.config.model.transform == "log") == (scaling == "mean")
    assert any("float64" in reason for reason in plan.reasons) == (scaling == "change")


def test_what_is_asked_for_is_taken(tmp_path):
    file = write_panel(tmp_path / "p.csv", {"a": 120})
    table = pd.read_csv(file).rename(columns={"unique_id": "shop", "ds": "day", "y": "sales"})
    table["rain"] = 1.0
    table.to_csv(file, index=False)
    options = training_options(
        file,
        horizon=5,
        id_col="shop",
        time_col="day",
        target_col="sales",
        past_cols="rain",
        freq="D",
        season_length="7",
        cell="gru",
        strategy="seq2seq",
        units="8,4",
        seed=3,
    )
    plan = plan_forecast(options)
    data, model = plan.config.data, plan.config.model
    assert (data.id_col, data.time_col, data.target_col) == ("shop", "day", "sales")
    assert (data.past_cols, data.freq, data.season_length) == (("rain",), "D", 7)
    assert (model.preset, model.strategy, model.units, model.horizon) == (
        "gru",
        "seq2seq",
        (8, 4),
        5,
    )
    assert plan.config.fit.seed == 3
    assert "Frequency D: as given." in plan.reasons
    assert "Season of 7 steps: as given." in plan.reasons


def test_plan_can_be_written_and_read_again(tmp_path):
    config = plan_forecast(training_options(write_panel(tmp_path / "p.csv", {"a": 90}), 3)).config
    (tmp_path / "recipe.toml").write_text(dump_toml(config))
    assert load_config(tmp_path / "recipe.toml") == config


def test_training_takes_as_many_steps_however_large_the_panel(tmp_path):
    steps = []
    for number in (40, 160):
        many = {f"s{n}": 300 for n in range(number)}
        fit = plan_forecast(training_options(write_panel(tmp_path / "p.csv", many), 7)).config.fit
        steps.append(fit.epochs * fit.steps_per_epoch)
    assert steps == [300, 300]


def test_long_panels_are_trained_for_more_steps_with_a_shorter_memory_of_the_season(tmp_path):
    many = {f"s{n}": 500 for n in range(40)}
    plan = plan_forecast(training_options(write_panel(tmp_path / "p.csv", many), 7))
    config = plan.config
    assert (config.model.units, config.model.members, config.model.seasons) == ((100,), 3, 5)
    assert config.fit.epochs * config.fit.steps_per_epoch == 600
    assert config.data.valid_size == 0 and config.fit.keep == "last"
    assert "3 networks with layers of 100 units" in " ".join(plan.reasons)


@pytest.mark.parametrize("length, lags", [(900, 168), (400, 30)])
def test_hours_see_the_week_around_their_day_where_there_are_some(tmp_path, length, lags):
    file = write_panel(tmp_path / "p.csv", {"a": length}, freq="h")
    config = plan_forecast(training_options(file, 24)).config
    assert (config.data.season_length, config.model.lags, config.model.seasons) == (24, lags, 9)
    given = plan_forecast(training_options(file, 24, season_length="24,168")).config
    assert (given.data.season_length, given.model.seasons) == ((24, 168), 1)


@pytest.mark.parametrize("low, loss", [(1.0, "mae_log"), (0.0, "mae")])
def test_long_series_above_nought_teach_relative_errors(tmp_path, low, loss):
    many = {f"s{n}": 500 for n in range(30)}
    file = write_panel(tmp_path / "p.csv", many)
    frame = pd.read_csv(file)
    frame["y"] = frame["y"] - frame["y"].min() + low
    frame.to_csv(file, index=False)
    fit = plan_forecast(training_options(file, 7)).config.fit
    assert (fit.loss, fit.balanced) == (loss, True)


def test_run_directories_never_collide(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    now = datetime.datetime(2024, 5, 1, 9, 30, 7)
    names = []
    for _ in range(3):
        path = default_run_dir(Path("shop/sales.2024.csv"), now)
        path.mkdir(parents=True)
        names.append(str(path))
    assert names == [f"runs/sales-20240501-093007{end}" for end in ("", "-2", "-3")]


@pytest.mark.parametrize(
    "text, widths", [("8", [8]), ("8,4", [8, 4]), (" 8 , 4 ", [8, 4]), (None, None)]
)
def test_units(text, widths):
    assert parse_numbers(text, "--units", "widths") == widths


@pytest.mark.parametrize("text", ["", "8,", "8,0", "-1", "8.5", "eight"])
def test_units_that_are_none(text):
    with pytest.raises(UserError, match="--units"):
        parse_numbers(text, "--units", "widths")
