"""Letters to phonemes: a dictionary of one's own from the file to the SavedModel."""

from __future__ import annotations

import json

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from families.command import krr
from fresh import run_forked

from keras_rnn_recipes import builders
from keras_rnn_recipes.config.encoder_decoder import PairDataConfig
from keras_rnn_recipes.config.files import config_from_dict
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.families import encoder_decoder
from keras_rnn_recipes.families.encoder_decoder.inference import load, predict, read_sources
from keras_rnn_recipes.families.encoder_decoder.task import read_pairs
from keras_rnn_recipes.serving.export_text import ODD_TEXTS
from keras_rnn_recipes.text.pronunciations import read_dictionary, with_references
from keras_rnn_recipes.text.tokenizer import fit_tokenizer

RECIPE = """
family = "encoder_decoder"
[data]
train = "my.dict"
format = "pronunciations"
unit = "characters"
lower = true
[model]
cell = "gru"
units = [48]
embedding_size = 24
[fit]
epochs = 8
batch_size = 32
learning_rate = 0.01
[evaluate]
metrics = ["phoneme_error_rate", "wrong_words"]
baselines = ["nearest_source"]
beam_width = 3
max_length = 12
"""
# A letter sounds as its phoneme; c before h sounds with it.
SOUNDS = {"CH": "CH", "C": "K", "H": "HH", "A": "AE1", "O": "OW0", "T": "T", "'": ""}


def spoken(word: str) -> str:
    phonemes = []
    while word:
        head = next(letters for letters in SOUNDS if word.startswith(letters))
        phonemes.append(SOUNDS[head])
        word = word[len(head) :]
    return " ".join(filter(None, phonemes))


def words(count: int, seed: int, avoid=()) -> list[str]:
    random = np.random.default_rng(seed)
    found: dict[str, None] = {}
    while len(found) < count:
        word = "".join(random.choice([*"CHAOT'"], random.integers(2, 6)))
        if spoken(word) and word not in avoid:
            found[word] = None
    return [*found]


def lines_of(several: list[str]) -> str:
    """A dictionary: of every fourth word, the O may also sound as AA1."""
    lines = [";;; letters and their sounds"]
    for number, word in enumerate(several):
        lines.append(f"{word}  {spoken(word)}{' # a name' * (number % 9 == 0)}")
        if "O" in word and number % 4 == 0:
            lines.append(f"{word}(2)  {spoken(word).replace('OW0', 'AA1')}")
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sounds")
    known = words(900, 0)
    (folder / "my.dict").write_text(lines_of(known))
    (folder / "new.dict").write_text(lines_of(words(60, 1, known)))
    (folder / "my.toml").write_text(RECIPE)
    return folder


@pytest.fixture(scope="module")
def run(folder):
    printed = krr("run", str(folder / "my.toml"), "--run-dir", str(folder / "run"))
    return folder / "run", printed


def config_of(**more) -> PairDataConfig:
    return PairDataConfig(**{"format": "pronunciations", "unit": "characters", **more})


def test_no_word_is_in_two_parts_and_every_pronunciation_is_used(folder):
    data = config_of(train=str(folder / "my.dict"), lower=True, test_share=0.2, valid_share=0.2)
    parts = encoder_decoder.load(data, seed=3)
    every = read_dictionary(folder / "my.dict")
    expected = with_references(every)
    wanted = {w.lower(): {*s} for w, s in zip(expected.sources, expected.targets, strict=True)}
    train, valid = with_references(parts.train), with_references(parts.valid)
    found = [
        (word, {*several})
        for part in (train, valid, parts.test)
        for word, several in zip(part.sources, part.targets, strict=True)
    ]
    assert len(found) == len(wanted) and dict(found) == wanted  # each once, with all of its own
    assert min(len(part) for part in (train, valid, parts.test)) > 100
    assert len(parts.train) > len(train)  # training has a pair for each pronunciation
    several = sum(len(one) > 1 for one in wanted.values())
    assert f"{several} of 900 words with several pronunciations; 7 phonemes." in parts.notes
    assert encoder_decoder.load(data, seed=4).test != parts.test


