"""Finding and copying recipes, in folders of the test's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from keras_rnn_recipes.config.catalogue import (
    copy_recipe,
    find_recipe,
    find_script,
    list_recipes,
    recipe_path,
)
from keras_rnn_recipes.errors import UserError


def test_recipes_are_found_by_looking(tmp_path: Path):
    folder = tmp_path / "forecasting"
    folder.mkdir()
    assert list_recipes(tmp_path) == []
    (folder / "shop_gru_direct.toml").write_text("# Sales of a shop.\n[data]\n")
    (folder / "notes.md").write_text("")
    (recipe,) = list_recipes(tmp_path)
    assert (recipe.name, recipe.title) == ("forecasting/shop_gru_direct", "Sales of a shop.")
    assert find_recipe("shop_gru_direct", tmp_path) == recipe
    assert find_recipe("forecasting/shop_gru_direct.toml", tmp_path) == recipe


@pytest.mark.parametrize(
    ("typo", "meant"),
    [
        ("co2_lstm_drect", "forecasting/co2_lstm_direct"),
        ("forecasting/co2_lsmt_direct", "forecasting/co2_lstm_direct"),
        ("forcasting/elnino_gru_seq2seq", "forecasting/elnino_gru_seq2seq"),
    ],
)
def test_typos(typo, meant):
    with pytest.raises(UserError, match=f"did you mean {meant}"):
        recipe_path(typo)


def test_nothing_near():
    with pytest.raises(UserError, match="krr ls recipes"):
        recipe_path("zzzzzz")


def test_a_file_comes_before_a_recipe_and_a_folder_is_neither(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("co2_lstm_direct").write_text("")
    assert recipe_path("co2_lstm_direct") == Path("co2_lstm_direct")
    with pytest.raises(UserError, match="is a folder"):
        recipe_path(tmp_path)


def test_copies_are_the_same_and_never_written_over(tmp_path: Path):
    recipe = find_recipe("co2_lstm_direct")
    toml, script = copy_recipe("co2_lstm_direct", tmp_path / "new" / "folder")
    assert toml.read_bytes() == recipe.path.read_bytes()
    assert script.read_bytes() == recipe.script.read_bytes()
    toml.write_text("mine")
    with pytest.raises(UserError, match="already exists"):
        copy_recipe("co2_lstm_direct", toml.parent)
    assert toml.read_text() == "mine"
    # A second recipe shares the script, which the user may have changed.
    script.write_text("# mine\ndef main(config, run): ...")
    copy_recipe("co2_gru_seq2seq", toml.parent)
    assert script.read_text().startswith("# mine")


def test_a_folder_that_cannot_be_made():
    with pytest.raises(UserError, match="cannot be created"):
        copy_recipe("co2_lstm_direct", "/proc/nowhere")


def test_the_script_beside_a_recipe_is_preferred_if_it_is_one(tmp_path: Path):
    recipe = tmp_path / "my.toml"
    packaged = find_script("forecasting")
    assert packaged.name == "forecast.py"
    assert find_script("forecasting", beside=recipe) == packaged
    own = tmp_path / "forecast.py"
    own.write_text("print('some other program')")
    assert find_script("forecasting", beside=recipe) == packaged
    own.write_text("def main(config, run):\n    pass\n")
    assert find_script("forecasting", beside=recipe) == own
