"""Columns beside the target through a whole run, from the command line to the served model."""

from __future__ import annotations

import json

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from typer.testing import CliRunner

from keras_rnn_recipes.builders import build_forecaster, to_forecaster
from keras_rnn_recipes.cli.commands import app
from keras_rnn_recipes.config.defaults import choose_defaults
from keras_rnn_recipes.config.files import config_from_dict
from keras_rnn_recipes.data.frames import read_panel
from keras_rnn_recipes.data.split import split_by_time
from keras_rnn_recipes.data.windows import WindowSpec, window_dataset
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.families.forecasting.covariates import (
    adapt_covariates,
    code_covariates,
    read_covariates,
)
from keras_rnn_recipes.families.forecasting.training import validation_windows
from keras_rnn_recipes.serving.export_forecaster import export_saved_model, load_saved_model

HORIZON = 3
NAMES = {"past_cols": ["sky"], "future_cols": ["promo", "price"], "static_cols": ["town"]}
CONFIG = {
    "data": {"source": "sales.csv", **NAMES, "calendar": ["day_of_week"], "test_size": 6},
    "model": {"horizon": HORIZON, "series_embedding": 2},
}


def shop(name: str, steps: int = 60, ahead: int = HORIZON) -> pd.DataFrame:
    rng = np.random.default_rng(len(name) + steps)
    promo = rng.integers(0, 2, steps)
    sales = 50 + 10 * promo + rng.normal(0, 1, steps)
    sales[steps - ahead :] = np.nan
    return pd.DataFrame(
        {
            "unique_id": name,
            "ds": pd.date_range("2024-01-01", periods=steps).strftime("%Y-%m-%d"),
            "y": sales.round(3),
            "sky": rng.choice(["sun", "rain"], steps),
            "promo": np.where(promo, "leaflet", "none"),
            "price": rng.normal(5, 1, steps).round(2),
            "town": f"town of {name}",
        }
    )


def table(*names: str) -> pd.DataFrame:
    return pd.concat([shop(name) for name in names], ignore_index=True)


def arrays(dataset) -> list[np.ndarray]:
    return [np.asarray(a) for batch in dataset for a in tf.nest.flatten(batch)]


def prepared(frame: pd.DataFrame):
    """All that training is made of: the recipe as chosen, codes, statistics, windows, weights."""
    panel = read_panel(frame, **NAMES)
    config = choose_defaults(config_from_dict(CONFIG), panel)
    panel = code_covariates(panel, config)
    data, lookback = config.data, config.model.lookback
    split = split_by_time(
        panel.frame, valid_size=data.valid_size, test_size=data.test_size, lookback=lookback
    )
    spec = WindowSpec(lookback, HORIZON, strategy="seq2seq")
    options = {**panel.columns, "weights": "scale"}
    windows = arrays(window_dataset(split.train, spec, shuffle=True, seed=1, **options))
    windows += arrays(validation_windows(split.valid, spec, **options))
    keras.utils.set_random_seed(1)
    network = {"units": 2, "series_embedding": 2, **panel.sizes}
    model = build_forecaster("gru", "seq2seq", HORIZON, **network)
    adapt_covariates(model, split.train, panel)
    return config, panel.covariates, [*windows, *model.get_weights()]


def test_nothing_of_the_test_part_reaches_what_is_learnt():
    frame = table("a", "b")
    expected = prepared(frame)
    rng = np.random.default_rng(5)
    late = frame.index[frame.groupby("unique_id").cumcount() >= 60 - HORIZON - 6]
    known = late[frame.loc[late, "y"].notna()]
    frame.loc[known, "y"] = rng.normal(1e6, 1e5, len(known))
    frame.loc[late, "price"] = rng.normal(-1e6, 1e5, len(late))
    for name in ("sky", "promo"):
        frame.loc[late, name] = rng.choice(["flood", "fire"], len(late))
    config, covariates, learned = prepared(frame)
    assert (config, covariates) == expected[:2]
    assert covariates.past[0].values == ("rain", "sun")
    assert len(learned) == len(expected[2]) > 20
    for now, before in zip(learned, expected[2], strict=True):
        np.testing.assert_array_equal(now, before)


def test_statistics_are_those_of_the_training_part():
    frame = table("a", "bb").assign(size=np.repeat([10.0, 30.0], 60))
    frame.loc[3, "price"] = np.nan
    names = {**NAMES, "static_cols": ["size"]}
    panel = read_panel(frame, **names)
    config = config_from_dict({**CONFIG, "data": {**CONFIG["data"], **names, "valid_size": 4}})
    panel = code_covariates(panel, config)
    model = build_forecaster("gru", "direct", HORIZON, units=2, series_embedding=2, **panel.sizes)
    train = split_by_time(panel.frame, valid_size=4, test_size=6, lookback=1).train
    adapt_covariates(model, train, panel)
    prices = frame["price"][frame.groupby("unique_id").cumcount() < 60 - HORIZON - 10].dropna()
    future, static = model.get_layer("future_columns"), model.get_layer("static_columns")
    np.testing.assert_allclose(np.array(future.mean), prices.mean(), rtol=1e-5)
    np.testing.assert_allclose(np.array(future.scale), prices.std(ddof=0), rtol=1e-5)
    np.testing.assert_allclose([np.array(static.mean)[0], np.array(static.scale)[0]], [20, 10])


