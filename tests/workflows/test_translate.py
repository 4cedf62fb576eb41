"""``krr translate``: what is chosen for pairs, what is refused, and one run to a report."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from families.command import krr

from keras_rnn_recipes.config import recommended_pairs
from keras_rnn_recipes.config.files import dump_toml, load_config
from keras_rnn_recipes.config.recommended_pairs import pair_facts
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.workflows.text_planning import TextOptions
from keras_rnn_recipes.workflows.translate import plan_translate

NOUNS = {"dog": "Hund", "cat": "Katze", "house": "Haus", "tree": "Baum", "table": "Tisch"}
VERBS = {"sees": "sieht", "finds": "findet", "paints": "malt"}


def sentences(number=120):
    """Sentences of five words and their translations, word by word."""
    random = np.random.default_rng(0)
    rows = []
    for _ in range(number):
        subject, object_ = random.choice([*NOUNS], 2)
        verb = str(random.choice([*VERBS]))
        rows.append(
            (
                f"the {subject} {verb} a {object_}",
                f"der {NOUNS[subject]} {VERBS[verb]} einen {NOUNS[object_]}",
            )
        )
    return rows


def write(path, rows, header=("source", "target")):
    lines = ["\t".join(row) for row in ([header] if header else []) + list(rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def options(tmp_path):
    return TextOptions(write(tmp_path / "pairs.tsv", sentences()))


def test_every_choice_is_told_with_its_reason_in_one_line(options):
    plan = plan_translate(options)
    assert all(one.endswith(".") and "\n" not in one for one in plan.reasons)
    text = "\n".join(plan.reasons)
    for word in (
        "Pairs: 120",
        "column 'source'",
        "Tokens: words",
        "LSTM",
        "bleu",
        "nearest source",
    ):
        assert word in text
    for option in ("--source-col", "--target-col", "--test-size", "--unit", "--epochs"):
        assert option in text
    assert f"{plan.config.fit.epochs} epochs" in text


def test_the_resolved_recipe_is_the_same_when_it_is_read_again(options, tmp_path):
    config = plan_translate(options).config
    (tmp_path / "again.toml").write_text(dump_toml(config))
    assert load_config(tmp_path / "again.toml") == config


def test_options_and_keys_replace_what_is_chosen(options):
    given = replace(options, epochs=3, unit="characters", overrides=["model.units=24"])
    plan = plan_translate(given)
    config = plan.config
    assert (config.fit.epochs, config.data.unit, config.model.units) == (3, "characters", (24,))
    assert config.data.max_length > 25  # counted in characters, as the unit that was given
    assert config.evaluate.metrics[0] == "accuracy_at_1"
    assert "Trained for at most 3 epochs: as given." in plan.reasons
    assert "Tokens: characters: as given." in plan.reasons


def test_two_files_are_read_line_by_line(tmp_path):
    sides = zip(*sentences(), strict=True)
    for name, side in zip(("a.en", "a.de"), sides, strict=True):
        (tmp_path / name).write_text("\n".join(side) + "\n")
    plan = plan_translate(TextOptions(tmp_path / "a.en", tmp_path / "a.de"))
    assert plan.config.data.train == (str(tmp_path / "a.en"), str(tmp_path / "a.de"))
    assert "the lines of" in plan.reasons[0]


def test_words_are_spelled_in_characters(options):
    rows = [(f"wrod{k % 7}{'abc'[k % 3]}", f"word{k % 7}{'abc'[k % 3]}") for k in range(80)]
    plan = plan_translate(TextOptions(write(options.file, rows)))
    assert plan.config.data.unit == "characters" and plan.config.data.max_vocabulary is None
    assert plan.config.evaluate.baselines == ("copy", "nearest_source", "nearest_word")


def test_short_texts_of_words_that_hardly_recur_are_spelled(options):
    rows = [
        (f"on {k:02} of {7 * k % 1000:03} it", f"{7 * k % 1000:03} x {k:02}") for k in range(90)
    ]
    plan = plan_translate(TextOptions(write(options.file, rows)))
    assert plan.config.data.unit == "characters"
    assert any("do not occur in the others" in one for one in plan.reasons)


def test_letters_of_scripts_without_spaces_are_words(options):
    rows = [("这部电影很好看", f"this film is good {k}") for k in range(80)]
    plan = plan_translate(TextOptions(write(options.file, rows)))
    assert plan.config.data.unit == "words"
    assert any("each Chinese letter is one" in one for one in plan.reasons)


@pytest.mark.parametrize("installed", [True, False])
def test_many_pairs_are_cut_into_pieces_of_words_where_their_extra_is(
    options, installed, monkeypatch
):
    monkeypatch.setattr(recommended_pairs, "has_extra", lambda extra: installed)
    plan = plan_translate(TextOptions(write(options.file, sentences(3_000))))
    unit, told = ("pieces", "pieces of words") if installed else ("words", "pip install")
    data = plan.config.data
    assert (data.unit, data.max_vocabulary) == (unit, 2_000 if installed else 10_000)
    assert data.max_length == (2 + 10 + 1 if installed else 2 + 5)
    assert any("Tokens: " in one and told in one for one in plan.reasons)
    few = plan_translate(TextOptions(write(options.file, sentences(2_990))))
    assert few.config.data.unit == "words"


def test_a_pronouncing_dictionary_is_known_by_its_name(tmp_path):
    path = tmp_path / "words.dict"
    path.write_text("".join(f"W{'AEIOU'[k % 5] * (k + 1)}  W AA{k % 3}\n" for k in range(60)))
    config = plan_translate(TextOptions(path)).config
    assert config.data.format == "pronunciations"
    assert config.evaluate.baselines == ("nearest_source", "joint_ngram")


def test_facts_are_those_counted_by_hand():
    facts = pair_facts(["one two", "three"], ["eins zwei", "drei"])
    assert (facts.pairs, facts.words) == (2, 1.5)
    assert facts.lengths == {"words": 2, "characters": 9}
    assert facts.tokens == {"words": 3, "characters": 13}


@pytest.mark.parametrize(
    "content, told",
    [
        ("source\ttarget\na\tb\n", "has 1 pair"),
        ("source\ttarget\n" + "a b\tc\n" * 60, "has 1 different text in 60 rows"),
        ("text\tlabel\n" + "good\tpos\nbad\tneg\n" * 60, "krr classify"),
        ("token\ttag\n" + "Ann\tB-PER\n" * 60, "krr tag"),
        ("just one line\nand another\n" * 40, "one column"),
        ("source\ttarget\n" + "a\t\n" * 60, "has no 'target'"),
        ("", "empty"),
    ],
)
def test_files_that_cannot_be_learned_from_are_refused(options, content, told):
    options.file.write_text(content)
    with pytest.raises(UserError) as error:
        plan_translate(options)
    assert told in str(error.value) and error.value.fix


@pytest.mark.parametrize(
    "arguments, told",
    [
        (["--epochs", "0"], "--epochs is 0"),
        (["--unit", "letters"], "--unit"),
        (["--source-col", "scorce"], "no column 'scorce'"),
        (["other.txt"], "other.txt"),
        (["fit.epoch=3"], "fit.epoch"),
    ],
)
def test_mistakes_are_told_and_leave_nothing_behind(options, tmp_path, arguments, told):
    target = tmp_path / "run"
    message = krr("translate", str(options.file), *arguments, "--run-dir", str(target), status=2)
    assert told in message and message.startswith("Error:")
    assert not target.exists()


@pytest.mark.slow
def test_from_a_file_to_a_report_and_again(options, tmp_path):
    run_dir, new = tmp_path / "run", tmp_path / "new.txt"
    printed = krr(
        *("translate", str(options.file), "--run-dir", str(run_dir), "--epochs", "8"),
        *("model.units=32", "model.embedding_size=32", "fit.learning_rate=0.01"),
    )
    for name in ("report.html", "saved_model", "recipe.toml", "predictions.csv"):
        assert (run_dir / name).exists()
    metrics = json.loads((run_dir / "metrics.json").read_text())
    assert {"copy", "nearest_source"} <= set(metrics["baselines"]) and "The LSTM" in printed
    new.write_text("the dog sees a cat\n")
    krr("predict", str(run_dir), "--input", str(new), "--output", str(tmp_path / "out.csv"))
    assert pd.read_csv(tmp_path / "out.csv").shape[0] == 1
    krr("run", str(run_dir / "recipe.toml"), "--run-dir", str(tmp_path / "b"), "--smoke")
    assert (tmp_path / "b" / "metrics.json").exists()
