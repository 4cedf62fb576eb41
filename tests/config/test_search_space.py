"""The section [tune]: every way to write it, and every mistake in it told by its key."""

from __future__ import annotations

import pytest

from keras_rnn_recipes.config.files import dump_toml, load_config
from keras_rnn_recipes.config.search_space import Choice, Range, has_space, read_space, with_values
from keras_rnn_recipes.errors import UserError

RECIPE = """
[data]
source = "co2"
[model]
horizon = 12
[tune]
"""


def space(tmp_path, text: str):
    (tmp_path / "my.toml").write_text(RECIPE + text)
    return read_space(tmp_path / "my.toml", load_config(tmp_path / "my.toml"))


def test_dots_quotes_and_tables_say_the_same(tmp_path):
    written = (
        "model.units = [[8], [8, 8]]\nfit.learning_rate = {low = 0.001, high = 1e-1, log = true}",
        '"model.units" = [[8], [8, 8]]\n'
        '"fit.learning_rate" = {low = 0.001, high = 0.1, log = true}',
        "[tune.model]\nunits = [[8], [8, 8]]\n[tune.fit.learning_rate]\nlow = 0.001\nhigh = 0.1\n"
        "log = true",
    )
    for text in written:
        assert space(tmp_path, text).keys == {
            "model.units": Choice(([8], [8, 8])),
            "fit.learning_rate": Range(0.001, 0.1, log=True),
        }


def test_settings_and_ranges_of_whole_numbers(tmp_path):
    found = space(
        tmp_path, 'trials = 7\nmetric = "mae"\nmodel.lags = {low = 1, high = 9, step = 4}'
    )
    assert (found.trials, found.folds, found.metric) == (7, 3, "mae")
    assert found.keys["model.lags"].whole


@pytest.mark.parametrize(
    "text, said",
    [
        ("", "names no key to search"),
        ("fit.learning_rat = [0.1]", "did you mean fit.learning_rate"),
        ("learning_rate = [0.1]", "There is no key learning_rate"),
        ("trails = 5\nfit.epochs = [3]", "trails"),
        ("fit.epochs = [3, 0]", "fit.epochs is 0"),
        ("fit.epochs = {low = 0, high = 9}", "fit.epochs is 0"),
        ('fit.loss = ["mae", "mad"]', "fit.loss is 'mad'"),
        ("fit.epochs = 5", "a list of values, or a range"),
        ("fit.epochs = []", "a list of values, or a range"),
        ("fit.epochs = {low = 9, high = 3}", "a list of values, or a range"),
        ("fit.epochs = {low = 1, hihg = 3}", "fit.epochs"),
        ("fit.epochs = {low = 3, high = 3}", "low below high"),
        ("fit.epochs = {low = true, high = 9}", "a list of values, or a range"),
        ("fit.epochs = {low = 1, high = 9, step = 0}", "a list of values, or a range"),
        ("fit.epochs = {low = 1, high = 9, log = true, step = 2}", "no step"),
        ("fit.learning_rate = {low = 0.1, high = inf}", "a list of values, or a range"),
        ("model.dropout = {low = 0.0, high = 0.5, log = true}", "a low above 0"),
        ("model.dropout = {low = 0.0, high = 0.5, step = 2}", "whole numbers only"),
        ("model.horizon = [12, 24]", "model.horizon cannot be searched"),
        ("data.test_size = [12, 24]", "data.test_size cannot be searched"),
        ("fit.seed = [1, 2]", "fit.seed cannot be searched"),
        ("trials = 0\nfit.epochs = [3]", "trials is 0"),
        ("trials = true\nfit.epochs = [3]", "a whole number"),
        ("folds = 0\nfit.epochs = [3]", "a number of at least 1"),
        ('metric = "crps"\nfit.epochs = [3]', "metric is 'crps'"),
    ],
)
def test_a_mistake_names_the_key(tmp_path, text, said):
    with pytest.raises(UserError) as told:
        space(tmp_path, text)
    assert said in str(told.value), str(told.value)
    assert "my.toml" in str(told.value) and (not text or ", line 7" in str(told.value))


def test_a_recipe_with_a_search_is_a_recipe_and_one_without_says_so(tmp_path):
    space(tmp_path, "fit.epochs = [3]")
    assert has_space(tmp_path / "my.toml")
    config = load_config(tmp_path / "my.toml")
    (tmp_path / "my.toml").write_text(RECIPE.replace("[tune]", ""))
    assert load_config(tmp_path / "my.toml") == config
    assert not has_space(tmp_path / "my.toml")
    with pytest.raises(UserError, match=r"has no section \[tune\]"):
        read_space(tmp_path / "my.toml", config)


def test_what_was_not_given_is_not_written(tmp_path):
    space(tmp_path, "fit.epochs = [3]")
    config = with_values(load_config(tmp_path / "my.toml"), {"model.units": [8, 8]}, "a trial")
    lines = dump_toml(config, given_only=True).split()
    assert "units" in lines and "lookback" not in lines and "[fit]" not in lines
    (tmp_path / "best.toml").write_text(dump_toml(config, given_only=True))
    assert load_config(tmp_path / "best.toml") == config
