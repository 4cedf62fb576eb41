"""Language models from running text to a prompt that is gone on from."""

from __future__ import annotations

import contextlib
import json
import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from families.command import krr
from profiles import slow_but

from keras_rnn_recipes import builders
from keras_rnn_recipes.builders.language_model import stateful_copy
from keras_rnn_recipes.config.files import config_from_dict
from keras_rnn_recipes.config.language_model import LanguageFitConfig
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.evaluation.ngrams import NGrams
from keras_rnn_recipes.families import language_model
from keras_rnn_recipes.families.language_model.pipeline import stream
from keras_rnn_recipes.families.language_model.task import text_ids
from keras_rnn_recipes.serving.export_text import export_text_model
from keras_rnn_recipes.serving.saved_text import SavedLanguageModel
from keras_rnn_recipes.text.contiguous import contiguous_batches
from keras_rnn_recipes.text.preparation import Preparation
from keras_rnn_recipes.text.tokenizer import fit_tokenizer
from keras_rnn_recipes.training import loop as fitting
from keras_rnn_recipes.training.kernels import training_kernels
from keras_rnn_recipes.training.state import set_seeds
from keras_rnn_recipes.training.token_loss import token_loss

TEXT = "the cat sat on the mat. the dog sat on the log. "
RECIPE = """
family = "language_model"
[data]
source = "cats.txt"
[model]
units = [32]
embedding_size = 16
[fit]
epochs = 4
batch_size = 8
window = 16
learning_rate = 0.02
[evaluate]
ngrams = [1, 2]
adapt = ["ngram", "cache", "dynamic"]
samples = 2
sample_length = 40
"""


def small(
    cell: str = "lstm", unit: str = "characters", members: int = 1
) -> language_model.Pipeline:
    plan = Preparation(unit=unit, lower=False, reversible=True)
    tokenizer = fit_tokenizer([TEXT], plan)
    keras.utils.set_random_seed(2)
    model = builders.language_model(
        len(tokenizer.vocabulary), cell=cell, units=(7, 5), embedding_size=4, members=members
    )
    return language_model.Pipeline(tokenizer, model)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("language")
    random = np.random.default_rng(0)
    animals, places = ("cat", "dog", "cow", "hen"), ("mat", "log", "hay", "bed")
    sentences = [
        f"the {random.choice(animals)} sat on the {random.choice(places)}." for _ in range(700)
    ]
    (folder / "cats.txt").write_text(" ".join(sentences))
    (folder / "my.toml").write_text(RECIPE)
    return folder


@pytest.fixture(scope="module")
def run(folder):
    printed = krr("run", str(folder / "my.toml"), "--run-dir", str(folder / "run"))
    return folder / "run", printed


@pytest.mark.slow
def test_a_run_on_a_text_of_ones_own_leaves_everything(run):
    path, printed = run
    record = json.loads((path / "metrics.json").read_text())
    assert set(record["baselines"]) == {"1-gram", "2-gram"}
    figures = record["model"]
    # Four animals and four places are what cannot be predicted: log 16 in 23 characters or so.
    assert math.log(16) / 23 < figures["nats_per_token"] < 0.25
    assert figures["perplexity"] == pytest.approx(math.exp(figures["nats_per_token"]))
    assert figures["perplexity"] < record["baselines"]["2-gram"]["perplexity"]
    assert "LSTM beats its best baseline" in printed
    report = (path / "report.html").read_text()
    assert "Surprising tokens" in report and "Generated text" in report
    adapted = record["adapted"]
    assert set(adapted["scores"]) == {"with_ngram", "with_cache", "dynamic", "all_together"}
    for weights in adapted["chosen"]["weights"].values():
        assert sum(weights.values()) == pytest.approx(1.0)
    together = adapted["scores"]["all_together"]["nats_per_token"]
    assert together < figures["nats_per_token"] + 0.002
    assert "Adapted to the text" in report


