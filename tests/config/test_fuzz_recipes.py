"""Whatever is in a recipe or on the command line: a configuration or a `UserError`."""

from __future__ import annotations

import contextlib
import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st
from profiles import draws

from keras_rnn_recipes.config.catalogue import list_recipes
from keras_rnn_recipes.config.files import config_from_dict, dump_toml, load_config
from keras_rnn_recipes.config.search_space import read_space
from keras_rnn_recipes.data.catalogue import list_datasets, read_card
from keras_rnn_recipes.errors import UserError

RECIPES = [recipe.path for recipe in list_recipes()]
CARDS = [card.folder / "card.toml" for card in list_datasets()]

# Values of every type that TOML has, large and odd ones among them.
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["", "../x", "co2", "lstm", "1e400", "\0", "None", "D", "2024-01-01", "auto"])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)


def check(config: Any) -> None:
    """A configuration that was accepted is written and read back as it is."""
    text = dump_toml(config)
    assert config_from_dict(tomllib.loads(text)) == config


def keys_of(path: Path) -> list[tuple[str, str]]:
    """The keys of a recipe and of its schema, by section."""
    config = load_config(path)
    return [(name, key) for name, part in config.model_dump().items() if isinstance(part, dict)
            for key in part]  # fmt: skip


def test_there_are_recipes_and_cards_to_start_from():
    assert len(RECIPES) >= 40 and len(CARDS) >= 23


def test_any_bytes(tmp_path):
    @draws(500)
    @given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode()))
    def each(content):
        for name, read in (("x.toml", load_config), ("x.json", load_config), ("c.toml", read_card)):
            (tmp_path / name).write_bytes(content)
            with contextlib.suppress(UserError):
                read(tmp_path / name)

    each()


@pytest.mark.parametrize("files", [RECIPES, CARDS], ids=["recipes", "cards"])
def test_files_with_damage(tmp_path, files):
    """Valid files of which a piece is cut, doubled or replaced."""

    @draws(600)
    @given(
        st.sampled_from(files), st.randoms(use_true_random=False), st.binary(min_size=1, max_size=4)
    )
    def each(path, random, junk):
        content = path.read_bytes()
        for _ in range(random.randint(1, 3)):
            start = random.randrange(len(content))
            end = min(start + random.choice((1, 1, 2, 20)), len(content))
            piece = random.choice(
                (b"", content[start:end] * 2, junk, b"\n", b'"', b"=", b"[", b"9")
            )
            content = content[:start] + piece + content[end:] or b"x"
        file = tmp_path / "x.toml"
        file.write_bytes(content)
        with contextlib.suppress(UserError):
            if files is CARDS:
                read_card(file)
                return
            config = load_config(file)
            check(config)
            read_space(file, config)

    each()


@draws(1000)
@given(st.sampled_from(RECIPES), st.data())
def test_any_value_of_any_key(path, data):
    recipe = tomllib.loads(path.read_text(encoding="utf-8"))
    recipe.pop("tune", None)
    for _ in range(data.draw(st.integers(1, 3))):
        section, key = data.draw(st.sampled_from(keys_of(path)))
        recipe[section] = {**recipe.get(section, {}), key: data.draw(VALUES)}
    with contextlib.suppress(UserError):
        check(config_from_dict(recipe))


@draws(300)
@given(st.dictionaries(st.sampled_from(["family", "data", "model", "fit", "tune", "x"]), VALUES))
def test_any_sections(recipe):
    with contextlib.suppress(UserError):
        check(config_from_dict(recipe))


@draws(500)
@given(st.sampled_from(RECIPES), st.lists(st.text(max_size=20), max_size=2), st.data())
def test_any_override(path, texts, data):
    section, key = data.draw(st.sampled_from(keys_of(path)))
    value = data.draw(st.text(max_size=12) | VALUES.map(str) | SCALARS.map(json.dumps))
    with contextlib.suppress(UserError):
        check(load_config(path, [f"{section}.{key}={value}", *texts]))
