"""``krr classify``: what is chosen for a file, what is refused, and one run from file to report."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from families.command import krr

from keras_rnn_recipes.config.files import dump_toml, load_config
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.workflows.classify import plan_classify
from keras_rnn_recipes.workflows.text_planning import TextOptions

GOOD, BAD = ("splendid", "lovely", "moving"), ("dreadful", "tedious", "clumsy")


def reviews(number=120, ending="", classes=("praise", "blame")):
    """Reviews whose label is that of one word in them."""
    random = np.random.default_rng(0)
    rows = []
    for k in range(number):
        words = random.choice(["the", "film", "plot", "and", "actor", "music", "of"], 6).tolist()
        words.insert(random.integers(0, 6), str(random.choice((GOOD, BAD)[k % 2])))
        rows.append((" ".join(words) + ending, classes[k % len(classes)]))
    return pd.DataFrame(rows, columns=["text", "label"])


@pytest.fixture
def options(tmp_path):
    reviews().to_csv(tmp_path / "reviews.csv", index=False)
    return TextOptions(tmp_path / "reviews.csv")


def test_every_choice_is_told_with_its_reason_in_one_line(options):
    plan = plan_classify(options)
    assert all(one.endswith(".") and "\n" not in one for one in plan.reasons)
    text = "\n".join(plan.reasons)
    for word in (
        "column 'text'",
        "column 'label'",
        "praise 50%",
        "Tokens: words",
        "LSTM",
        "n-gram",
    ):
        assert word in text
    for option in ("--text-col", "--label-col", "--test-size", "--unit", "--epochs"):
        assert option in text
    assert f"{plan.config.fit.epochs} epochs" in text
    assert f"rate {plan.config.fit.learning_rate:g}" in text


def test_the_resolved_recipe_is_the_same_when_it_is_read_again(options, tmp_path):
    config = plan_classify(options).config
    (tmp_path / "again.toml").write_text(dump_toml(config))
    assert load_config(tmp_path / "again.toml") == config


def test_options_and_keys_replace_what_is_chosen(options):
    given = replace(
        options,
        epochs=3,
        test_size=0.3,
        unit="characters",
        seed=5,
        overrides=["model.cell=gru", "model.ngrams=0", "model.character_ngrams=0"],
    )
    plan = plan_classify(replace(given, overrides=[*given.overrides, "model.averaged=false"]))
    config = plan.config
    assert (config.fit.epochs, config.fit.seed, config.data.test_share) == (3, 5, 0.3)
    assert (config.data.unit, config.model.cell, config.model.ngrams) == ("characters", "gru", 0)
    assert "Trained for at most 3 epochs: as given." in plan.reasons
    assert "Tested on 30% of the texts: as given." in plan.reasons
    assert "No n-grams next to the network: as given." in plan.reasons


def test_a_test_file_is_named(options, tmp_path):
    path = str(tmp_path / "held_out.csv")
    plan = plan_classify(replace(options, test=path))
    assert plan.config.data.test == path and f"Tested on {path}: as given." in plan.reasons


def test_addresses_and_markup_are_replaced_where_they_are_frequent(options):
    reviews(ending="<br />see https://a.org/1").to_csv(options.file, index=False)
    plan = plan_classify(options)
    patterns = [pattern for pattern, _ in plan.config.data.replace]
    assert len(patterns) == 2 and any("100%" in one for one in plan.reasons)
    reviews().to_csv(options.file, index=False)
    assert plan_classify(options).config.data.replace == ()


def test_more_than_two_classes_take_more_and_larger_steps(options):
    two = plan_classify(options).config.fit
    reviews(classes=("praise", "blame", "neither")).to_csv(options.file, index=False)
    plan = plan_classify(options)
    three = plan.config.fit
    assert three.epochs > two.epochs and three.learning_rate > two.learning_rate
    assert any("3 classes take longer than two" in one for one in plan.reasons)


def test_letters_of_scripts_without_spaces_are_tokens(options):
    table = reviews()
    table["text"] = [
        f"这部电影{'很好看' if k % 2 else '不好看'}我觉得{k}" for k in range(len(table))
    ]
    table.to_csv(options.file, index=False)
    plan = plan_classify(options)
    assert any("each Chinese letter is one" in one for one in plan.reasons)
    assert (plan.config.model.ngrams, plan.config.model.character_ngrams) == (4, 0)


@pytest.mark.parametrize(
    "labels, told",
    [
        (["1", "2", "3"] * 40, "The classes are numbers; their order is not used."),
        (["a"] * 110 + ["b"] * 10, "92% of the texts are 'a'"),
        (["a"] * 60 + ["b"] * 57 + ["c"] * 3, "1 class has fewer than 10 texts"),
    ],
)
def test_what_to_know_of_the_classes_is_told(options, labels, told):
    reviews().assign(label=labels).to_csv(options.file, index=False)
    assert any(told in one for one in plan_classify(options).reasons)


@pytest.mark.parametrize(
    "content, told",
    [
        ("text,label\nfine,a\ndull,b\n", "has 2 texts"),
        ('text,label\ngood,"a,b"\nbad,a\nx,b\n', "several labels in one cell"),
        ("text,label\n" + "good,a\nbad,a\n" * 20, "one class only"),
        ("text,label\n" + "good,a\nbad,\n" * 20, "has no 'label'"),
        ("", "empty"),
    ],
)
def test_files_that_cannot_be_learned_from_are_refused(options, content, told):
    options.file.write_text(content)
    with pytest.raises(UserError) as error:
        plan_classify(options)
    assert told in str(error.value)


@pytest.mark.parametrize(
    "arguments, told",
    [
        (["--epochs", "0"], "--epochs is 0"),
        (["--test-size", "1.5"], "--test-size is 1.5"),
        (["--unit", "letters"], "--unit"),
        (["--text-col", "txt"], "no column 'txt'"),
        (["fit.epoch=3"], "fit.epoch"),
        (["--seed", "-1"], "--seed is -1"),
    ],
)
def test_mistakes_are_told_and_leave_nothing_behind(options, tmp_path, arguments, told):
    target = tmp_path / "run"
    message = krr("classify", str(options.file), *arguments, "--run-dir", str(target), status=2)
    assert told in message and message.startswith("Error:")
    assert not target.exists()


def test_another_encoding_is_a_key(options):
    rows = "".join(f"caf\xe9 {k},{'ab'[k % 2]}\n" for k in range(60))
    options.file.write_bytes(f"text,label\n{rows}".encode("latin-1"))
    with pytest.raises(UserError, match=r"data\.encoding"):
        plan_classify(options)
    plan = plan_classify(replace(options, overrides=["data.encoding=latin-1"]))
    assert plan.config.data.encoding == "latin-1"


@pytest.mark.slow
def test_from_a_file_to_a_report_and_again(options, tmp_path):
    run_dir, new = tmp_path / "run", tmp_path / "new.csv"
    reviews(400).to_csv(options.file, index=False)
    printed = krr("classify", str(options.file), "--run-dir", str(run_dir))
    for name in ("report.html", "saved_model", "recipe.toml", "predictions.csv"):
        assert (run_dir / name).exists()
    metrics = json.loads((run_dir / "metrics.json").read_text())
    assert metrics["model"]["accuracy"] > 0.95
    parts = {"network_alone", "ngrams_alone", "averaged_embeddings", "tfidf"}
    assert parts <= set(metrics["baselines"])
    assert "The LSTM with n-grams" in printed
    new.write_text("text\nthe plot was splendid\nthe plot was dreadful\n")
    krr("predict", str(run_dir), "--input", str(new), "--output", str(tmp_path / "out.csv"))
    assert pd.read_csv(tmp_path / "out.csv")["label"].tolist() == ["praise", "blame"]
    krr("run", str(run_dir / "recipe.toml"), "--run-dir", str(tmp_path / "b"), "--smoke")
    assert Path(tmp_path / "b" / "metrics.json").exists()
