"""Keys, types, bounds and defaults of recipes: users' files and figures rely on them.

``recipe_keys.json`` pins them. To change one on purpose, run this file as a script, review the
difference, and note it in the changelog: ``python tests/config/test_schema.py``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from keras_rnn_recipes.config.files import config_from_dict
from keras_rnn_recipes.config.schemas import FAMILIES
from keras_rnn_recipes.errors import UserError

PINNED = Path(__file__).with_name("recipe_keys.json")
# What a JSON schema says of a value, apart from words for people.
RULES = ("type", "enum", "const", "minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum")
RULES += ("minItems", "maxItems")
PARTS = ("anyOf", "prefixItems")


def rules(node: dict[str, Any]) -> dict[str, Any]:
    """The rules for a value, and for the members of a union or of a list."""
    found: dict[str, Any] = {name: node[name] for name in RULES if name in node}
    for name in PARTS:
        if name in node:
            found[name] = [rules(part) for part in node[name]]
    if isinstance(node.get("items"), dict):
        found["items"] = rules(node["items"])
    return found


def keys_of(family: str) -> dict[str, Any]:
    """By dotted key, its rules and its default."""
    schema = FAMILIES[family].model_json_schema()
    found = {}
    for name, section in schema["properties"].items():
        reference = section.get("$ref", "").rpartition("/")[2]
        usual = section.get("default", {})
        for key, node in schema["$defs"].get(reference, {}).get("properties", {}).items():
            default = usual.get(key, node.get("default", "required"))
            found[f"{name}.{key}"] = {**rules(node), "default": default}
    return found


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_keys_bounds_and_defaults_are_pinned(family):
    pinned = json.loads(PINNED.read_text(encoding="utf-8"))
    assert sorted(pinned) == sorted(FAMILIES)
    found = json.loads(json.dumps(keys_of(family)))
    assert len(found) > 15 and found == pinned[family]


FORECAST = {"data": {"source": "co2"}, "model": {"horizon": 12}}
QUANTILES = ["model.quantiles=80", "evaluate.levels=80", "fit.loss=pinball"]
NLL = ["model.distribution=gaussian", "fit.loss=nll"]


@pytest.mark.parametrize(
    "overrides",
    [
        QUANTILES,
        [*QUANTILES, "model.strategy=seq2seq", "model.transform=log"],
        NLL,
        [*NLL, "model.transform=none", "model.strategy=recursive"],
        ["model.transform=log"],
        ["model.strategy=recursive", "data.future_cols=promo"],
        ["model.strategy=direct", "data.past_cols=rain", "model.bidirectional=true"],
        ["model.strategy=seq2seq", "model.bidirectional=false"],
        ["model.preset=gru", "model.recurrent_skips=4"],
        ["model.preset=dense"],
    ],
)
def test_values_that_go_together(overrides):
    config_from_dict(FORECAST, overrides)


@pytest.mark.parametrize(
    ("overrides", "named"),
    [
        ([*QUANTILES, "model.distribution=gaussian"], ["model.quantiles", "model.distribution"]),
        (["model.quantiles=80"], ["model.quantiles", "fit.loss 'mae'", "pinball"]),
        (["fit.loss=pinball"], ["model.quantiles []", "fit.loss 'pinball'"]),
        ([*QUANTILES, "model.strategy=recursive"], ["model.strategy 'recursive'"]),
        ([*QUANTILES, "evaluate.levels=90"], ["[80.0]", "[90.0]"]),
        ([*QUANTILES, "evaluate.levels=[]"], ["evaluate.levels []"]),
        (["fit.loss=nll"], ["model.distribution None", "fit.loss 'nll'"]),
        (["model.distribution=gaussian"], ["'gaussian'", "fit.loss 'mae'"]),
        ([*NLL, "model.transform=log"], ["model.distribution", "model.transform 'log'"]),
        (["model.strategy=recursive", "data.past_cols=rain"], ["data.past_cols"]),
        (["model.preset=dense", "model.recurrent_skips=4"], ["recurrent_skips", "'dense'"]),
        (["model.preset=conv", "model.recurrent_skips=4"], ["recurrent_skips", "'conv'"]),
        (["model.preset=linear", "model.recurrent_skips=4"], ["recurrent_skips", "'linear'"]),
        (["model.strategy=seq2seq", "model.bidirectional=true"], ["bidirectional", "'seq2seq'"]),
        (["model.strategy=recursive", "model.bidirectional=true"], ["'recursive'"]),
    ],
)
def test_values_that_do_not_go_together_are_named(overrides, named):
    with pytest.raises(UserError) as told:
        config_from_dict(FORECAST, overrides, where="my.toml")
    assert told.value.what.startswith("my.toml ")
    missing = [word for word in named if word not in str(told.value)]
    assert not missing, str(told.value)


@pytest.mark.parametrize("family", ["tagging", "text_classification", "language_model"])
def test_a_text_recipe_has_exactly_one_source(family):
    one = config_from_dict({"family": family, "data": {"train": "a.txt"}})
    assert one.headline.endswith("on a.txt")
    with pytest.raises(UserError, match="neither data.source nor data.train"):
        config_from_dict({"family": family, "data": {}})
    with pytest.raises(UserError, match="both data.source and data.train"):
        config_from_dict({"family": family, "data": {"source": "b", "train": "a.txt"}})


def test_headlines():
    pairs = {"family": "encoder_decoder", "data": {"train": ["a.de", "a.en"]}}
    assert config_from_dict(pairs).headline == "lstm encoder and decoder, on a.de and a.en"
    for unit, word in {"characters": "characters", "words": "words", "whitespace": "words"}.items():
        text = {"family": "language_model", "data": {"source": "ptb", "unit": unit}}
        assert config_from_dict(text).headline == f"lstm of {word}, on ptb"
    memory = {"family": "memory", "data": {"problem": "adding", "lags": [50, 10, 50]}}
    assert "adding problem, lags 10 to 50" in config_from_dict(memory).headline


def test_numbers_in_lists_may_be_written_without_brackets():
    config = config_from_dict(FORECAST, ["evaluate.levels=95,80.5"])
    assert config.evaluate.levels == (80.5, 95.0)
    with pytest.raises(UserError, match="evaluate.levels"):
        config_from_dict(FORECAST, ["evaluate.levels=80,high"])


def test_symbols_are_for_copying():
    for problem, symbols in (("copying", 5), ("adding", 10)):  # 10 is the default
        data = {"problem": problem, "symbols": symbols}
        assert config_from_dict({"family": "memory", "data": data}).data.symbols == symbols
    with pytest.raises(UserError, match="data.symbols 5 and data.problem 'adding'"):
        config_from_dict({"family": "memory", "data": {"problem": "adding", "symbols": 5}})


def as_text(keys: dict[str, dict[str, Any]]) -> str:
    """JSON with one line for each key of a recipe."""
    families = [
        f'"{family}": {{\n'
        + ",\n".join(f" {json.dumps(key)}: {json.dumps(rule)}" for key, rule in found.items())
        + "\n}"
        for family, found in keys.items()
    ]
    return "{\n" + ",\n".join(families) + "\n}\n"


if __name__ == "__main__":
    found = {family: keys_of(family) for family in sorted(FAMILIES)}
    PINNED.write_text(as_text(found), encoding="utf-8")