def test_the_served_model_has_named_inputs_and_answers_as_the_live_one(tmp_path):
    sizes = {"num_features": 2, "past_codes": (3,), "num_future": 2, "future_codes": (0, 4)}
    model = build_forecaster("gru", "direct", HORIZON, units=2, num_static=1, **sizes)
    model.get_layer("future_columns").set_statistics([7.0], [2.0])
    forecaster = to_forecaster(model)
    served = load_saved_model(export_saved_model(forecaster, tmp_path / "saved_model"))
    rng = np.random.default_rng(0)
    given = {
        "history": rng.normal(5, 1, (2, 6, 2)).astype("float32"),
        "future": rng.integers(0, 4, (2, 9, 2)).astype("float32"),
        "static": rng.normal(size=(2, 1)).astype("float32"),
    }
    live = forecaster.predict_on_batch(given)[..., 0]
    np.testing.assert_allclose(served.forecast_windows(given), live, rtol=1e-4)
    history, past = given["history"][..., 0], given["history"][..., 1:]
    named = {"past": past, "future": given["future"], "static": given["static"]}
    np.testing.assert_allclose(served(history, **named), live, rtol=1e-4)
    module = tf.saved_model.load(str(tmp_path / "saved_model"))
    signature = module.signatures["serving_default"].structured_input_signature[1]
    assert {name: spec.shape.as_list() for name, spec in signature.items()} == {
        "history": [None, None],
        "past": [None, None, 1],
        "future": [None, None, 2],
        "static": [None, 1],
    }
    assert (served.num_past, served.num_future, served.num_static) == (1, 2, 1)
    for wrong, said in [
        ({"future": None}, "needs future columns"),
        ({"future": given["future"][:, :6]}, r"future has shape \(2, 6, 2\).*\(2, 9, 2\)"),
        ({"static": np.zeros((2, 3))}, r"static has shape \(2, 3\)"),
    ]:
        with pytest.raises(UserError, match=f"(?s){said}"):
            served(history, **{**named, **wrong})


def command(*arguments: str) -> str:
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory):
    """A run of `krr forecast` in which everything is asked for, recursive, with a few steps."""
    folder = tmp_path_factory.mktemp("covariates")
    table("a", "b").to_csv(folder / "sales.csv", index=False)
    options = ["--future-cols", "promo,price", "--static-cols", "town", "--calendar", "day_of_week"]
    plan = ["--horizon", str(HORIZON), "--strategy", "recursive", "--cell", "gru", "--units", "2"]
    output = ["--run-dir", str(folder / "run"), "--smoke"]
    said = command("forecast", str(folder / "sales.csv"), *plan, *options, *output)
    assert "known ahead promo, price; derived from the dates day_of_week" in said
    return folder / "run"


@pytest.mark.slow
def test_a_run_keeps_its_codes_and_can_be_asked_again(run_dir):
    known = read_covariates(run_dir)
    assert [c.name for c in known.future] == ["promo", "price", "day_of_week"]
    assert known.static[0].values == ("town of a", "town of b")
    command("predict", str(run_dir), "--input", str(run_dir.parent / "sales.csv"), "--output",
            str(run_dir.parent / "again.csv"))  # fmt: skip
    again = pd.read_csv(run_dir.parent / "again.csv")
    np.testing.assert_allclose(
        again["gru"], pd.read_csv(run_dir / "forecasts.csv")["gru"], rtol=1e-4
    )
    assert again["ds"].tolist() == ["2024-02-27", "2024-02-28", "2024-02-29"] * 2


@pytest.mark.slow
def test_what_training_never_saw_is_forecast_and_judged(run_dir):
    new = run_dir.parent / "new.csv"
    frame = table("zz").assign(promo="radio")
    frame.to_csv(new, index=False)
    command("predict", str(run_dir), "--input", str(new), "--output", str(new) + ".csv")
    assert pd.read_csv(str(new) + ".csv")["gru"].notna().all()
    frame.dropna().to_csv(new, index=False)  # to be judged, nothing need be known ahead
    assert "gru" in command("evaluate", str(run_dir), "--input", str(new))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"promo": None}, ["no column 'promo'", "data.future_cols"]),
        ({"price": "dear"}, ["'price' contains 'dear'", "line 2"]),
        ({"town": [f"t{n}" for n in range(60)]}, ["'town' changes within a series", "'zz'"]),
        ({"price": [5.0] * 59 + [np.nan]}, ["'price'", "'zz'", "2024-02-29", "step 3 of the 3"]),
    ],
    ids=str,
)
def test_new_data_that_cannot_be_used_are_refused(run_dir, changes, named):
    bad, output = run_dir.parent / "bad.csv", run_dir.parent / "never.csv"
    frame = table("zz")
    for name, value in changes.items():
        frame = frame.drop(columns=name) if value is None else frame.assign(**{name: value})
    frame.to_csv(bad, index=False)
    result = CliRunner().invoke(
        app, ["predict", str(run_dir), "--input", str(bad), "--output", str(output)]
    )
    assert result.exit_code == 2 and not output.exists()
    missing = [word for word in named if word not in result.stderr]
    assert not missing, f"{missing} not named in:\n{result.stderr}"


def test_a_damaged_file_of_codes_is_told(tmp_path):
    assert not read_covariates(tmp_path)
    for text in ("{", json.dumps({"past": []}), json.dumps([])):
        (tmp_path / "covariates.json").write_text(text)
        with pytest.raises(UserError, match=r"covariates\.json cannot be read"):
            read_covariates(tmp_path)