@pytest.mark.slow
def test_a_prompt_is_gone_on_from(folder, run, tmp_path):
    path, _ = run
    greedy = krr("complete", str(path), "the cat sat o", "--length", "6", "--temperature", "0")
    assert greedy == "the cat sat on the \n"
    drawn = [krr("complete", str(path), "the ", "--length", "50", "--seed", seed) for seed in "778"]
    assert drawn[0] == drawn[1] != drawn[2]
    # At once, from the SavedModel, it is the same text as piece by piece.
    saved = SavedLanguageModel(path / "saved_model").complete(["the "], 50, seed=7)
    assert saved[0] + "\n" == drawn[0]
    (tmp_path / "prompts.txt").write_text("the\n\na hen\n")
    krr(
        "predict",
        str(path),
        "--input",
        str(tmp_path / "prompts.txt"),
        "--output",
        str(tmp_path / "o.csv"),
    )
    assert (tmp_path / "o.csv").read_text().startswith("prompt,text\nthe,the")
    found = krr("evaluate", str(path), "--input", str(folder / "cats.txt"))
    assert "perplexity" in found
    (tmp_path / "wide.txt").write_bytes("the\n".encode("utf-16-le"))
    wide = [str(tmp_path / "wide.txt"), "data.encoding=utf-16-le"]
    told = krr("predict", str(path), "--output", str(tmp_path / "w.csv"), "--input", *wide)
    assert "Unknown characters: 0 %." in told
    assert (tmp_path / "w.csv").read_text().startswith("prompt,text\nthe,the")
    assert "perplexity" in krr("evaluate", str(path), "--input", *wide)


@pytest.mark.slow
@pytest.mark.parametrize(
    "options, told",
    [
        (["--length", "0"], "at least 1"),
        (["--length", "-4"], "at least 1"),
        (["--temperature", "-1"], "0 or more"),
    ],
)
def test_mistakes_of_a_prompt_are_told(run, options, told):
    assert told in krr("complete", str(run[0]), "the", *options, status=2)


def test_a_run_of_another_kind_is_not_gone_on_from(tmp_path):
    assert "does not exist" in krr("complete", str(tmp_path / "no"), "the", status=2)


@pytest.mark.parametrize("unit", slow_but(["words"], ["characters", "words"]))
def test_a_prompt_has_the_same_continuation_alone_and_in_a_batch(unit):
    served = small(unit=unit)
    numbers = (tf.constant(20), tf.constant(1.0, tf.float32), tf.constant(7))
    prompts = ["the cat", "a", "", "the cat", "the cat"]
    batch = served.generate(tf.constant(prompts), *numbers).numpy().tolist()
    alone = [served.generate(tf.constant([one]), *numbers).numpy()[0] for one in prompts]
    assert batch[:3] == alone[:3] and len(set(batch)) == 5
    later = (*numbers[:2], tf.constant(9))
    assert batch[4] == served.generate(tf.constant(["the cat"]), *later).numpy()[0]


def test_the_share_of_unknown_tokens_is_told():
    served = small(unit="words")
    ids = language_model.text_ids(served.tokenizer, TEXT + " zebra")
    told = language_model.describe_unknown(ids)
    assert told.startswith(f"{1 / (len(ids) - 1):.1%} of the tokens scored are unknown")
    assert language_model.describe_unknown(ids[:-1]) == ""


@pytest.mark.parametrize("unit", ["characters", "words"])
def test_texts_in_pieces_are_those_at_once(unit, monkeypatch):
    monkeypatch.setattr(f"{__name__}.TEXT", f'{TEXT} (a dog) paid $5.50 at 7:30 ( "no" ) ! T-shirt')
    served = small(unit=unit)
    for temperature in (0.0, 1.0):
        whole = served.generate(
            tf.constant(["the cat"]), tf.constant(23), tf.constant(temperature), tf.constant(5)
        )
        pieces = stream(served, "the cat", 23, temperature=temperature, seed=5, piece=4)
        assert "the cat" + "".join(pieces) == whole.numpy()[0].decode()


