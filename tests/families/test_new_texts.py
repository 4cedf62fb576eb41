"""New texts are read as those of training, and an empty batch has an empty answer."""

from __future__ import annotations

import pytest
import tensorflow as tf
from families import test_encoder_decoder, test_tagging, test_text_classification

from keras_rnn_recipes.builders import language_model
from keras_rnn_recipes.config.encoder_decoder import PairDataConfig
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.families import encoder_decoder, text_classification
from keras_rnn_recipes.families.encoder_decoder.inference import read_sources
from keras_rnn_recipes.families.encoder_decoder.task import read_pairs
from keras_rnn_recipes.families.language_model.pipeline import Pipeline
from keras_rnn_recipes.families.text_classification.task import TextDataConfig
from keras_rnn_recipes.text.preparation import Preparation
from keras_rnn_recipes.text.reading import ParallelTexts
from keras_rnn_recipes.text.tokenizer import fit_tokenizer

TABLE = PairDataConfig(source="pairs.tsv")


@pytest.mark.parametrize(
    ("name", "content", "data", "texts"),
    [
        ("a.tsv", "source\ttarget\nA dog.\tUn chien.\n", TABLE, ("A dog.",)),
        ("a.csv", 'source\n"A dog, a cat."\n', TABLE, ("A dog, a cat.",)),
        ("a.txt", "source\ttarget\nA dog.\tUn chien.\n", TABLE, ("A dog.",)),
        ("a.txt", "A dog.\n\n\nA cat.\n", TABLE, ("A dog.", "", "", "A cat.")),
        ("a.txt", "Go.\tVa !\tCC-BY 2.0 (x)\n", TABLE, ("Go.",)),
        ("a.de", "Gut\ten Tag\n", PairDataConfig(train=("a.de", "a.en")), ("Gut\ten Tag",)),
        (
            "a.txt",
            "Va !\tGo.\n",
            PairDataConfig(source="x.txt", columns=("target", "source")),
            ("Go.",),
        ),
        ("a.tsv", "de\ten\nJa\tYes\n", PairDataConfig(source="x.tsv", source_col="en"), ("Yes",)),
        ("a.csv", "source,target\n", TABLE, ()),
        ("a.txt", "", TABLE, ()),
    ],
)
def test_sources_are_read_as_in_training(tmp_path, name, content, data, texts):
    (tmp_path / name).write_text(content)
    assert read_sources(tmp_path / name, data) == texts


def test_a_table_without_the_columns_of_the_run_is_refused(tmp_path):
    (tmp_path / "a.csv").write_text("english,french\nGo.,Va !\n")
    for read in (read_sources, read_pairs):
        with pytest.raises(UserError, match="no column 'source'.*data.source_col"):
            read(tmp_path / "a.csv", TABLE)


def test_pairs_left_out_by_their_length_are_told(capsys):
    letters = fit_tokenizer(["abcdef"], Preparation(unit="characters", ends=True))
    pairs = ParallelTexts(("ab", "abcdef", "ba"), ("ba", "fedcba", "ab"))
    encoder_decoder.columns(pairs, letters, letters, max_length=5)
    assert "Trained on 2 of 3 pairs" in capsys.readouterr().out
    encoder_decoder.columns(pairs, letters, letters)
    assert capsys.readouterr().out == ""


def test_one_very_long_text_is_cut_and_told(capsys):
    texts = ["so good it is"] * 300 + ["far " * 30_000]
    plan = text_classification.preparation(TextDataConfig(train="a.csv"), texts)
    assert plan.max_length == 200
    assert "1 training text of 301 cut to the first 200 tokens" in capsys.readouterr().out
    plan = text_classification.preparation(TextDataConfig(train="a.csv"), texts[:-1])
    assert plan.max_length is None and capsys.readouterr().out == ""
    plan = text_classification.preparation(TextDataConfig(train="a.csv", max_length=3), texts)
    assert plan.max_length == 3 and "301 training texts of 301 cut" in capsys.readouterr().out


NONE = tf.constant([], tf.string)


def test_an_empty_batch_has_an_empty_answer_in_every_family():
    classifier = test_text_classification.small()
    assert classifier([]).shape == (0, 3)
    found = classifier.endpoints()["serve"][0](NONE)
    assert found["probabilities"].shape == (0, 3) and found["label"].shape == (0,)
    for tagger in (test_tagging.small(), test_tagging.small(spelling=False, crf=False)):
        assert tagger([]) == [] and len(tagger.endpoints()["serve"][0](NONE)["tags"]) == 0
    for search in ({}, {"words": ("ab",)}):
        served = test_encoder_decoder.small(**search)
        assert served([]) == []
        assert served.endpoints()["serve"][0](NONE)["text"].shape == (0,)
    letters = fit_tokenizer(["abcd"], Preparation(unit="characters"))
    network = language_model(len(letters.vocabulary), units=4, embedding_size=4)
    writer = Pipeline(letters, network)
    numbers = (tf.constant(3), tf.constant(0.5), tf.constant(0))
    assert writer.generate(NONE, *numbers).shape == (0,)
    assert writer.score(NONE).shape == (0,)


def test_a_blank_text_has_an_empty_answer():
    served = test_encoder_decoder.small()
    found = served.endpoints()["serve"][0](tf.constant(["", "abc", " \t", "\u3000"]))
    assert found["text"].numpy()[[0, 2, 3]].tolist() == [b"", b"", b""]
    assert found["score"].numpy()[[0, 2, 3]].tolist() == [0, 0, 0]
    assert found["score"].numpy()[1] < 0  # this one was decoded