def test_words_of_a_test_file_that_training_has_are_told(folder, tmp_path):
    known = (folder / "my.dict").read_text()
    (tmp_path / "test.dict").write_text("cha  CH AE1\nZZZ  AE1\n" + known)
    data = config_of(train=str(folder / "my.dict"), test=str(tmp_path / "test.dict"), lower=True)
    notes = encoder_decoder.load(data).notes
    assert any(note.startswith("test: 8") and "in the training part too" in note for note in notes)
    # In the spelling of the file, "cha" is another word than "CHA".
    plain = encoder_decoder.load(data.model_copy(update={"lower": False}))
    assert {"cha", "CHA"} <= {*plain.test.sources}


def test_tables_and_files_of_lines_are_read_too(tmp_path):
    (tmp_path / "a.csv").write_text("source,target\nREAD,R IY1 D\nread,R EH1 D\n")
    (tmp_path / "a.words").write_text("READ\nread\n")
    (tmp_path / "a.phonemes").write_text("R IY1 D\nR EH1 D\n")
    data = config_of(train="x.csv", lower=True, stress=False)
    both = (str(tmp_path / "a.words"), str(tmp_path / "a.phonemes"))
    for path in (tmp_path / "a.csv", both):
        pairs = read_pairs(path, data)
        assert (pairs.sources, pairs.targets) == (("read", "read"), ("R IY D", "R EH D"))


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("words.txt", "HELLO\nO'NEIL\n", ("HELLO", "O'NEIL")),
        ("new.dict", ";;; c\nHELLO  HH AH\nHELLO(2)  HH EH\nA\tAH\n", ("HELLO", "A")),
        ("new.csv", "source\nHELLO\n", ("HELLO",)),
        ("new.tsv", "source\ttarget\nHELLO\tHH AH\n", ("HELLO",)),
        ("empty.txt", "", ()),
    ],
)
def test_new_words_come_from_lists_dictionaries_and_tables(tmp_path, name, content, found):
    (tmp_path / name).write_text(content)
    assert read_sources(tmp_path / name, config_of(train="x.dict")) == found


@pytest.mark.parametrize(
    ("section", "key", "value", "told"),
    [
        ("data", "unit", "words", "data.unit 'words' for pronunciations"),
        ("evaluate", "metrics", ["bleu"], "evaluate.metrics bleu, and data.format is pronun"),
        (
            "data",
            "format",
            "texts",
            "metrics phoneme_error_rate, and data.format is texts",
        ),
    ],
)
def test_options_that_do_not_go_together_are_refused(section, key, value, told):
    record = {
        "family": "encoder_decoder",
        "data": {"train": "my.dict", "format": "pronunciations", "unit": "characters"},
        "evaluate": {"metrics": ["phoneme_error_rate"]},
    }
    config_from_dict(record)
    record[section] = {**record[section], key: value}
    with pytest.raises(UserError, match=told):
        config_from_dict(record)


def test_the_joint_ngram_is_a_baseline_of_pronunciations_alone(folder):
    record = {"family": "encoder_decoder", "data": {"source": "reversal"}}
    with pytest.raises(UserError, match="baseline joint_ngram, and data.format is texts"):
        config_from_dict({**record, "evaluate": {"baselines": ["joint_ngram"]}})
    parts = encoder_decoder.load(config_of(train=str(folder / "my.dict"), lower=True))
    names = ["nearest_source", "joint_ngram"]
    baselines = encoder_decoder.fit_baselines(parts, encoder_decoder.Search(), names=names)
    answers = {name: say(parts.test.sources) for name, say in baselines.items()}
    found = encoder_decoder.score(parts.test.targets, answers, metrics=["wrong_words"])
    wrong = {name: scores["wrong_words"] for name, scores in found.items()}
    assert wrong["joint_ngram"] < 0.1 < 2 * wrong["joint_ngram"] < wrong["nearest_source"]


def test_a_dictionary_among_texts_is_told_how_to_be_read(folder):
    with pytest.raises(UserError, match=r"no column 'source'.*recipe encoder_decoder/cmudict_lstm"):
        read_pairs(folder / "my.dict", PairDataConfig(train="my.dict"))


def test_a_broken_line_is_named_and_leaves_nothing(folder, tmp_path):
    broken = tmp_path / "broken.dict"
    broken.write_text((folder / "my.dict").read_text()[:3000].rpartition("\n")[0] + "\nCHAT")
    where = ["--run-dir", str(tmp_path / "run")]
    told = krr("run", str(folder / "my.toml"), f"data.train={broken}", *where, status=2)
    number = broken.read_text().count("\n") + 1
    assert f"Line {number} of broken.dict has the word 'CHAT' and no phonemes." in told
    assert not (tmp_path / "run").exists()


