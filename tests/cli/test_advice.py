"""Advice names options of the command that gives it, or keys of its recipe."""

from __future__ import annotations

from inspect import signature

import pytest

from keras_rnn_recipes.cli.advice import fitting
from keras_rnn_recipes.cli.commands import app, predict
from keras_rnn_recipes.cli.console import _in_three_parts
from keras_rnn_recipes.cli.update import update
from keras_rnn_recipes.config.forecasting import Config
from keras_rnn_recipes.errors import UserError


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("name it with --time-col.", "name it with data.time_col."),
        ("give --time-col year,month,day.", "give data.time_col=year,month,day."),
        ("give --thousands . or --decimal .", "give data.thousands=. or data.decimal=."),
        ("choose one with --day-first or --month-first.",
         "choose one with data.day_first=true or data.day_first=false."),
        ("such as --aggregate sum --freq D; or give",
         "such as data.aggregate=sum data.freq=D; or give"),
        ("lower --horizon to at most 3", "lower model.horizon to at most 3"),
        ("--target-col 'units sold' (or several: --target-col a,b)",
         "data.target_col='units sold' (or several: data.target_col=a,b)"),
        ("give --overwrite or another --run-dir", "give --overwrite or another --run-dir"),
    ],
)  # fmt: skip
def test_options_become_keys(text, meant):
    assert fitting(text, ["--overwrite", "--run-dir"]) == meant
    every = [word.rstrip(".,;") for word in text.split() if word.startswith("--")]
    assert fitting(text, every) == text


def test_a_finished_run_takes_keys_of_the_data_only():
    text = "give --decimal , or train with --no-refit"
    assert fitting(text, [], "data.") == "give data.decimal=, or train with --no-refit"


@pytest.mark.parametrize(
    ("command", "advised"),
    [(predict, "--levels or data.freq=D"), (update, "evaluate.levels or data.freq=D")],
)
def test_a_run_that_is_trained_on_takes_keys_of_the_whole_recipe(command, advised):
    error = UserError("No.", "another frequency.", "give --levels or --freq D")
    told = _in_three_parts(error, signature(command))
    assert told.endswith(f"Fix: give {advised}")


def test_every_key_exists():
    from keras_rnn_recipes.cli.advice import _FLAGS, _KEYS

    for key in (*_KEYS.values(), *(flag.split("=")[0] for flag in _FLAGS.values())):
        section, name = key.split(".")
        assert name in Config.model_fields[section].annotation.model_fields, key


def test_a_recipe_is_advised_keys(tmp_path, capsys):
    (tmp_path / "t.csv").write_text("date,a,b\n2024-01-01,1,2\n2024-01-02,3,4\n")
    overrides = [f"data.source={tmp_path / 't.csv'}", "model.horizon=1"]
    command = ["run", "forecasting/co2_lstm_direct", *overrides, "--run-dir", str(tmp_path / "r")]
    with pytest.raises(SystemExit):
        app([*command, "--smoke"])
    assert "data.target_col=b" in capsys.readouterr().err
