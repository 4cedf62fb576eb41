"""``krr tag``: what is chosen for tagged sentences, what is refused, and one run to a report."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from families.command import krr

from keras_rnn_recipes.config.files import dump_toml, load_config
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.workflows.tag import plan_tag
from keras_rnn_recipes.workflows.text_planning import TextOptions


def sentences(number=60):
    """Sentences of a name, a verb and a place: lists of tokens, parts of speech and spans."""
    random = np.random.default_rng(0)
    found = []
    for _ in range(number):
        name = str(random.choice(["Ann", "Bob", "Eve"]))
        verb = str(random.choice(["sees", "left", "likes"]))
        place = str(random.choice(["Rome", "Oslo", "Bonn"]))
        found.append(
            [
                (name, "NNP", "B-PER"),
                (verb, "VBZ", "O"),
                ("old", "JJ", "O"),
                (place, "NNP", "B-LOC"),
            ]
        )
    return found


def write(path, rows, order=(0, 2), separator=" "):
    blocks = ("\n".join(separator.join(one[k] for k in order) for one in row) for row in rows)
    path.write_text("\n\n".join(blocks) + "\n")
    return path


@pytest.fixture
def options(tmp_path):
    return TextOptions(write(tmp_path / "names.conll", sentences()))


def test_every_choice_is_told_with_its_reason_in_one_line(options):
    plan = plan_tag(options)
    assert all(one.endswith(".") and "\n" not in one for one in plan.reasons)
    text = "\n".join(plan.reasons)
    for word in (
        "Sentences: 60, with 240 tokens in column 0",
        "Tags: in column 1",
        "spans of 2 types: PER 60, LOC 60",
        "IOBES",
        "LSTM",
        "linear tagger",
    ):
        assert word in text
    for option in ("--token-col", "--tag-col", "--test-size", "--epochs"):
        assert option in text
    assert f"{plan.config.fit.epochs} epochs" in text


def test_the_resolved_recipe_is_the_same_when_it_is_read_again(options, tmp_path):
    config = plan_tag(options).config
    (tmp_path / "again.toml").write_text(dump_toml(config))
    assert load_config(tmp_path / "again.toml") == config


def test_spans_are_preferred_to_parts_of_speech(options):
    write(options.file, sentences(), order=(0, 2, 1))
    plan = plan_tag(options)
    assert plan.config.data.tag_column == 1
    assert any("the only one with tags of spans (--tag-col)" in one for one in plan.reasons)
    plan = plan_tag(replace(options, tag_col=2))
    assert plan.config.data.tag_column == 2
    assert "Tags: in column 2: as given." in plan.reasons
    assert any("single tokens, 3 tags: NNP 120" in one for one in plan.reasons)


def test_columns_with_names_are_told_by_them(tmp_path):
    path = tmp_path / "names.csv"
    rows = [
        f"{number},{token},{pos},{tag}"
        for number, row in enumerate(sentences())
        for token, pos, tag in row
    ]
    path.write_text("sentence_id,word,pos,tag\n" + "\n".join(rows) + "\n")
    plan = plan_tag(TextOptions(path))
    assert "tokens in column 1 ('word'): by the names of the columns" in plan.reasons[0]
    assert plan.reasons[0].startswith("Sentences: 60")


def test_tokens_that_are_single_characters_have_no_spelling(options):
    rows = [[(one, "", tag) for one, tag in zip("王小明说", "BIEO", strict=True)]] * 30
    write(options.file, rows)
    config = plan_tag(options).config
    assert config.model.character_cell == "none" and config.data.scheme == "IOBES"


def test_rare_tags_are_told(options):
    rows = [*sentences(), [("Monday", "NNP", "B-DATE")]]
    write(options.file, rows)
    assert any("1 tag has fewer than 10 spans" in one for one in plan_tag(options).reasons)


@pytest.mark.parametrize(
    "content, told",
    [
        ("Ann B-PER\nsings O\n", "has 1 sentence"),
        ("Ann lives in Rome, I think.\nYes.\n" * 30, "texts or tokens without tags"),
        ("Ann\nsings\n\n" * 30, "texts or tokens without tags"),
        ("text,label\n" + "a good film,pos\nbad,neg\n" * 30, "krr classify"),
        ("".join(f"w{k} x{k}\n\n" for k in range(60)), "60 different tags"),
        ("", "empty"),
    ],
)
def test_files_that_cannot_be_learned_from_are_refused(tmp_path, content, told):
    path = tmp_path / "a.csv"
    path.write_text(content)
    with pytest.raises(UserError) as error:
        plan_tag(TextOptions(path))
    assert told in str(error.value) and error.value.fix


@pytest.mark.parametrize(
    "arguments, told",
    [
        (["--seed", "-1"], "--seed is -1"),
        (["--tag-col", "7"], "no column 7"),
        (["model.unit=3"], "model.unit"),
    ],
)
def test_mistakes_are_told_and_leave_nothing_behind(options, tmp_path, arguments, told):
    target = tmp_path / "run"
    message = krr("tag", str(options.file), *arguments, "--run-dir", str(target), status=2)
    assert told in message and message.startswith("Error:")
    assert not target.exists()


@pytest.mark.slow
def test_from_a_file_to_a_report_and_again(options, tmp_path):
    run_dir, new = tmp_path / "run", tmp_path / "new.txt"
    printed = krr(
        *("tag", str(options.file), "--run-dir", str(run_dir), "--epochs", "15"),
        *("model.units=16", "model.embedding_size=16", "model.dropout=0.2"),
        "fit.learning_rate=0.02",
    )
    for name in ("report.html", "saved_model", "recipe.toml", "predictions.csv"):
        assert (run_dir / name).exists()
    metrics = json.loads((run_dir / "metrics.json").read_text())
    assert metrics["model"]["entity_f1"] > 0.5 and "linear tagger" in printed
    new.write_text("Eve left Oslo\n")
    krr("predict", str(run_dir), "--input", str(new), "--output", str(tmp_path / "out.csv"))
    assert pd.read_csv(tmp_path / "out.csv")["token"].tolist() == ["Eve", "left", "Oslo"]
    krr("run", str(run_dir / "recipe.toml"), "--run-dir", str(tmp_path / "b"), "--smoke")
    assert (tmp_path / "b" / "metrics.json").exists()
