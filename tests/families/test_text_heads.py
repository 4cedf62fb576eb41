"""Several labels and numbers as answers to texts, from the command line to the SavedModel."""

from __future__ import annotations

import json

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from families.command import krr

from keras_rnn_recipes.builders import text_classifier
from keras_rnn_recipes.config.files import config_from_dict
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.families import text_classification
from keras_rnn_recipes.families.text_classification.heads import (
    ClassHead,
    LabelHead,
    NumberHead,
    fit_head,
    head_columns,
    head_of_record,
)
from keras_rnn_recipes.serving.export_text import ODD_TEXTS
from keras_rnn_recipes.serving.saved_text import SavedClassifier
from keras_rnn_recipes.text.catalogue import TextParts
from keras_rnn_recipes.text.preparation import Preparation
from keras_rnn_recipes.text.reading import LabelledTexts
from keras_rnn_recipes.text.reviews import complaints, ratings
from keras_rnn_recipes.text.tokenizer import fit_tokenizer

LABELS = LabelHead(("late", "rude", "vain"), threshold=0.45)
NUMBER = NumberHead(3.0, 2.0)


def recipe(task, **data):
    sections = {"data": {"train": "a.csv", "task": task, **data}}
    return {"family": "text_classification", **sections}


def small(head):
    tokenizer = fit_tokenizer(["so good it is", "so bad", "日本 is far"], Preparation())
    keras.utils.set_random_seed(1)
    model = text_classifier(len(tokenizer.vocabulary), head.size, units=5)
    return text_classification.Pipeline(tokenizer, model, head)


@pytest.mark.parametrize("head", [LABELS, NUMBER], ids=["labels", "number"])
def test_an_answer_does_not_depend_on_the_texts_beside_it(head):
    texts, pipeline = ["so good", "", "so bad it is far far far", *ODD_TEXTS], small(head)
    together = pipeline(texts)
    for number, text in enumerate(texts):
        np.testing.assert_allclose(pipeline([text])[0], together[number], atol=1e-6)
    assert pipeline([]).shape == (0, *together.shape[1:])


def test_the_labels_served_are_those_above_the_threshold():
    served = LABELS.served(tf.constant([[0.5, 0.4, 0.45], [0.1, 0.2, 0.3]]))
    assert served["labels"].numpy().tolist() == [b"late;vain", b""]
    table = LABELS.columns("gru", served["probabilities"].numpy())
    assert table == {"gru": ["late;vain", ""]}


def test_numbers_are_answered_in_the_unit_of_the_file():
    rows = LabelledTexts(("a", "b"), ("1.0", "5.0"))
    head = fit_head(config_from_dict(recipe("regression")), rows)
    assert (head.mean, head.scale) == (3.0, 2.0)
    targets = head.targets(head.truth(rows))
    assert targets.tolist() == [[-1.0], [1.0]]
    assert head.answers(tf.constant(targets)).numpy().tolist() == [1.0, 5.0]


@pytest.mark.parametrize("head", [ClassHead(("a", "b")), LABELS, NumberHead(1.0, 2.0, "mae")])
def test_a_head_is_made_again_from_its_record(head):
    assert head_of_record(json.loads(json.dumps(head.record()))) == head


def test_weights_of_rows_and_of_classes_are_multiplied_and_have_mean_1():
    rows = LabelledTexts(("a", "b", "c", "d"), ("x", "x", "x", "y"), (1.0, 1.0, 0.0, 2.0))
    tokenizer = fit_tokenizer(rows.texts, Preparation())
    head = ClassHead(("x", "y"))
    columns = head_columns(head, rows, tokenizer=tokenizer, class_weights="balanced")
    expected = np.array([1 / 3, 1 / 3, 0, 2.0])
    np.testing.assert_allclose(columns["weights"], expected / expected.mean(), rtol=1e-6)
    without = head_columns(head, LabelledTexts(rows.texts, rows.labels), tokenizer=tokenizer)
    assert without["weights"] is None


def test_metrics_and_baselines_are_those_of_the_task():
    evaluate = config_from_dict(recipe("regression")).evaluate
    assert evaluate.metrics[0] == "mae" and evaluate.baselines[-1] == "tfidf_ridge"
    asked = {**recipe("multilabel"), "evaluate": {"metrics": ["subset_accuracy"]}}
    assert config_from_dict(asked).evaluate.deciding == "subset_accuracy"


@pytest.mark.parametrize(
    ("task", "override", "message"),
    [
        ("regression", "model.ngrams=2", "model.ngrams for the task classification"),
        ("multilabel", "fit.class_weights=balanced", "fit.class_weights for the task"),
        ("classification", "data.label_cols=a,b", "data.label_cols for the task multilabel"),
        ("multilabel", "fit.loss=mae", "fit.loss for the task regression"),
        ("regression", "evaluate.metrics=accuracy", "some of: mae, rmse, spearman"),
        ("multilabel", "evaluate.baselines=majority", "some of: label_frequencies"),
    ],
)
def test_options_of_another_task_are_refused(task, override, message):
    with pytest.raises(UserError) as refused:
        config_from_dict(recipe(task), [override]).check("my.toml")
    assert message in refused.value.expected


