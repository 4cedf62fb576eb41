"""Text classification from the command line to the SavedModel, on sentences made for it."""

from __future__ import annotations

import json

import keras
import numpy as np
import pandas as pd
import pytest
from families.command import krr

from keras_rnn_recipes.builders import text_classifier
from keras_rnn_recipes.families import text_classification
from keras_rnn_recipes.families.classification import class_weights, loss
from keras_rnn_recipes.serving.export_text import ODD_TEXTS, export_text_model
from keras_rnn_recipes.serving.saved_text import SavedClassifier
from keras_rnn_recipes.text.preparation import Preparation
from keras_rnn_recipes.text.tokenizer import fit_tokenizer
from keras_rnn_recipes.text.word_order import word_order
from keras_rnn_recipes.workflows.inference import evaluate, predict

RECIPE = """
family = "text_classification"
[data]
train = "sentences.csv"
text_col = "sentence"
label_col = "mood"
[model]
cell = "gru"
units = [24]
embedding_size = 24
pooling = "last"
ngrams = 2
character_ngrams = 4
[fit]
epochs = 10
learning_rate = 0.01
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("texts")
    train, _, test = word_order(train_size=2500, valid_size=0, test_size=100)
    for name, part in (("sentences", train), ("new", test)):
        table = pd.DataFrame({"sentence": part.texts, "mood": part.labels})
        table.to_csv(folder / f"{name}.csv", index=False)
    (folder / "my.toml").write_text(RECIPE)
    return folder


@pytest.fixture(scope="module")
def run(folder):
    printed = krr("run", str(folder / "my.toml"), "--run-dir", str(folder / "run"))
    return folder / "run", printed


@pytest.mark.slow
def test_a_run_on_a_table_of_ones_own_leaves_everything(run):
    path, printed = run
    for name in ("config.json", "model.keras", "history.csv", "predictions.csv", "report.html"):
        assert (path / name).is_file()
    metrics = json.loads((path / "metrics.json").read_text())
    assert metrics["task"] == "text_classification"
    parts = {"network_alone", "ngrams_alone"}
    assert set(metrics["baselines"]) == {"majority", "averaged_embeddings", "tfidf", *parts}
    # Every sentence has a twin of the same words: half right is all that counting words can give.
    assert metrics["model"]["accuracy"] > 0.9
    for name in ("majority", "tfidf", "averaged_embeddings"):
        assert metrics["baselines"][name]["accuracy"] < 0.65
    assert "GRU with n-grams beats its best baseline" in printed
    assert "Log loss on the validation part: network" in printed
    assert "Confusion matrix" in (path / "report.html").read_text()
    table = pd.read_csv(path / "predictions.csv")
    right = (table["label"] == table["gru_ngrams"]).mean()
    assert right == pytest.approx(metrics["model"]["accuracy"])
    assert table["gru_ngrams-probability"].between(0.5, 1).all()


@pytest.mark.slow
def test_new_texts_are_answered_and_judged(folder, run, tmp_path):
    path, _ = run
    new = str(folder / "new.csv")
    krr("predict", str(path), "--input", new, "--output", str(tmp_path / "out.csv"))
    table, truth = pd.read_csv(tmp_path / "out.csv"), pd.read_csv(new)
    assert table["sentence"].tolist() == truth["sentence"].tolist()
    both = table[["probability-negative", "probability-positive"]].to_numpy()
    np.testing.assert_allclose(both.sum(axis=1), 1, atol=1e-5)
    classes = np.array(["negative", "positive"])
    assert classes[both.argmax(axis=1)].tolist() == table["label"].tolist()
    right = (table["label"] == truth["mood"]).mean()
    assert f"{right:.3g}" in krr("evaluate", str(path), "--input", new)
    # A DataFrame has the answers of its file, whatever was read with it.
    framed = predict(path, truth.assign(index=range(len(truth))))
    pd.testing.assert_frame_equal(framed, table, check_dtype=False)
    assert evaluate(path, truth).summary["gru_ngrams"]["accuracy"] == pytest.approx(right)


@pytest.mark.slow
def test_exported_again_it_answers_alike(folder, run, tmp_path):
    path, _ = run
    krr("export", str(path), "--to", str(tmp_path / "served"))
    texts = [*pd.read_csv(folder / "new.csv")["sentence"][:5], *ODD_TEXTS[:2]]
    first, second = (
        SavedClassifier(one)(texts) for one in (path / "saved_model", tmp_path / "served")
    )
    assert first["label"] == second["label"]
    np.testing.assert_allclose(first["probabilities"], second["probabilities"], atol=1e-6)
    assert "ONNX" in krr(
        "export", str(path), "--to", str(tmp_path / "x"), "--format", "onnx", status=2
    )


def small() -> text_classification.Pipeline:
    tokenizer = fit_tokenizer(["so good it is", "so bad", "日本 is far"], Preparation())
    keras.utils.set_random_seed(1)
    model = text_classifier(len(tokenizer.vocabulary), 3, units=5, bidirectional=True)
    return text_classification.Pipeline(tokenizer, model, ("bad", "far", "gut"))


def test_an_answer_does_not_depend_on_the_texts_beside_it():
    texts = ["so good", "", "so bad it is far far far", *ODD_TEXTS]
    classifier = small()
    together = classifier(texts)
    for number, text in enumerate(texts):
        np.testing.assert_allclose(classifier([text])[0], together[number], atol=1e-6)


@pytest.mark.slow
def test_a_saved_model_takes_raw_strings_without_this_package(tmp_path):
    # Written, loaded in a process where the package cannot be imported, compared, renamed.
    classifier = small()
    path = export_text_model(classifier, tmp_path / "saved_model", samples=["so good"])
    texts = ["so good", *ODD_TEXTS]
    found, live = SavedClassifier(path)(texts), classifier(texts)
    np.testing.assert_allclose(found["probabilities"], live, atol=1e-5)
    assert found["label"] == [classifier.head.classes[k] for k in live.argmax(axis=1)]


def test_classes_count_alike_when_they_are_balanced():
    labels = np.array([0] * 90 + [1] * 9 + [2])
    weights = class_weights(labels, "balanced")
    sums = [weights[labels == k].sum() for k in range(3)]
    np.testing.assert_allclose(sums, sums[0], rtol=1e-6)
    assert weights.mean() == pytest.approx(1)
    assert class_weights(labels, "none") is None


def test_label_smoothing_gives_every_class_a_share_of_the_target():
    labels, logits = np.array([1, 0]), np.array([[0.5, 2.0, -1.0], [3.0, 0.0, 1.0]], "float32")
    logs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    targets = 0.9 * np.eye(3)[labels] + 0.1 / 3
    expected = -(targets * logs).sum(axis=1)
    np.testing.assert_allclose(loss(0.1)(labels, logits), expected, rtol=1e-6)
    np.testing.assert_allclose(float(loss()(labels, logits)), -logs[[0, 1], labels].mean(), 1e-6)


def test_the_loss_is_the_negative_logarithm_of_the_right_class():
    logits = np.array([[1.0, 2.0, 0.5], [0.0, 0.0, 3.0]], "float32")
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    expected = -np.log([shares[0, 2], shares[1, 1]]).mean()
    assert float(text_classification.loss()(np.array([2, 1]), logits)) == pytest.approx(
        expected, rel=1e-5
    )


@pytest.mark.parametrize(
    "given, told",
    [
        (["data.label_col=colour"], "no column 'colour'"),
        (["data.train=missing.csv"], "missing.csv"),
        (["data.source=word_order", "data.train=x.csv"], "both data.source and data.train"),
        (
            ["data.test={folder}/more.csv"],
            "The label 'unheard' of example 2 of the test part does not occur in training",
        ),
        (["model.cell=lstn"], "model.cell"),
        (["model.horizon=3"], "model.horizon"),
        (["family=text_clasification"], "text_classification"),
    ],
)
def test_mistakes_are_told_in_one_message(folder, tmp_path, given, told):
    target = tmp_path / "run"
    known = pd.read_csv(folder / "new.csv")["mood"].iloc[0]
    (folder / "more.csv").write_text(f"sentence,mood\ngood,{known}\nso,unheard\n")
    given = [one.format(folder=folder) for one in given]
    message = krr("run", str(folder / "my.toml"), *given, "--run-dir", str(target), status=2)
    assert told in message and "Traceback" not in message
    assert not target.exists()


def test_one_class_only_is_refused(tmp_path):
    rows = "".join(f"good {number},yes\n" for number in range(40))
    (tmp_path / "one.csv").write_text("text,label\n" + rows)
    recipe = tmp_path / "one.toml"
    recipe.write_text('family = "text_classification"\n[data]\nsource = "one.csv"\n')
    message = krr("run", str(recipe), "--run-dir", str(tmp_path / "run"), status=2)
    assert "one class only" in message and not (tmp_path / "run").exists()


@pytest.mark.slow
def test_chinese_texts_are_classified_by_their_characters(tmp_path):
    random = np.random.default_rng(0)
    good, bad = ("好吃", "满意", "推荐"), ("难吃", "失望", "后悔")
    rows = ["text,label"]
    for number in range(600):
        label, words = (("pos", good), ("neg", bad))[number % 2]
        filler = "".join(random.choice([*"他们的服务我觉得新出的耳机再三考虑后味道"], 12))
        place = random.integers(0, 12)
        rows.append(f"{filler[:place]}{random.choice(words)}{filler[place:]}。,{label}")
    (tmp_path / "reviews.csv").write_text("\n".join(rows) + "\n")
    source = f'data.train="{tmp_path / "reviews.csv"}"'
    where = ["--run-dir", str(tmp_path / "run")]
    printed = krr("run", "text_classification/word_order_gru", source, "fit.epochs=12", *where)
    assert "scripts without spaces (Chinese)" in printed
    metrics = json.loads((tmp_path / "run/metrics.json").read_text())
    assert metrics["model"]["accuracy"] == 1.0
    assert metrics["baselines"]["tfidf"]["accuracy"] > 0.9
