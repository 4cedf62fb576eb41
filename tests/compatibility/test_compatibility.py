"""Runs recorded by an earlier version load, answer as they did, and serve every command."""

from __future__ import annotations

import json
import tarfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from compatibility.cases import (
    ARCHIVES,
    CASES,
    HERE,
    REGISTERED_NAMES,
    ask_model,
    ask_served,
    krr,
    numbers_of,
    registered_names,
    to_array,
)

import keras_rnn_recipes

# Folders of later format versions are found as well.
FOUND = sorted(HERE.glob("artifacts*/*.tar.xz"))
NUM_RECORDED = 21


@dataclass(frozen=True)
class Recorded:
    """A recorded case, unpacked; commands are run from its folder."""

    name: str
    folder: Path

    @property
    def run(self) -> Path:
        return self.folder / "run"

    def answers(self, name: str) -> Any:
        return json.loads((self.folder / "answers" / name).read_text(encoding="utf-8"))


def case_of(path: Path) -> str:
    return path.name.removesuffix(".tar.xz")


SERVED = [path for path in FOUND if CASES[case_of(path)].new]
FORECASTERS = [path for path in FOUND if CASES[case_of(path)].family == "forecasting"]
# `krr predict` loads every SavedModel; a few are enough for the quick tests of the other ways.
QUICK_FORECASTERS = {"lstm_direct_intervals", "gru_covariates"}
TEXTS = {"text_classification", "tagging", "language_model", "encoder_decoder"}
ONE_A_FAMILY = {"lstm_direct_intervals", *TEXTS}
# These are saved with a loss that Keras cannot find again: they load with compile=False.
LOSS_IS_NOT_REGISTERED = {
    *("captioning", "music", "speech_recognition"),
    "encoder_decoder",
    "encoder_decoder_relative",
    "lstm_seq2seq_quantiles",
}


def over(paths: list[Path], quick: set[str] | None = None):
    """Parametrize the fixture ``recorded`` by archives; those not in ``quick`` are slow."""
    rows = [
        pytest.param(
            path,
            id=f"{path.parent.name}/{case_of(path)}",
            marks=() if quick is None or case_of(path) in quick else pytest.mark.slow,
        )
        for path in paths
    ]
    return pytest.mark.parametrize("recorded", rows, indirect=True)


@pytest.fixture(scope="module")
def unpack(tmp_path_factory):
    """Unpack an archive, once in all tests."""

    @cache
    def unpacked(path: Path) -> Path:
        folder = tmp_path_factory.mktemp(case_of(path))
        with tarfile.open(path) as archive:
            archive.extractall(folder, filter="data")
        return folder

    return unpacked


@pytest.fixture
def recorded(request, unpack, monkeypatch) -> Recorded:
    folder = unpack(request.param)
    monkeypatch.chdir(folder)  # the run knows its data by relative paths
    return Recorded(case_of(request.param), folder)


def assert_alike(found: np.ndarray, expected: np.ndarray) -> None:
    """The same strings and whole numbers; the same floats up to rounding in float32."""
    assert found.shape == expected.shape
    if expected.dtype.kind != "f":
        assert found.tolist() == expected.tolist()
        return
    finite = np.abs(expected[np.isfinite(expected)])
    atol = 1e-5 * float(finite.max(initial=1e-3))
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=atol)


def assert_predicts_as_recorded(recorded: Recorded, model: keras.Model) -> None:
    known = recorded.answers("model.json")
    questions = {name: to_array(plain) for name, plain in known["questions"].items()}
    answers = ask_model(model, questions)
    for found, plain in zip(answers, known["answers"], strict=True):
        assert_alike(found, to_array(plain))


def assert_answers_as_recorded(recorded: Recorded, saved_model: Path) -> None:
    served = tf.saved_model.load(str(saved_model))
    for endpoint, row in recorded.answers("saved_model.json").items():
        questions = {name: to_array(plain) for name, plain in row["questions"].items()}
        found = ask_served(served.signatures[endpoint], questions)
        assert set(found) == set(row["answers"])
        for name, plain in row["answers"].items():
            assert_alike(found[name], to_array(plain))


def test_every_recorded_case_is_there():
    assert {case_of(path) for path in FOUND if path.parent == ARCHIVES} == set(CASES)
    assert len(FOUND) >= NUM_RECORDED


