"""Tagging from the command line to the SavedModel, on sentences made for it."""

from __future__ import annotations

import json

import keras
import nervaluate
import numpy as np
import pandas as pd
import pytest
from families.command import krr

from keras_rnn_recipes.builders import sequence_tagger
from keras_rnn_recipes.families import tagging
from keras_rnn_recipes.serving.export_text import ODD_TEXTS, export_text_model
from keras_rnn_recipes.serving.saved_text import SavedTagger
from keras_rnn_recipes.text.column_files import read_column_file
from keras_rnn_recipes.text.people_places import people_places
from keras_rnn_recipes.text.preparation import Preparation
from keras_rnn_recipes.text.tags import allowed_transitions
from keras_rnn_recipes.text.tokenizer import fit_tokenizer

RECIPE = """
family = "tagging"
[data]
train = "names.conll"
[model]
units = [24]
embedding_size = 24
character_units = 12
dropout = 0.2
[fit]
epochs = 8
learning_rate = 0.01
"""


def write_column_file(path, sentences) -> None:
    blocks = [
        "\n".join(f"{token} x {tag}" for token, tag in zip(row.tokens, row.tags, strict=True))
        for row in sentences
    ]
    path.write_text("\n\n".join(blocks) + "\n")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tags")
    train, _, test = people_places(train_size=500, valid_size=0, test_size=60)
    write_column_file(folder / "names.conll", train)
    write_column_file(folder / "new.conll", test)
    (folder / "my.toml").write_text(RECIPE)
    return folder


@pytest.fixture(scope="module")
def run(folder):
    printed = krr("run", str(folder / "my.toml"), "--run-dir", str(folder / "run"))
    return folder / "run", printed


@pytest.mark.slow
def test_a_run_on_column_files_of_ones_own_leaves_everything(run):
    path, printed = run
    metrics = json.loads((path / "metrics.json").read_text())
    assert metrics["task"] == "tagging" and set(metrics["baselines"]) == {"most_frequent_tag"}
    # A name is a person's as often as a place's: only its neighbours tell.
    assert metrics["model"]["entity_f1"] > 0.85
    assert metrics["baselines"]["most_frequent_tag"]["entity_f1"] < 0.7
    assert "LSTM beats its best baseline" in printed
    report = (path / "report.html").read_text()
    assert "Scores by type" in report and "Wrong answers" in report


@pytest.mark.slow
def test_the_figures_are_those_of_another_library(run):
    path, _ = run
    metrics = json.loads((path / "metrics.json").read_text())["model"]
    table = pd.read_csv(path / "predictions.csv", keep_default_na=False)
    rows = [part for _, part in table.groupby("sentence", sort=False)]
    judge = nervaluate.Evaluator(
        [part["tag"].tolist() for part in rows],
        [part["lstm"].tolist() for part in rows],
        tags=["PER", "LOC"],
        loader="list",
    )
    strict = judge.evaluate()["overall"]["strict"]
    assert strict.f1 == pytest.approx(metrics["entity_f1"])
    assert strict.precision == pytest.approx(metrics["entity_precision"])
    assert (table["tag"] == table["lstm"]).mean() == pytest.approx(metrics["token_accuracy"])


@pytest.mark.slow
def test_new_sentences_are_tagged_and_judged(folder, run, tmp_path):
    path, _ = run
    new, out = folder / "new.conll", tmp_path / "out.csv"
    krr("predict", str(path), "--input", str(new), "--output", str(out))
    table, truth = pd.read_csv(out, keep_default_na=False), read_column_file(new)
    assert table["token"].tolist() == [token for row in truth for token in row.tokens]
    assert set(table["tag"]) <= {"O", "B-PER", "I-PER", "B-LOC", "I-LOC"}
    # The same sentences as plain lines.
    lines = tmp_path / "new.txt"
    lines.write_text("\n".join(" ".join(row.tokens) for row in truth) + "\n")
    krr("predict", str(path), "--input", str(lines), "--output", str(tmp_path / "again.csv"))
    again = pd.read_csv(tmp_path / "again.csv", keep_default_na=False)
    assert again[["sentence", "token", "tag"]].equals(table)
    written = lines.read_text().splitlines()
    for row in again.itertuples():
        assert written[row.sentence - 1][row.start : row.end] == row.token
    right = np.mean(table["tag"].to_numpy() == [tag for row in truth for tag in row.tags])
    assert f"{right:.4g}" in krr("evaluate", str(path), "--input", str(new))


