"""``krr write``: what is chosen for a running text, what is refused, and one run to a report."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from families.command import krr

from keras_rnn_recipes.config.files import dump_toml, load_config
from keras_rnn_recipes.config.recommended_language import LanguageFacts, recommend_language
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.workflows.text_planning import TextOptions
from keras_rnn_recipes.workflows.write import plan_write

WORDS = ["the", "sea", "is", "wide", "and", "ships", "are", "small", "on", "it"]


def running_text(number=800):
    return " ".join(np.random.default_rng(0).choice(WORDS, number)) + "\n"


@pytest.fixture
def options(tmp_path):
    (tmp_path / "book.txt").write_text(running_text())
    return TextOptions(tmp_path / "book.txt")


def chosen(**facts):
    """The values that are chosen for a text."""
    usual = {"characters": 10**6, "words": 2 * 10**5, "script": None, "is_cut": False}
    choices = recommend_language(LanguageFacts(**{**usual, **facts}))
    return {key: value for one in choices for key, value in one.values.items()}


def test_every_choice_is_told_with_its_reason_in_one_line(options):
    plan = plan_write(options)
    assert all(one.endswith(".") and "\n" not in one for one in plan.reasons)
    text = "\n".join(plan.reasons)
    for word in ("800 words", "Tokens: characters", "LSTM", "Written at the end: 4 texts"):
        assert word in text
    for option in ("--test-size", "--unit", "--epochs"):
        assert option in text


def test_the_resolved_recipe_is_the_same_when_it_is_read_again(options, tmp_path):
    config = plan_write(options).config
    (tmp_path / "again.toml").write_text(dump_toml(config))
    assert load_config(tmp_path / "again.toml") == config


def test_options_and_keys_replace_what_is_chosen(options):
    plan = plan_write(replace(options, unit="words", overrides=["fit.batch_size=2"]))
    assert plan.config.fit.window == 35  # as for words, which were given
    assert "Tokens: words: as given." in plan.reasons
    assert plan.config.fit.batch_size == 2


def test_the_unit_follows_size_script_and_marks():
    assert chosen()["data.unit"] == "characters"
    assert chosen(words=2 * 10**6)["data.unit"] == "words"
    assert chosen(words=2 * 10**6, script="Thai")["data.unit"] == "characters"
    cut = chosen(is_cut=True)
    assert cut["data.unit"] == "whitespace" and cut["data.replace"] == [["\\n", " <eos> "]]


def test_more_text_is_read_in_larger_batches_and_fewer_epochs():
    rows = [chosen(characters=number) for number in (10**4, 10**5, 10**6, 10**7)]
    epochs, batches = ([row[f"fit.{key}"] for row in rows] for key in ("epochs", "batch_size"))
    assert epochs == sorted(epochs, reverse=True) and batches == sorted(batches)


def test_every_part_has_two_tokens_for_each_row_of_a_batch(options):
    options.file.write_text(running_text()[:2_100])
    config = plan_write(options).config
    watched = config.data.valid_share * (1 - config.data.test_share) * 2_100
    assert watched > 2 * config.fit.batch_size


def test_a_table_is_told_to_be_running_text(options):
    path = options.file.with_suffix(".csv")
    path.write_text(running_text())
    assert "running text" in plan_write(TextOptions(path)).reasons[-1]


@pytest.mark.parametrize(
    "content, told",
    [
        ("too short", "has 9 characters"),
        ("", "empty"),
        ('[{"text": "a"}]\n' + " " * 3000, "JSON"),
    ],
)
def test_files_that_cannot_be_learned_from_are_refused(options, content, told):
    options.file.write_text(content)
    with pytest.raises(UserError) as error:
        plan_write(options)
    assert told in str(error.value) and error.value.fix


def test_mistakes_are_told_and_leave_nothing_behind(options, tmp_path):
    target = tmp_path / "run"
    for arguments, told in ((["--unit", "letters"], "--unit"), (["fit.epoch=3"], "fit.epoch")):
        message = krr("write", str(options.file), *arguments, "--run-dir", str(target), status=2)
        assert told in message and message.startswith("Error:")
        assert not target.exists()


@pytest.mark.slow
def test_from_a_file_to_a_report_and_again(options, tmp_path):
    run_dir = tmp_path / "run"
    printed = krr(
        *("write", str(options.file), "--run-dir", str(run_dir), "--epochs", "2"),
        *("model.units=16", "evaluate.sample_length=20"),
    )
    for name in ("report.html", "saved_model", "recipe.toml", "predictions.csv"):
        assert (run_dir / name).exists()
    metrics = json.loads((run_dir / "metrics.json").read_text())
    assert "5-gram" in metrics["baselines"] and "It writes: " in printed
    assert krr("complete", str(run_dir), "the sea", "--length", "5")
    krr("run", str(run_dir / "recipe.toml"), "--run-dir", str(tmp_path / "b"), "--smoke")
    assert (tmp_path / "b" / "metrics.json").exists()