def test_the_score_of_a_text_is_the_sum_over_its_tokens():
    served = small()
    texts = [TEXT, "", "the", "dog \U0001f642"]
    scores = served.score(tf.constant(texts)).numpy()
    for text, score in zip(texts, scores, strict=True):
        tokens = text_ids(served.tokenizer, text) if text else np.array([2])
        logits = served.model.predict(tokens[None], verbose=0)[0].astype("float64")
        shares = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
        expected = sum(shares[at, token] for at, token in enumerate(tokens[1:]))
        assert score == pytest.approx(expected, abs=1e-4)
        if text:
            for piece in (5, 512):
                nats = served.nats(tokens, piece=piece)
                assert nats.sum() == pytest.approx(-expected, abs=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("unit", slow_but(["words"], ["characters", "words"]))
def test_a_saved_model_goes_on_without_this_package(tmp_path, unit):
    served = small(unit=unit, members=2)
    path = export_text_model(served, tmp_path / "saved_model", samples=["the cat"])
    prompts = ["the cat", "", "\U0001f642"]
    found = SavedLanguageModel(path).complete(prompts, 9, temperature=0.0)
    arguments = (tf.constant(9), tf.constant(0.0), tf.constant(0))
    live = served.generate(tf.constant(prompts), *arguments).numpy()
    assert found == [text.decode() for text in live]


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_a_twin_reads_windows_as_the_whole_text_is_read(cell):
    served = small(cell)
    ids = text_ids(served.tokenizer, TEXT * 3)
    twin = stateful_copy(served.model, 2)
    parts = list(contiguous_batches(ids, batch_size=2, window=10))
    stretch = -(-(len(ids) - 1) // 2)
    with training_kernels(twin):
        inside = [np.array(twin(given)) for given, _ in parts]
    found = np.concatenate(inside, axis=1)[:, :stretch]
    rows = np.zeros((2, stretch), "int32")
    flat = ids[:-1]
    rows.reshape(-1)[: len(flat)] = flat
    expected = served.model.predict(rows, verbose=0)
    np.testing.assert_allclose(found[0], expected[0], atol=1e-5)
    real = len(flat) - stretch
    np.testing.assert_allclose(found[1, :real], expected[1, :real], atol=1e-5)


@pytest.mark.slow
def test_training_leaves_a_model_without_states_and_equals_keras_own_loop(monkeypatch):
    def trained(on_cpu: bool) -> list[np.ndarray]:
        if not on_cpu:  # Keras' own loop
            loop = lambda *_, **__: contextlib.nullcontext()  # noqa: E731
            monkeypatch.setattr(fitting, "training_kernels", loop)
        set_seeds(0)
        served = small()
        ids = text_ids(served.tokenizer, TEXT * 8)
        config = LanguageFitConfig(epochs=2, batch_size=4, window=8, learning_rate=0.01)
        history = language_model.fit(served.model, ids, ids[:120], config=config)
        assert history["loss"].iloc[1] < history["loss"].iloc[0]
        assert served.model.input_shape == (None, None)
        assert len(served.model.weights) == len(served.model.trainable_weights)
        return served.model.get_weights()

    for one, other in zip(trained(True), trained(False), strict=True):
        np.testing.assert_allclose(one, other, atol=2e-4)


def test_validation_does_not_depend_on_what_training_ended_in():
    served = small()
    ids = text_ids(served.tokenizer, TEXT * 4)
    set_seeds(0)
    config = LanguageFitConfig(epochs=1, batch_size=3, window=9, learning_rate=1e-9)
    history = language_model.fit(served.model, ids, ids[:100], config=config)
    twin = stateful_copy(served.model, 3)
    twin.compile(loss=token_loss())
    expected = twin.evaluate(contiguous_batches(ids[:100], batch_size=3, window=9), verbose=0)
    assert history["val_loss"].iloc[0] == pytest.approx(expected, rel=1e-4)


def test_figures_of_a_fair_coin():
    figures = language_model.score({"coin": np.full(10, math.log(2))}, 5)["coin"]
    assert figures == pytest.approx(
        {"perplexity": 2.0, "nats_per_token": math.log(2), "bits_per_character": 2.0}
    )


@pytest.mark.parametrize("length", [1, 2, 4])
def test_ngrams_are_a_distribution_and_learn_what_repeats(length):
    random = np.random.default_rng(1)
    tokens = np.array([2, 4, 5, 6] * 30 + random.integers(4, 8, 60).tolist())
    model = NGrams(tokens, length, 9)
    for context in ((), (4,), (5, 6), (8, 8), (4, 5, 6)):
        assert sum(model.probability(context, token) for token in range(9)) == pytest.approx(1.0)
    nats = model.nats(tokens[:50])
    expected = [
        -math.log(model.probability(tuple(tokens[max(at - length + 1, 0) : at]), tokens[at]))
        for at in range(1, 50)
    ]
    np.testing.assert_allclose(nats, expected)
    if length > 1:
        assert model.probability((6, 2, 4), 5) > 0.5


def test_a_text_too_short_is_refused(tmp_path):
    (tmp_path / "short.txt").write_text("abc abc")
    recipe = tmp_path / "short.toml"
    recipe.write_text('family = "language_model"\n[data]\nsource = "short.txt"\n')
    message = krr("run", str(recipe), "--run-dir", str(tmp_path / "run"), status=2)
    assert "too short" in message and "Traceback" not in message


def test_a_mixture_without_an_n_gram_is_refused():
    recipe = {"family": "language_model", "data": {"source": "language_reference"}}
    with pytest.raises(UserError, match="take 'ngram' out of evaluate.adapt"):
        config_from_dict({**recipe, "evaluate": {"ngrams": [], "adapt": ["cache", "ngram"]}})


def test_several_networks_need_rows():
    recipe = {"family": "language_model", "data": {"source": "language_reference"}}
    with pytest.raises(UserError, match="a row of every batch"):
        config_from_dict({**recipe, "model": {"members": 3}, "fit": {"batch_size": 2}})