def test_a_tag_that_marks_no_span_among_those_that_do_is_told(folder, tmp_path):
    text = (folder / "names.conll").read_text()
    (folder / "slip.conll").write_text(text + "\nBob x PER\nran x O\n")
    target = tmp_path / "run"
    given = [f"data.train={folder}/slip.conll", "--run-dir", str(target)]
    message = krr("run", str(folder / "my.toml"), *given, status=2)
    line = text.count("\n") + 2
    assert f"The tag 'PER' in the sentence of line {line} does not mark a span" in message
    assert not target.exists()


@pytest.mark.slow
def test_exported_again_it_answers_alike(run, tmp_path):
    path, _ = run
    krr("export", str(path), "--to", str(tmp_path / "served"))
    texts = ["Jordan met Paris in Austin .", "", "Paris lives in Vienna ."]
    first, second = (SavedTagger(one)(texts) for one in (path / "saved_model", tmp_path / "served"))
    assert first == second
    assert [len(row) for row in first] == [6, 0, 5]


def small(*, spelling: bool = True, crf: bool = True) -> tagging.Pipeline:
    tags = ("B-A", "I-A", "O")
    words = fit_tokenizer(["so good it is", "so bad"], Preparation(unit="whitespace"))
    letters = fit_tokenizer(["sogditba"], Preparation(unit="characters", lower=False, max_length=9))
    keras.utils.set_random_seed(1)
    model = sequence_tagger(
        len(words.vocabulary),
        len(tags),
        units=5,
        embedding_size=4,
        crf=crf,
        allowed=allowed_transitions(tags, "IOB2") if crf else None,
        **(
            {"character_cell": "conv", "num_characters": len(letters.vocabulary)}
            if spelling
            else {}
        ),
    )
    return tagging.Pipeline(words, letters if spelling else None, model, tags)


@pytest.mark.parametrize("crf", [True, False])
@pytest.mark.parametrize("spelling", [True, False])
def test_a_tag_does_not_depend_on_the_sentences_beside_it(spelling, crf):
    tagger = small(spelling=spelling, crf=crf)
    sentences = [text.split() for text in ["so good", "", "so bad it is far far far", *ODD_TEXTS]]
    together = tagger(sentences)
    assert [len(row) for row in together] == [len(row) for row in sentences]
    assert [tagger([row])[0] for row in sentences] == together
    if crf:  # no inside without a beginning
        for row in together:
            assert "O I-A" not in " ".join(["O", *row])


@pytest.mark.slow
def test_a_saved_model_takes_raw_strings_without_this_package(tmp_path):
    tagger = small()
    path = export_text_model(tagger, tmp_path / "saved_model", samples=["so good"])
    texts = ["so good", *ODD_TEXTS]
    for text, pairs in zip(texts, SavedTagger(path)(texts), strict=True):
        tokens = [token.decode() for token in tagger.written.tokens([text])[0].numpy()]
        assert [token for token, _ in pairs] == tokens
        assert [tag for _, tag in pairs] == tagger([tokens])[0]


