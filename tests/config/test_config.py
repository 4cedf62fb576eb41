"""Recipes: what is accepted, what is refused, and how the refusal reads."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from keras_rnn_recipes.config.errors import line_of
from keras_rnn_recipes.config.files import (
    apply_overrides,
    config_from_dict,
    config_to_dict,
    dump_toml,
    load_config,
)
from keras_rnn_recipes.config.forecasting import Config, ModelConfig
from keras_rnn_recipes.errors import UserError

RECIPE = """\
# A recipe.
[data]
source = "co2"
start = 2016-01-01

[model]
horizon = 12
units = [32, 16]

[fit]
epochs = 4
"""


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    path = tmp_path / "my.toml"
    path.write_text(RECIPE)
    return path


def test_values_and_defaults(recipe: Path):
    config = load_config(recipe)
    assert config.data.start == "2016-01-01"
    assert config.model.units == (32, 16)
    assert (config.fit.epochs, config.fit.seed) == (4, 0)
    assert config.model.lookback is None


def test_overrides_win_and_keep_their_type(recipe: Path):
    config = load_config(recipe, ["fit.epochs=9", "fit.loss=mse", "model.units=64"])
    assert (config.fit.epochs, config.fit.loss, config.model.units) == (9, "mse", (64,))


def test_overrides_leave_the_given_data_alone():
    data = {"fit": {"epochs": 1}}
    changed, given_keys = apply_overrides(data, ["fit.epochs=2", 'data.source="a=b.csv"'])
    assert data == {"fit": {"epochs": 1}}
    assert changed == {"fit": {"epochs": 2}, "data": {"source": "a=b.csv"}}
    assert given_keys[("fit", "epochs")] == "fit.epochs=2"


def test_a_file_of_ones_own_takes_the_place_of_the_recipes_source():
    recipe = {"data": {"source": "imdb", "test_share": 0.2}}
    changed, _ = apply_overrides(recipe, ["data.train=mine.csv"])
    assert changed == {"data": {"train": "mine.csv", "test_share": 0.2}}
    back, _ = apply_overrides(changed, ["data.source=imdb"])
    assert back == recipe
    both, _ = apply_overrides(recipe, ["data.train=mine.csv", "data.source=ptb"])
    assert both["data"] == {"source": "ptb", "train": "mine.csv", "test_share": 0.2}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("epochs = 4", "epoch = 4", "fit.epoch, in {f}, line 11.*did you mean fit.epochs"),
        ("epochs = 4", "horizon = 4", "fit.horizon.*line 11.*did you mean model.horizon"),
        ("[fit]", "[fitt]", "no key fitt, in {f}, line 10.*did you mean fit"),
        ("epochs = 4", "epochs = 0", "fit.epochs is 0, in {f}, line 11. .*at least 1"),
        ("epochs = 4", "epochs = true", "fit.epochs is true.*line 11.*whole number"),
        ("epochs = 4", 'epochs = "4"', "fit.epochs is '4'.*line 11.*whole number"),
        ("epochs = 4", "loss = 'mape'", "fit.loss is 'mape'.*line 11.*'mae', 'mae_log', 'mse'"),
        ("epochs = 4", "learning_rate = nan", "fit.learning_rate is nan.*line 11"),
        ("[32, 16]", "[32, -1]", "model.units is -1.*line 8.*at least 1"),
        ("[32, 16]", "[]", "model.units.*line 8.*at least one"),
        ("horizon = 12\n", "", "model.horizon is missing from {f}.*add a line horizon"),
        ("epochs = 4", "epochs = four", "{f} is not valid TOML.*line 11"),
        ("epochs = 4", "epochs = 4\nepochs = 5", "{f} is not valid TOML.*line 12"),
        (
            "[data]\n",
            "[data]\npast_cols = ['a']\n[model]\nstrategy = 'recursive'\n[data]\n",
            "TOML",
        ),
    ],
)
def test_mistakes_are_told_with_file_line_and_way_out(recipe: Path, old, new, message):
    assert old in RECIPE
    recipe.write_text(RECIPE.replace(old, new))
    with pytest.raises(UserError, match="(?s)" + message.format(f=recipe)):
        load_config(recipe)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("fit.epoch=3", "in the override 'fit.epoch=3'.*did you mean fit.epochs"),
        ("epochs=3", "did you mean fit.epochs"),
        ("fit.epochs=ten", "fit.epochs is 'ten', in the override"),
        ("fit.epochs", "not of the form key=value"),
        ("=3", "not of the form key=value"),
        ("fit=3", "fit is 3"),
        ("family.x=3", "family"),
        ("model.strategy=recursive", None),
    ],
)
def test_mistakes_in_overrides(recipe: Path, override, message):
    if message is None:
        assert load_config(recipe, [override]).model.strategy == "recursive"
        return
    with pytest.raises(UserError, match=message):
        load_config(recipe, [override])


@pytest.mark.parametrize(
    "overrides",
    [
        ["model.strategy=recursive", "data.past_cols=a"],
        ["model.strategy=seq2seq", "model.bidirectional=true"],
    ],
)
def test_what_does_not_go_together_is_refused(recipe: Path, overrides):
    with pytest.raises(UserError, match="combines"):
        load_config(recipe, overrides)


@pytest.mark.parametrize("kind", ["missing", "folder", "bytes"])
def test_files_that_are_no_recipe(tmp_path: Path, kind: str):
    path = tmp_path / "x.toml"
    if kind == "folder":
        path.mkdir()
    if kind == "bytes":
        path.write_bytes(b"\xff\xfe[data]")
    with pytest.raises(UserError, match=r"x\.toml"):
        load_config(path)


def test_a_data_file_is_found_beside_the_recipe(tmp_path: Path):
    (tmp_path / "sales.csv").write_text("ds,y\n")
    path = tmp_path / "my.toml"
    path.write_text(RECIPE.replace('"co2"', '"sales.csv"'))
    assert load_config(path).data.source == str(tmp_path / "sales.csv")


def test_config_json_can_be_run_again(tmp_path: Path, recipe: Path):
    import json

    config = load_config(recipe)
    path = tmp_path / "config.json"
    path.write_text(json.dumps(config_to_dict(config)))
    assert load_config(path) == config
    path.write_text(json.dumps({**config_to_dict(config), "format_version": 99}))
    with pytest.raises(UserError, match="format_version is 99"):
        load_config(path)


TEXT = st.text(st.characters(blacklist_categories=("Cs",)), min_size=1, max_size=12)


@given(source=TEXT, cols=st.lists(TEXT, max_size=3), units=st.lists(st.integers(1, 99), min_size=1))
def test_dumped_toml_reads_back_equal(tmp_path_factory, source, cols, units):
    data = {
        "data": {"source": source, "past_cols": cols},
        "model": {"horizon": 3, "units": units, "dropout": 0.25, "lags": [0, 1, 7]},
        "fit": {"clip_norm": 1e-20, "learning_rate": 1e-7},
    }
    config = config_from_dict(data)
    path = tmp_path_factory.getbasetemp() / "dumped.toml"
    path.write_text(dump_toml(config), encoding="utf-8")
    assert load_config(path) == config


def test_a_line_is_found_for_every_key_of_a_dumped_config():
    config = config_from_dict({"data": {"source": "co2"}, "model": {"horizon": 12}})
    text = dump_toml(config)
    for section, values in config.model_dump(exclude_none=True).items():
        for key, _ in values.items() if isinstance(values, dict) else ():
            number = line_of(text, (section, key))
            assert number and text.splitlines()[number - 1].startswith(f"{key} = ")


def test_configurations_are_frozen():
    config = config_from_dict({"data": {"source": "co2"}, "model": {"horizon": 12}})
    with pytest.raises(ValueError, match="frozen"):
        config.fit.epochs = 3  # type: ignore[misc]
    assert isinstance(config, Config)


def test_reading_a_recipe_imports_nothing_heavy():
    code = (
        "import sys, keras_rnn_recipes.config.files, keras_rnn_recipes.runs.directory;"
        "print([m for m in ('tensorflow', 'keras', 'pandas', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("options, taken", [({}, False), ({"seasons": 5}, True)])
def test_a_memory_of_seasons_asks_for_the_season(options, taken):
    passed = ModelConfig(horizon=12, **options).options(season_length=12)
    assert ("season_length" in passed) == taken
    refused = ModelConfig(horizon=12, seasonal=False, **options).options(season_length=12)
    assert "season_length" not in refused


def test_a_missing_extra_is_told_before_anything_is_trained(monkeypatch):
    monkeypatch.setattr("keras_rnn_recipes.extras.find_spec", lambda name: None)
    data = {"family": "encoder_decoder", "data": {"source": "reversal"}}
    with pytest.raises(UserError, match="text"):
        config_from_dict(data).require_extras()
    config_from_dict(data | {"evaluate": {"metrics": ["accuracy_at_1"]}}).require_extras()


@pytest.mark.parametrize(
    ("written", "read"), [("tab", "\t"), ("\\t", "\t"), (";", ";"), ("0", "0"), ("||", "||")]
)
def test_a_separator_is_read_by_its_name_or_as_it_is(written, read):
    data = {"train": "reviews.csv", "separator": written}
    config = config_from_dict({"family": "text_classification", "data": data})
    assert config.data.separator == read


def test_folders_are_looked_for_next_to_the_recipe_but_replace_no_data_set(tmp_path):
    recipe = tmp_path / "my.toml"
    for name in ("co2", "pictures"):
        (tmp_path / name).mkdir()
    recipe.write_text('[data]\nsource = "co2"\n[model]\nhorizon = 3\n')
    assert load_config(recipe).data.source == "co2"
    recipe.write_text('[data]\nsource = "./pictures"\n[model]\nhorizon = 3\n')
    assert load_config(recipe).data.source == str(tmp_path / "pictures")
    recipe.write_text('family = "text_classification"\n[data]\ntrain = "pictures"\n')
    assert load_config(recipe).data.train == str(tmp_path / "pictures")


def test_what_none_switches_off_can_be_said_in_a_recipe(tmp_path):
    given = {"data": {"source": "co2"}, "model": {"horizon": 3}, "fit": {"clip_norm": None}}
    config = config_from_dict(given)
    (tmp_path / "a.toml").write_text(dump_toml(config))
    assert 'clip_norm = "none"' in dump_toml(config)
    assert load_config(tmp_path / "a.toml") == config
    assert load_config(tmp_path / "a.toml", ["fit.clip_norm=0.5"]).fit.clip_norm == 0.5
    assert load_config(tmp_path / "a.toml", ["fit.clip_norm=none"]).fit.clip_norm is None
