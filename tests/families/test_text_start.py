"""A network of texts that begins with the vectors and weights of a language model."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from families.command import krr

from keras_rnn_recipes import builders
from keras_rnn_recipes.config.files import config_from_dict
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.families.text_start import start_from_language_model
from keras_rnn_recipes.serving.vocabulary import vocabulary_record
from keras_rnn_recipes.text.preparation import Preparation
from keras_rnn_recipes.text.tokenizer import fit_tokenizer

TEXTS = ["the cat sat on the mat", "the dog sat on the log"]


@pytest.fixture
def taught(tmp_path, monkeypatch):
    """A run directory with an untrained language model, and the model."""
    tokenizer = fit_tokenizer(TEXTS, Preparation())
    model = builders.language_model(len(tokenizer.vocabulary), units=(5, 4), embedding_size=3)
    model.save(tmp_path / "model.keras")
    config = {"family": "language_model", "data": {"train": "a.txt", "unit": "words"}}
    (tmp_path / "config.json").write_text(json.dumps({**config, "format_version": 1}))
    (tmp_path / "saved_model").mkdir()
    (tmp_path / "vocabulary.json").write_text(json.dumps(vocabulary_record(tokenizer)))
    return str(tmp_path), model, tokenizer


def test_vectors_are_found_by_their_token_and_layers_by_their_order(taught, capsys):
    folder, model, known = taught
    tokenizer = fit_tokenizer(["a dog sat", "the dog"], Preparation())
    network = builders.text_classifier(
        len(tokenizer.vocabulary), 2, units=(5, 4), embedding_size=3, bidirectional=False
    )
    own = np.array(network.get_layer("embedding").embeddings)
    start_from_language_model(network, tokenizer, folder, embedding="embedding")
    found = np.array(network.get_layer("embedding").embeddings)
    ids = known.encode(["dog", "sat", "the"])
    for word, row in zip(("dog", "sat", "the"), ids, strict=True):
        expected = model.get_layer("embedding")(row[:1])[0]
        np.testing.assert_allclose(found[tokenizer.vocabulary.index(word)], expected, rtol=1e-6)
    new = tokenizer.vocabulary.index("a")
    np.testing.assert_array_equal(found[new], own[new])
    for name in ("lstm_1", "lstm_2"):
        pairs = zip(
            network.get_layer(name).get_weights(), model.get_layer(name).get_weights(), strict=True
        )
        assert all(np.array_equal(one, other) for one, other in pairs)
    assert "vectors of 7 of 8 tokens, weights of 2 recurrent layers." in capsys.readouterr().out


def test_a_bidirectional_layer_reads_forward_as_it_did(taught, capsys):
    folder, model, tokenizer = taught
    network = builders.text_classifier(
        len(tokenizer.vocabulary), 2, units=(5, 9), embedding_size=3, bidirectional=True
    )
    start_from_language_model(network, tokenizer, folder, embedding="embedding")
    layer = next(layer for layer in network.layers if "bidirectional" in layer.name)
    for one, other in zip(
        layer.forward_layer.get_weights(), model.get_layer("lstm_1").get_weights(), strict=True
    ):
        np.testing.assert_array_equal(one, other)
    assert "weights of 1 recurrent layer." in capsys.readouterr().out


def test_what_cannot_begin_with_it_is_refused(taught):
    folder, _, tokenizer = taught
    wide = builders.text_classifier(len(tokenizer.vocabulary), 2, units=4, embedding_size=8)
    with pytest.raises(UserError, match="set model.embedding_size to 3"):
        start_from_language_model(wide, tokenizer, folder, embedding="embedding")
    other = fit_tokenizer(["хорошо плохо"], Preparation())
    network = builders.text_classifier(len(other.vocabulary), 2, units=4, embedding_size=3)
    with pytest.raises(UserError, match="knows none of the tokens"):
        start_from_language_model(network, other, folder, embedding="embedding")
    path = Path(folder) / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "model": {"members": 3}}))
    with pytest.raises(UserError, match="is 3 networks"):
        start_from_language_model(network, tokenizer, folder, embedding="embedding")
    for section in ({"vectors": "v.txt"}, {"members": 3}):
        model = {"start": folder, **section}
        with pytest.raises(UserError, match=f"model.start and model.{next(iter(section))}"):
            config_from_dict(
                {"family": "text_classification", "data": {"train": "x.csv"}, "model": model}
            )


@pytest.mark.slow
def test_a_classifier_and_a_tagger_begin_with_a_trained_language_model(tmp_path):
    (tmp_path / "all.txt").write_text(" ".join(TEXTS * 200))
    common = ["model.units=8", "model.embedding_size=6"]
    taught = str(tmp_path / "taught")
    krr(
        *(
            "run",
            "language_model/language_reference_lstm",
            "data.train=" + str(tmp_path / "all.txt"),
        ),
        *("data.unit=words", "fit.epochs=1", "fit.batch_size=4", "fit.window=8", *common),
        *("evaluate.samples=0", "--run-dir", taught),
    )
    start = f"model.start={taught}"
    texts = [f"{text} {number}" for number in range(30) for text in TEXTS]
    rows = "".join(f"{text},{label}\n" for text, label in zip(texts, "ab" * 30, strict=True))
    (tmp_path / "rows.csv").write_text("text,label\n" + rows)
    printed = krr(
        *("run", "text_classification/word_order_gru", f"data.train={tmp_path / 'rows.csv'}"),
        *("model.cell=lstm", "fit.epochs=1", *common, start, "--run-dir", str(tmp_path / "one")),
    )
    assert "Started from taught: vectors of" in printed and "1 recurrent layer." in printed
    printed = krr(
        *("run", "tagging/people_places_lstm", "--smoke", *common, start, "data.lower=true"),
        *("--run-dir", str(tmp_path / "two")),
    )
    assert "0 recurrent layers, since the cell or its widths differ." in printed