def test_numbers_that_are_none_or_all_equal_are_refused():
    config = config_from_dict(recipe("regression"))
    with pytest.raises(UserError, match="are no numbers, such as 'x'"):
        fit_head(config, LabelledTexts(("a",), ("x",)))
    with pytest.raises(UserError, match="All numbers of the training part are 2"):
        fit_head(config, LabelledTexts(("a", "b"), ("2", "2.0")))


def test_ratings_need_the_order_of_words_and_complaints_name_the_thing():
    found = {name: make()["test"] for name, make in (("c", complaints), ("r", ratings))}
    assert found["c"].texts == found["r"].texts
    things = {"soup": "food", "waiter": "service", "bill": "price", "terrace": "place"}
    for text, labels in zip(found["c"].texts, found["c"].labels, strict=True):
        for clause in text.replace(" but ", " and ").split(" and "):
            _, thing, _, *opinion = clause.split()
            good = opinion[-1] in ("great", "lovely", "perfect", "good", "nice", "fine")
            if thing in things:
                assert (things[thing] in labels) == (good == ("not" in opinion))


@pytest.mark.parametrize("task", ["multilabel", "regression"])
def test_averaged_embeddings_and_words_answer_as_the_head_does(task):
    labels = ("1;2", "", "2", "1") if task == "multilabel" else ("1", "2", "3", "4")
    rows = LabelledTexts(("a b", "c", "b", "a"), labels, (1.0, 2.0, 1.0, 1.0))
    short = ["fit.steps_per_epoch=1", "fit.epochs=1"]
    config = config_from_dict(recipe(task), short)
    head, tokenizer = fit_head(config, rows), fit_tokenizer(rows.texts, Preparation())
    parts = TextParts("small", "text_classification", rows, rows, rows)
    names = config.evaluate.baselines
    found = text_classification.fit_baselines(parts, head, tokenizer, names=names, config=config)
    assert set(found) == set(names)
    for answer in found.values():
        assert answer(["a", "zz"]).shape == ((2, 2) if task == "multilabel" else (2,))
    assert text_classification.choose_thresholds(head, rows, found).size == head.size


RECIPE = """
family = "text_classification"
[data]
train = "{task}.csv"
task = "{task}"
weight_col = "weight"
[model]
cell = "gru"
units = [16]
embedding_size = 16
pooling = "max"
[fit]
epochs = 6
learning_rate = 0.02
[evaluate]
baselines = ["{baseline}"]
"""
# Averaged embeddings have tests of their own.
PLAIN = {"multilabel": "label_frequencies", "regression": "mean"}
# Labels that few texts suffice to learn: which of these words a text has.
WORDS = ("bill", "soup", "terrace", "not")


@pytest.fixture(scope="module", params=["multilabel", "regression"])
def run(request, tmp_path_factory):
    folder, task = tmp_path_factory.mktemp("heads"), request.param
    parts = ratings()
    for name, part, rows in ((task, parts["train"], 800), ("new", parts["test"], 60)):
        table = pd.DataFrame({"text": part.texts[:rows], "label": part.labels[:rows]})
        if task == "multilabel":
            found = ([word for word in WORDS if word in text.split()] for text in table["text"])
            table["label"] = [";".join(sorted(words)) for words in found]
        if name == task:
            table["weight"] = 1.5
        table.to_csv(folder / f"{name}.csv", index=False)
    (folder / "my.toml").write_text(RECIPE.format(task=task, baseline=PLAIN[task]))
    printed = krr("run", str(folder / "my.toml"), "--run-dir", str(folder / "run"))
    return task, folder, printed


@pytest.mark.slow
def test_a_run_beats_the_plainest_baseline_and_leaves_everything(run):
    task, folder, printed = run
    metrics = json.loads((folder / "run" / "metrics.json").read_text())
    deciding = "mae" if task == "regression" else "micro_f1"
    better = metrics["model"][deciding] - metrics["baselines"][PLAIN[task]][deciding]
    assert better > 0.05 if task == "multilabel" else better < -0.05
    assert "Weights: from 1.5 to 1.5, in the loss alone." in printed
    page = (folder / "run" / "report.html").read_text()
    assert ("Predicted and true numbers" if task == "regression" else "Scores by label") in page
    assert ("Thresholds with the highest micro F1" in printed) == (task == "multilabel")


@pytest.mark.slow
def test_new_texts_are_answered_judged_and_exported(run, tmp_path):
    task, folder, _ = run
    path, new = str(folder / "run"), str(folder / "new.csv")
    krr("predict", path, "--input", new, "--output", str(tmp_path / "out.csv"))
    table = pd.read_csv(tmp_path / "out.csv", keep_default_na=False)
    truth = pd.read_csv(new, keep_default_na=False)
    told = krr("evaluate", path, "--input", new)
    if task == "regression":
        error = np.abs(table["prediction"] - truth["label"]).mean()
        assert f"{error:.4g}" in told
    else:
        right = (table["labels"] == truth["label"]).mean()
        assert f"{right:.4g}" in told
    krr("export", path, "--to", str(tmp_path / "served"))
    texts = [*truth["text"][:5], *ODD_TEXTS[:2]]
    first, second = (
        SavedClassifier(one)(texts) for one in (folder / "run" / "saved_model", tmp_path / "served")
    )
    for name, values in first.items():
        if isinstance(values, list):
            assert values == second[name]
        else:
            np.testing.assert_allclose(values, second[name], atol=1e-5)