def test_words_are_answered_alone_as_in_company_whatever_their_case_and_spaces():
    data = config_of(train="x.dict", lower=True)
    letters = fit_tokenizer(["chaot'"], data.preparation())
    sounds = fit_tokenizer(["CH K AE1 OW0", "ɔː AE1"], data.target_preparation())
    assert {"CH", "AE1", "ɔː"} <= {*sounds.vocabulary}
    keras.utils.set_random_seed(3)
    sizes = len(letters.vocabulary), len(sounds.vocabulary)
    model = builders.encoder_decoder(*sizes, units=9, embedding_size=6)
    search = encoder_decoder.Search(beam_width=3, max_length=7)
    served = encoder_decoder.Pipeline(letters, sounds, model, search)
    texts = ["chat", "t'ochato", ODD_TEXTS[0]]
    together = served(texts)
    assert [*served(texts[:1]), *served(texts[1:2])] == together[:2]
    assert served(["CHAT", " chat\t", "\u00a0Chat"]) == together[:1] * 3
    assert set(" ".join(together).split()) <= {*sounds.vocabulary}


@pytest.mark.slow
def test_a_run_on_a_dictionary_of_ones_own_leaves_everything(run):
    path, printed = run
    metrics = json.loads((path / "metrics.json").read_text())
    assert metrics["model"]["wrong_words"] < 0.25
    assert (
        metrics["model"]["phoneme_error_rate"]
        < metrics["baselines"]["nearest_source"]["phoneme_error_rate"]
    )
    table = pd.read_csv(path / "predictions.csv", keep_default_na=False)
    right = [
        answer in target.split(" | ")
        for target, answer in zip(table["target"], table["gru"], strict=True)
    ]
    assert 1 - np.mean(right) == pytest.approx(metrics["model"]["wrong_words"])
    assert table["target"].str.contains(" | ", regex=False).any()
    assert "GRU beats its best baseline" in printed and "PER" in printed
    report = (path / "report.html").read_text()
    tested = f"tested on {len(table)} words"
    for text in ("Attention: ", "Many to many, of different length", tested):
        assert text in report


@pytest.mark.slow
def test_new_words_are_answered_and_judged(folder, run, tmp_path):
    path, _ = run
    new, out = folder / "new.dict", tmp_path / "out.csv"
    told = krr("predict", str(path), "--input", str(new), "--output", str(out))
    assert "new.dict is a pronouncing dictionary of 60 words." in told
    table = pd.read_csv(out, keep_default_na=False)
    asked = with_references(read_dictionary(new))
    assert table["source"].tolist() == [word.lower() for word in asked.sources]
    right = [one in several for one, several in zip(table["text"], asked.targets, strict=True)]
    assert np.mean(right) > 0.7
    printed = krr("evaluate", str(path), "--input", str(new))
    assert f"{1 - np.mean(right):.4g}" in printed and "PER" in printed
    frame = pd.DataFrame({"source": asked.sources})
    assert predict(path, frame)["text"].tolist() == table["text"].tolist()


@pytest.mark.slow
def test_the_saved_model_takes_words_without_this_package(folder, run, tmp_path):
    path, _ = run
    asked = ["chat", "CHAT", "t'aco", "", "Łódź", *words(30, 2)]
    live = load(path)(asked)
    served = tf.saved_model.load(str(path / "saved_model"))
    found = served.serve(text=tf.constant(asked))["text"].numpy()
    assert [text.decode() for text in found] == live
    alone = [served.serve(text=tf.constant([one]))["text"].numpy()[0].decode() for one in asked]
    assert alone == live
    assert live[0] == live[1] == spoken("CHAT") and live[3] == ""
    run_forked(
        "import sys, tensorflow as tf\n"
        f"served = tf.saved_model.load({str(path / 'saved_model')!r})\n"
        "found = served.serve(text=tf.constant(['chat']))['text'].numpy().tolist()\n"
        f"assert found == [{spoken('CHAT').encode()!r}], found\n"
        "assert 'keras_rnn_recipes' not in sys.modules\n"
    )