@pytest.mark.slow
def test_tags_of_single_tokens_are_learnt_too(tmp_path):
    lines = ["the DT", "dog NN", "barks VB", "", "a DT", "cat NN", "sleeps VB", ""] * 20
    (tmp_path / "pos.txt").write_text("\n".join(lines))
    (tmp_path / "pos.toml").write_text(
        'family = "tagging"\n[data]\nsource = "pos.txt"\n'
        '[model]\nunits = [8]\nembedding_size = 8\ncharacter_cell = "none"\ncrf = false\n'
        "dropout = 0.0\nword_dropout = 0.0\n[fit]\nepochs = 8\nlearning_rate = 0.05\n"
    )
    krr("run", str(tmp_path / "pos.toml"), "--run-dir", str(tmp_path / "run"))
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert metrics["model"] == {"token_accuracy": 1.0}


@pytest.mark.parametrize(
    "content, told",
    [
        ("Bob NNP B-PER\nsings VBZ\n", "line 2"),
        ("", "no sentence"),
        ("Bob B-PER\n\n" * 3, "too few"),
    ],
)
def test_broken_column_files_are_told_in_one_message(tmp_path, content, told):
    (tmp_path / "broken.conll").write_text(content)
    recipe = tmp_path / "broken.toml"
    recipe.write_text('family = "tagging"\n[data]\nsource = "broken.conll"\n')
    message = krr("run", str(recipe), "--run-dir", str(tmp_path / "run"), status=2)
    assert told in message.lower() and not (tmp_path / "run").exists()


def test_a_type_that_training_has_not_seen_is_named(tmp_path):
    rows = "Bob B-PER\nsings O\n\n" * 30
    (tmp_path / "train.conll").write_text(rows)
    (tmp_path / "test.conll").write_text("Bob B-PER\n\nAcme B-ORG\n")
    recipe = tmp_path / "new.toml"
    recipe.write_text('family = "tagging"\n[data]\ntrain = "train.conll"\ntest = "test.conll"\n')
    message = krr("run", str(recipe), "--run-dir", str(tmp_path / "run"), status=2)
    assert "B-ORG" in message or "S-ORG" in message
    assert "line 3" in message and not (tmp_path / "run").exists()


@pytest.mark.slow
def test_words_that_only_the_vectors_know_are_tagged_by_the_served_model(tmp_path):
    """Every name of the test part is new; the first number of its vector tells what it is."""
    random, names = np.random.default_rng(0), [f"name{chr(97 + n)}" for n in range(26)]
    kinds = [("PER", "LOC")[n % 2] for n in range(26)]
    rows = [
        f"{name} {4.0 * (kind == 'PER') - 2.0} {' '.join(map(str, random.normal(size=4) / 4))}\n"
        for name, kind in zip(names, kinds, strict=True)
    ]
    (tmp_path / "a.txt").write_text("".join(rows) + "we 0 1 0 0 0\nsaw 0 0 1 0 0\n")
    for part, chosen, times in (("train", range(14), 20), ("test", range(14, 26), 2)):
        blocks = [f"we O\nsaw O\n{names[n]} B-{kinds[n]}\n" for n in chosen for _ in range(times)]
        (tmp_path / f"{part}.conll").write_text("\n".join(blocks))
    (tmp_path / "new.conll").write_text("we\nsaw\nnamez\n")
    data = [f'data.{part}="{tmp_path / part}.conll"' for part in ("train", "test")]
    model = [f'model.vectors="{tmp_path / "a.txt"}"', "model.character_cell=none", "model.units=16"]
    where, run = ["--run-dir", str(tmp_path / "run")], "tagging/people_places_lstm"
    printed = krr("run", run, *data, *model, "fit.epochs=8", "fit.learning_rate=0.02", *where)
    assert "width 5" in printed and "12 of 28 words of the file" in printed
    assert json.loads((tmp_path / "run/metrics.json").read_text())["model"]["entity_f1"] == 1.0
    new, out = str(tmp_path / "new.conll"), str(tmp_path / "out.csv")
    krr("predict", str(tmp_path / "run"), "--input", new, "--output", out)
    assert pd.read_csv(out)["tag"].tolist() == ["O", "O", "B-LOC"]
