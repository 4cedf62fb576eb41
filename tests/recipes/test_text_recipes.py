"""Every text recipe that comes with the package is short and sound; each script runs to the end."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from keras_rnn_recipes.config.files import load_config
from keras_rnn_recipes.workflows import run as runner

ROOT = Path(__file__).parents[2] / "recipes"
# Which have tests of their own.
OTHERS = (
    "captioning",
    "forecasting",
    "image_classification",
    "memory",
    "music",
    "pretraining",
    "sequence_classification",
    "speech_recognition",
)
RECIPES = [path for path in sorted(ROOT.glob("*/*.toml")) if path.parent.name not in OTHERS]
NAMES = [f"{path.parent.name}/{path.stem}" for path in RECIPES]
SHIPPED = (
    *("word_order", "complaints", "ratings"),
    *("people_places", "language_reference", "reversal", "digit_reversal"),
)
# The network on averaged embeddings, n-grams and wide beams have tests of their own.
QUICKER = {
    "language_model": ["evaluate.ngrams=[1]", "evaluate.sample_length=20"],
    "encoder_decoder": ["evaluate.beam_width=2", "evaluate.max_length=6"],
}
# Minutes of reading and scoring large sets, for scripts that the others run as well.
LARGE = ("imdb", "conll2003", "ptb", "tiny_shakespeare", "multi30k", "cmudict")
# It differs from another recipe in options alone that have tests of their own.
LIKE_OTHERS = ("spelling_words_lstm",)
RUN = [name for name in NAMES if not name.split("/")[1].startswith((*LARGE, *LIKE_OTHERS))]
ARTEFACTS = {
    "config.json",
    "recipe.toml",
    "model.keras",
    "saved_model",
    "history.csv",
    "gradients.json",
    "metrics.json",
    "vocabulary.json",
    "predictions.csv",
    "report.html",
    "environment.json",
    "checkpoints",
    "tensorboard",
}


def test_the_glob_found_them_and_each_family_has_one_that_needs_no_download():
    assert len(RECIPES) >= 11
    families = {path.parent.name for path in RECIPES}
    shipped = {path.parent.name for path in RECIPES if path.stem.startswith(SHIPPED)}
    assert families == shipped and len(families) == 4


@pytest.mark.parametrize("path", RECIPES, ids=NAMES)
def test_a_recipe_is_short_and_valid(path: Path):
    lines = path.read_text().splitlines()
    assert len(lines) <= 25
    assert lines[0].startswith("# ") and lines[0].endswith(".")
    config = load_config(path)
    assert config.family == path.parent.name
    assert path.stem == f"{config.data.source}_{config.model.cell}" or path.stem.startswith(
        config.data.source.split("_")[0]
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", RUN)
def test_a_recipe_runs_to_the_end(name: str, tmp_path: Path, request):
    family, recipe = name.split("/")
    if not recipe.startswith(SHIPPED):
        request.getfixturevalue("krr_data")
    overrides = QUICKER.get(family, [])
    if family == "text_classification":
        quicker = load_config(ROOT / f"{name}.toml").evaluate.baselines
        overrides = [f"evaluate.baselines={','.join(set(quicker) - {'averaged_embeddings'})}"]
    result = runner.run(name, tmp_path / "r", smoke=True, overrides=overrides)
    folder = result.run_dir
    assert {path.name for path in folder.iterdir()} == ARTEFACTS
    record = json.loads((folder / "metrics.json").read_text())
    assert record["task"] == family and record["format_version"] == 1
    figures = [record["model"], *record["baselines"].values()]
    assert all(np.isfinite(value) for row in figures for value in row.values())
    # A rank correlation may be negative.
    assert all(v >= 0 for row in figures for name, v in row.items() if name != "spearman")
    assert set(tf.saved_model.load(str(folder / "saved_model")).signatures) >= {"serving_default"}
    # What was resolved can be run again, and is the same experiment.
    assert load_config(folder / "recipe.toml") == result.config
    assert load_config(folder / "config.json") == result.config


@pytest.mark.slow
def test_a_recipe_of_pieces_is_exported_with_them(tmp_path: Path):
    pytest.importorskip("sentencepiece", reason="the extra 'pieces' is needed")
    quicker = QUICKER["encoder_decoder"]
    found = runner.run(
        "encoder_decoder/reversal_gru",
        tmp_path / "r",
        smoke=True,
        overrides=["data.unit=pieces", "data.max_vocabulary=100", *quicker],
    )
    record = json.loads((found.run_dir / "vocabulary.json").read_text())
    assert record["preparation"]["unit"] == "pieces" and len(record["vocabulary"]) > 30
    # The run compared this model, with TensorFlow alone, with that in memory.
    served = tf.saved_model.load(str(found.run_dir / "saved_model"))
    assert served.serve(text=tf.constant(["abc"]))["text"].shape == (1,)
