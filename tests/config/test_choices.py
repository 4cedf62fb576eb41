"""What the user gave stays; all else is chosen, and each choice is told with its reason."""

from __future__ import annotations

import pytest

from keras_rnn_recipes.config.choices import Choice, given_keys, resolve
from keras_rnn_recipes.errors import UserError

ASKED = {"family": "text_classification", "data": {"train": "a.csv"}, "fit": {"seed": 3}}
CHOICES = [
    Choice({"fit.epochs": 7}, lambda c: f"Epochs {c.fit.epochs}", "few texts", "--epochs"),
    Choice({"model.units": [9], "model.cell": "gru"}, lambda c: f"Units {c.model.units}", "small"),
]


def test_values_that_were_not_given_are_chosen():
    config, told = resolve(ASKED, [], CHOICES, where="here")
    assert (config.fit.epochs, config.model.units, config.model.cell) == (7, (9,), "gru")
    assert config.fit.seed == 3 and config.data.train == "a.csv"
    assert told == ["Epochs 7: few texts (--epochs).", "Units (9,): small."]


@pytest.mark.parametrize(
    "asked, overrides", [({"seed": 3, "epochs": 2}, []), ({"seed": 3}, ["fit.epochs=2"])]
)
def test_values_that_were_given_stay_and_are_told_so(asked, overrides):
    config, told = resolve({**ASKED, "fit": asked}, overrides, CHOICES, where="here")
    assert config.fit.epochs == 2
    assert told[0] == "Epochs 2: as given."
    assert "fit.epochs" in given_keys({**ASKED, "fit": asked}, overrides)


def test_an_override_that_is_wrong_is_named():
    with pytest.raises(UserError, match=r"fit\.epoch"):
        resolve(ASKED, ["fit.epoch=3"], CHOICES, where="the command line")
