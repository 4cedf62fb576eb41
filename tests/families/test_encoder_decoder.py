"""Sequence to sequence from files of one's own to the SavedModel."""

from __future__ import annotations

import json

import keras
import numpy as np
import pandas as pd
import pytest
from families.command import krr

from keras_rnn_recipes import builders
from keras_rnn_recipes.config.encoder_decoder import PairDataConfig, PairEvaluateConfig
from keras_rnn_recipes.config.files import config_from_dict
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.families import encoder_decoder
from keras_rnn_recipes.families.encoder_decoder.pipeline import Search
from keras_rnn_recipes.serving.export_text import ODD_TEXTS, export_text_model
from keras_rnn_recipes.serving.saved_text import SavedEncoderDecoder
from keras_rnn_recipes.text.catalogue import TextParts
from keras_rnn_recipes.text.preparation import Preparation
from keras_rnn_recipes.text.reading import ParallelTexts
from keras_rnn_recipes.text.reversal import reversal
from keras_rnn_recipes.text.tokenizer import fit_tokenizer

RECIPE = """
family = "encoder_decoder"
[data]
train = ["train.src", "train.tgt"]
test = ["new.src", "new.tgt"]
unit = "characters"
[model]
cell = "gru"
units = [48]
embedding_size = 24
[fit]
epochs = 10
batch_size = 32
learning_rate = 0.01
[evaluate]
metrics = ["accuracy_at_1", "character_error_rate"]
beam_width = 3
max_length = 8
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pairs")
    train, _, test = reversal(train_size=1500, valid_size=0, test_size=60, max_length=4)
    for name, part in (("train", train), ("new", test)):
        (folder / f"{name}.src").write_text("\n".join(part.sources) + "\n")
        (folder / f"{name}.tgt").write_text("\n".join(part.targets) + "\n")
    (folder / "my.toml").write_text(RECIPE)
    return folder


@pytest.fixture(scope="module")
def run(folder):
    printed = krr("run", str(folder / "my.toml"), "--run-dir", str(folder / "run"))
    return folder / "run", printed


@pytest.mark.slow
def test_a_run_on_parallel_files_of_ones_own_leaves_everything(run):
    path, printed = run
    metrics = json.loads((path / "metrics.json").read_text())
    assert metrics["model"]["accuracy_at_1"] > 0.8
    # Palindromes are right when they are copied.
    table = pd.read_csv(path / "predictions.csv", keep_default_na=False)
    same = (table["source"] == table["target"]).mean()
    assert metrics["baselines"]["copy"]["accuracy_at_1"] == pytest.approx(same)
    right = (table["target"] == table["gru"]).mean()
    assert right == pytest.approx(metrics["model"]["accuracy_at_1"])
    assert "GRU beats its best baseline" in printed
    assert "Attention: " in (path / "report.html").read_text()


@pytest.mark.slow
def test_new_texts_are_answered_and_judged(folder, run, tmp_path):
    path, _ = run
    source, target, out = folder / "new.src", folder / "new.tgt", tmp_path / "out.csv"
    krr("predict", str(path), "--input", str(source), "--output", str(out))
    table = pd.read_csv(out, keep_default_na=False)
    wanted = target.read_text().split()
    right = np.mean([one == other for one, other in zip(table["text"], wanted, strict=True)])
    assert (table["score"] < 0).all()
    printed = krr("evaluate", str(path), "--input", f"{source},{target}")
    assert f"{right:.4g}" in printed
    both = pd.DataFrame({"source": source.read_text().split(), "target": wanted})
    both.to_csv(tmp_path / "pairs.tsv", sep="\t", index=False)
    assert krr("evaluate", str(path), "--input", str(tmp_path / "pairs.tsv")) == printed


@pytest.mark.slow
def test_exported_again_it_answers_alike(run, tmp_path):
    path, _ = run
    krr("export", str(path), "--to", str(tmp_path / "served"))
    texts = ["abc", "", "lkj"]
    (first, scores), (second, others) = (
        SavedEncoderDecoder(one)(texts) for one in (path / "saved_model", tmp_path / "served")
    )
    assert first == second
    np.testing.assert_allclose(scores, others, atol=1e-5)


def small(members=1, **search) -> encoder_decoder.Pipeline:
    plan = Preparation(unit="characters", ends=True)
    letters = fit_tokenizer(["abcdef"], plan)
    keras.utils.set_random_seed(3)
    size = len(letters.vocabulary)
    model = builders.encoder_decoder(size, size, units=9, embedding_size=6, members=members)
    return encoder_decoder.Pipeline(letters, letters, model, Search(max_length=7, **search))


def test_an_answer_does_not_depend_on_the_texts_beside_it():
    served = small()
    texts = ["abc", "", "fedcbafedcba", *ODD_TEXTS]
    together = served(texts)
    assert [served([text])[0] for text in texts] == together


def test_a_word_that_is_known_is_preferred_where_the_beam_holds_one():
    free = small(beam_width=6)
    ids = free.source(["abc"])
    beams = free.beams(ids)
    texts = [text.decode() for text in free.target.texts(beams.tokens[0]).numpy()]
    assert len(set(texts)) > 2
    best, third = texts[0], texts[2]
    assert small(beam_width=6, words=(third,))(["abc"]) == [third]
    assert small(beam_width=6, words=(third, best))(["abc"]) == [best]
    assert small(beam_width=6, words=("not in the beam",))(["abc"]) == [best]


def test_words_are_known_from_training_from_a_file_or_from_running_text(tmp_path):
    (tmp_path / "words.txt").write_text("zebra\napple\n")
    config = PairEvaluateConfig(word_list=("training", str(tmp_path / "words.txt")))
    assert encoder_decoder.choose_search(config, ["pear", "apple"]).words == (
        "apple",
        "pear",
        "zebra",
    )
    known = encoder_decoder.choose_search(
        PairEvaluateConfig(word_list=("language_reference",)), ["pear"]
    ).words
    assert "statement" in known and "pear" not in known
    assert encoder_decoder.choose_search(PairEvaluateConfig(), ["pear"]).words == ()
    with pytest.raises(UserError, match="word_order, a data set for text_classification"):
        encoder_decoder.choose_search(PairEvaluateConfig(word_list=("word_order",)), [])


@pytest.mark.slow
@pytest.mark.parametrize("words", [(), ("ab", "fed")])
def test_a_saved_model_takes_raw_strings_without_this_package(tmp_path, words):
    served = small(words=words, members=2)
    path = export_text_model(served, tmp_path / "saved_model", samples=["abc"])
    texts = ["abc", *ODD_TEXTS]
    assert SavedEncoderDecoder(path)(texts)[0] == served(texts)


def test_pairs_too_long_are_left_out_of_training():
    letters = fit_tokenizer(["abcdef"], Preparation(unit="characters", ends=True))
    pairs = ParallelTexts(("ab", "abcdef"), ("ba", "fedcba"))
    inputs, targets = encoder_decoder.columns(pairs, letters, letters, max_length=5)
    assert len(inputs["source"]) == len(targets) == 1
    assert [len(column) for column in encoder_decoder.columns(pairs, letters, letters)] == [2, 2]
    with pytest.raises(UserError, match="Every pair has more than 3 tokens"):
        encoder_decoder.columns(pairs, letters, letters, max_length=3)


def test_files_of_unequal_length_are_refused(tmp_path):
    (tmp_path / "a.txt").write_text("x\ny\n")
    (tmp_path / "b.txt").write_text("x\n")
    recipe = tmp_path / "my.toml"
    recipe.write_text('family = "encoder_decoder"\n[data]\ntrain = ["a.txt", "b.txt"]\n')
    message = krr("run", str(recipe), "--run-dir", str(tmp_path / "run"), status=2)
    assert "2" in message and "1" in message and "lines" in message
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
@pytest.mark.parametrize("lower", [False, True])
def test_answers_are_written_as_the_references_are(lower, tmp_path):
    random = np.random.default_rng(0)
    words = {"dog": "Hund", "T-shirt": "T-Shirt", "house": "Haus", "well-known star": "Star"}
    rows = ["source\ttarget"]
    for _ in range(800):
        thing, price = random.choice([*words]), random.choice(["$1,000", "$2.75", "€5"])
        at = f"{random.integers(1, 9)}:{random.choice(['00', '15', '30'])}"
        who = random.choice(["Anna", "Boris", "Chloe", "Dmitri"])
        rows.append(
            f"{who}: a {thing} at {at} for {price}.\t{who}: {words[thing]} um {at}, {price}."
        )
    (tmp_path / "pairs.tsv").write_text("\n".join(rows) + "\n")
    small = ["model.units=48", "model.encoder_units=48", "model.embedding_size=48"]
    small += ["data.unit=words", "fit.learning_rate=0.01", "model.dropout=0", "fit.epochs=20"]
    small += ["fit.batch_size=32"]
    source = [f'data.source="{tmp_path / "pairs.tsv"}"', f"data.lower={str(lower).lower()}"]
    where = ["--run-dir", str(tmp_path / "run")]
    printed = krr("run", "encoder_decoder/multi30k_lstm", *source, *small, *where)
    assert f"case:{'lc' if lower else 'mixed'}" in printed and "tok:13a" in printed
    assert ("Scores ignore case" in printed) == lower
    metrics = json.loads((tmp_path / "run/metrics.json").read_text())["model"]
    assert metrics["bleu"] == pytest.approx(100.0) and metrics["chrf"] == pytest.approx(100.0)
    found = krr("evaluate", str(tmp_path / "run"), "--input", str(tmp_path / "pairs.tsv"))
    assert f"case:{'lc' if lower else 'mixed'}" in found


def test_misspellings_are_made_up_for_training_alone(capsys):
    train = ParallelTexts(("Recieve", "nieghbor", "teh"), ("Receive", "neighbor", "the"))
    valid, test = ParallelTexts(("WIERD",), ("weird",)), ParallelTexts(("cieling",), ("ceiling",))
    parts = TextParts("mine", "encoder_decoder", train, valid, test)
    data = PairDataConfig(train="mine.tsv", unit="characters", lower=True, misspellings=5)
    taught = encoder_decoder.with_misspellings(parts, data, seed=3)
    assert taught.rows(range(3)) == train
    made = set(zip(taught.sources[3:], taught.targets[3:], strict=True))
    # Every known edit swaps two letters after a third, which one word has: only those are made up.
    assert made == {("recieve", "receive"), ("nieghbor", "neighbor"), ("teh", "the")}
    assert "15 more misspellings, made up for 3 words" in capsys.readouterr().out
    plain = data.model_copy(update={"misspellings": 0})
    assert encoder_decoder.with_misspellings(parts, plain) is train


def test_misspellings_that_are_held_out_are_not_made_up():
    train = ParallelTexts(("recieve",), ("receive",))
    test = ParallelTexts(("Recieve",), ("receive",))
    parts = TextParts("mine", "encoder_decoder", train, ParallelTexts((), ()), test)
    data = PairDataConfig(train="mine.tsv", unit="characters", lower=True, misspellings=9)
    assert encoder_decoder.with_misspellings(parts, data) == train


@pytest.mark.parametrize(
    "keys", [{"unit": "words"}, {"unit": "characters", "format": "pronunciations"}]
)
def test_misspellings_need_words_that_are_read_letter_by_letter(keys):
    data = {"train": "mine.tsv", "misspellings": 2, **keys}
    metrics = {"metrics": ["phoneme_error_rate"]} if "format" in keys else {}
    with pytest.raises(UserError, match="data.misspellings 2"):
        config_from_dict({"family": "encoder_decoder", "data": data, "evaluate": metrics})