def test_registered_names_are_still_registered():
    lists = sorted(HERE.glob(f"artifacts*/{REGISTERED_NAMES}"))
    recorded = {name for path in lists for name in path.read_text(encoding="utf-8").split()}
    assert len(recorded) >= 40
    assert recorded <= set(registered_names())


@over(FOUND)
def test_load_model_predicts_the_same(recorded: Recorded):
    assert_predicts_as_recorded(recorded, keras_rnn_recipes.load_model(recorded.run))


@over(FOUND, quick=ONE_A_FAMILY)
def test_keras_itself_loads_the_model_once_its_names_are_registered(recorded: Recorded):
    registered_names()  # imports what registers them
    compiled = recorded.name not in LOSS_IS_NOT_REGISTERED
    model = keras.models.load_model(recorded.run / "model.keras", compile=compiled)
    assert_predicts_as_recorded(recorded, model)


@over(SERVED, quick=ONE_A_FAMILY)
def test_saved_models_answer_the_same_without_this_package(recorded: Recorded):
    assert_answers_as_recorded(recorded, recorded.run / "saved_model")


@over(FORECASTERS, quick=QUICK_FORECASTERS)
def test_load_saved_model_answers_the_same(recorded: Recorded):
    forecaster = keras_rnn_recipes.load_saved_model(recorded.run)
    known = recorded.answers("saved_model.json")["serve"]
    questions = {name: to_array(plain) for name, plain in known["questions"].items()}
    assert_alike(forecaster(**questions), to_array(known["answers"]["forecast"]))
    assert bool(forecaster.levels) == ("quantiles" in known["answers"])
    if forecaster.levels:
        expected = to_array(known["answers"]["quantiles"])
        assert_alike(forecaster.quantiles(**questions), expected)


@over(SERVED)
def test_predict_writes_the_same_file(recorded: Recorded, tmp_path):
    output = tmp_path / "out.csv"
    krr("predict", "run", "--input", CASES[recorded.name].new, "--output", str(output))
    found, expected = (
        pd.read_csv(path, keep_default_na=False)
        for path in (output, recorded.folder / "answers" / "predicted.csv")
    )
    assert list(found) == list(expected)
    for name in expected:
        assert_alike(found[name].to_numpy(), expected[name].to_numpy())


@over([path for path in SERVED if CASES[case_of(path)].labelled], quick=ONE_A_FAMILY)
def test_evaluate_prints_the_same_figures(recorded: Recorded):
    known = recorded.answers("printed.json")
    printed = krr("evaluate", "run", "--input", CASES[recorded.name].labelled)
    assert_same_numbers(printed, known["evaluate"], known["title"])


@over(FOUND)
def test_table_and_gradients_print_the_same_figures(recorded: Recorded):
    known = recorded.answers("printed.json")
    rows = known["table"].splitlines()
    title = rows[2].strip("| ").split(" |")[0]
    assert_same_numbers(krr("table", "run"), known["table"], title)
    if "gradients" in known:
        layer = known["gradients"].splitlines()[1].split()[0]
        assert_same_numbers(krr("gradients", "run"), known["gradients"], layer)


def assert_same_numbers(printed: str, before: str, name: str) -> None:
    """Those in the line of a model or layer; the last digit that is printed may differ."""
    expected = numbers_of(before, name)
    assert expected
    assert numbers_of(printed, name) == pytest.approx(expected, rel=2e-3)


@over([path for path in FOUND if CASES[case_of(path)].family == "language_model"])
def test_complete_goes_on_with_the_same_text(recorded: Recorded):
    arguments = CASES[recorded.name].more[0]
    assert krr(*arguments) == recorded.answers("printed.json")["complete"]


@over([path for path in FOUND if case_of(path) == "lstm_direct_intervals"])
def test_explain_writes_a_page(recorded: Recorded, tmp_path):
    krr("explain", "run", "--output", str(tmp_path / "page.html"))
    assert (tmp_path / "page.html").stat().st_size > 10_000


# An export is verified in a process of its own, which takes seconds.
@over(SERVED, quick=set())
def test_what_is_exported_again_answers_the_same(recorded: Recorded, tmp_path):
    krr("export", "run", "--to", str(tmp_path / "served"))
    assert_answers_as_recorded(recorded, tmp_path / "served")
