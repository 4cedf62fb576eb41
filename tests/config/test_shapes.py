"""The five shapes: each family names its own, and the lists and tables follow."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest
from families.command import krr

from keras_rnn_recipes.config.catalogue import list_recipes
from keras_rnn_recipes.config.files import config_from_dict, load_config
from keras_rnn_recipes.config.schemas import FAMILIES
from keras_rnn_recipes.config.shapes import SHAPES, Shape, shapes_named
from keras_rnn_recipes.errors import UserError

RECIPES = {recipe.name: load_config(recipe.path).shape for recipe in list_recipes()}
ROOT = Path(__file__).parents[2]


def listed(*arguments: str) -> list[str]:
    return [line.split()[0] for line in krr("ls", *arguments).splitlines()]


def test_every_family_names_a_shape_and_every_shape_has_a_family():
    assert {name.split("/")[0] for name in RECIPES} == set(FAMILIES)
    assert set(RECIPES.values()) == set(SHAPES) == set(get_args(Shape))


def test_the_shape_may_depend_on_the_settings():
    forecast = {"data": {"source": "co2"}, "model": {"horizon": 12}}
    assert config_from_dict(forecast).shape == "many-to-many-different"
    assert config_from_dict(forecast, ["model.horizon=1"]).shape == "many-to-one"
    image = {"family": "image_classification", "data": {"source": "digits"}}
    assert config_from_dict(image).shape == "one-to-one"
    assert config_from_dict(image, ["model.preset=lstm"]).shape == "many-to-one"
    gestures = {"family": "sequence_classification", "data": {"source": "gestures"}}
    assert config_from_dict(gestures).shape == "many-to-one"
    every_step = ["model.every_step=true", "model.pooling=last"]
    assert config_from_dict(gestures, every_step).shape == "many-to-many-equal"
    memory = {"family": "memory", "data": {"problem": "adding"}}
    assert config_from_dict(memory).shape == "many-to-one"
    assert config_from_dict(memory, ["data.problem=copying"]).shape == "many-to-many-different"


@pytest.mark.parametrize("shape", SHAPES)
def test_recipes_of_a_shape_are_listed(shape):
    expected = [name for name, of_recipe in RECIPES.items() if of_recipe == shape]
    assert listed("recipes", "--shape", shape) == listed("--shape", shape) == expected


def test_both_lengths_of_many_to_many_are_listed_together():
    both = listed("recipes", "--shape", "many-to-many")
    assert "tagging/people_places_lstm" in both and "encoder_decoder/reversal_gru" in both
    assert len(both) == sum(shape.startswith("many-to-many") for shape in RECIPES.values())
    assert shapes_named("many-to-one") == ("many-to-one",)


def test_mistakes_are_told():
    message = krr("ls", "recipes", "--shape", "many-to-on", status=2)
    assert "did you mean many-to-one?" in message
    assert "no shape" in krr("ls", "datasets", "--shape", "many-to-one", status=2)
    with pytest.raises(UserError, match="--shape is 'two'"):
        shapes_named("two")


@pytest.mark.parametrize("page", ("README.md", "docs/guides/shapes.md"))
def test_the_table_has_every_family_in_the_row_of_its_shape(page):
    rows = re.findall(r"^\| [^|]+ \| !\[[^\]]+\]\(([^)]+)\) \| ([^|]+) \|", _text(page), re.M)
    found = {(Path(path).stem, family) for path, cell in rows for family in _families(cell)}
    assert found == {(shape, name.split("/")[0]) for name, shape in RECIPES.items()}


def _families(cell: str) -> list[str]:
    return [Path(link).stem for link in re.findall(r"\]\(([^)]+)\)", cell)]


def _text(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")
