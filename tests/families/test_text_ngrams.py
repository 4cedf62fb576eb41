"""The linear classifier of n-grams, and its mixture with a network."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from keras_rnn_recipes.builders import text_classifier
from keras_rnn_recipes.families import text_classification
from keras_rnn_recipes.families.text_classification import ngrams
from keras_rnn_recipes.reporting.format import verdict
from keras_rnn_recipes.serving.export_text import ODD_TEXTS, export_text_model
from keras_rnn_recipes.serving.saved_text import SavedClassifier
from keras_rnn_recipes.text.catalogue import TextParts
from keras_rnn_recipes.text.preparation import Preparation
from keras_rnn_recipes.text.reading import LabelledTexts
from keras_rnn_recipes.text.tokenizer import fit_tokenizer

RANDOM = np.random.default_rng(3)


def draw(number, classes):
    """Texts in which a word of each class is frequent, and their classes."""
    labels = np.arange(number) % classes
    texts = [
        np.append(RANDOM.integers(10, 30, RANDOM.integers(2, 9)), 2 + RANDOM.choice([k, 6]))
        for k in labels
    ]
    return [RANDOM.permutation(text).astype("int32") for text in texts], labels


def n_grams(text, longest):
    sizes = range(1, longest + 1)
    return {tuple(text[k : k + size]) for size in sizes for k in range(len(text) - size + 1)}


def by_hand(train, labels, texts, classes, longest, inverse_penalty):
    """Logits by a matrix with a column for each n-gram, and scikit-learn."""
    from sklearn.linear_model import LogisticRegression

    columns = {
        one: k for k, one in enumerate(sorted(set().union(*(n_grams(t, longest) for t in train))))
    }

    def counts(rows):
        found = np.zeros((len(rows), len(columns)))
        for number, row in enumerate(rows):
            for one in n_grams(row, longest) & columns.keys():
                found[number, columns[one]] = 1
        return found

    logits = np.zeros((len(texts), classes))
    for k in range(1 if classes == 2 else 0, classes):
        inside, outside = (
            1 + counts(train)[labels == k].sum(0),
            1 + counts(train)[labels != k].sum(0),
        )
        ratio = np.log(inside / inside.sum() / (outside / outside.sum()))
        model = LogisticRegression(C=inverse_penalty, solver="liblinear")
        model.fit(counts(train) * ratio, labels == k)
        logits[:, k] = model.decision_function(counts(texts) * ratio)
    return logits


@pytest.mark.parametrize("classes, longest", [(2, 1), (2, 3), (4, 2)])
def test_the_logits_are_those_of_scikit_learn_on_counted_n_grams(monkeypatch, classes, longest):
    monkeypatch.setattr(ngrams, "_PENALTIES", (0.5,))
    (train, labels), (valid, watched) = draw(80, classes), draw(30, classes)
    model = ngrams.fit_ngrams(train, labels, valid, watched, num_classes=classes, longest=longest)
    expected = by_hand(train, labels, valid, classes, longest, 0.5)
    found = np.concatenate([np.asarray(model(text[None])) for text in valid])
    # A few of the n-grams share one of the 131,072 rows by chance.
    np.testing.assert_allclose(found, expected, atol=0.1)
    assert np.median(np.abs(found - expected)) < 1e-3


def test_the_penalty_with_the_lowest_loss_on_the_validation_part_is_kept(monkeypatch):
    (train, labels), (valid, watched) = draw(60, 2), draw(40, 2)

    def loss(penalties):
        monkeypatch.setattr(ngrams, "_PENALTIES", penalties)
        model = ngrams.fit_ngrams(train, labels, valid, watched, num_classes=2)
        return log_loss(model, valid, watched)

    alone = [loss((penalty,)) for penalty in (1e-4, 1.0, 1e4)]
    assert loss((1e-4, 1.0, 1e4)) == pytest.approx(min(alone))


def test_a_class_without_a_training_text_is_never_the_answer():
    (train, labels), (valid, watched) = draw(40, 2), draw(10, 2)
    model = ngrams.fit_ngrams(train, labels, valid, watched, num_classes=3)
    assert set(answers(model, valid)) <= {0, 1}


def test_a_mixture_has_at_most_the_loss_of_its_parts():
    (train, labels), (valid, watched) = draw(80, 3), draw(60, 3)
    keras.utils.set_random_seed(0)
    network = text_classifier(40, 3, units=4)
    linear = ngrams.fit_ngrams(train, labels, valid, watched, num_classes=3)
    model, told = ngrams.mixed(network, linear, valid, watched)
    losses = [log_loss(one, valid, watched) for one in (network, linear, model)]
    assert losses[2] <= min(losses[:2]) + 1e-6
    share = model.get_layer("logits").share
    assert f"weight of {share:.0%}" in told
    by_share = [mixture_loss(network, linear, valid, watched, other / 20) for other in range(21)]
    assert share == pytest.approx(np.argmin(by_share) / 20)


def mixture_loss(network, linear, texts, labels, share):
    """From probabilities: a weighted geometric mean, normalized."""
    first, second = (
        np.array([probabilities(one, text) for text in texts]) for one in (network, linear)
    )
    both = first ** (1 - share) * second**share
    both /= both.sum(axis=1, keepdims=True)
    return -np.log(both[np.arange(len(labels)), labels]).mean()


def probabilities(model, text):
    logits = np.asarray(model(text[None]), "float64")[0]
    return np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()


def log_loss(model, texts, labels):
    return -np.mean(
        [np.log(probabilities(model, t)[k]) for t, k in zip(texts, labels, strict=True)]
    )


def answers(model, texts):
    return [int(probabilities(model, text).argmax()) for text in texts]


def mixture() -> tuple[text_classification.Pipeline, dict]:
    texts = ("so good it is", "so bad", "good", "very bad", "日本 is far", "far it is") * 3
    rows = LabelledTexts(texts, ("good", "bad", "good", "bad", "far", "far") * 3)
    parts = TextParts("small", "text_classification", rows, rows, rows)
    tokenizer, classes = fit_tokenizer(texts, Preparation()), ("bad", "far", "good")
    keras.utils.set_random_seed(1)
    network = text_classifier(len(tokenizer.vocabulary), 3, units=5, bidirectional=True)
    model, alone = text_classification.add_ngrams(network, tokenizer, parts, classes, longest=2)
    return text_classification.Pipeline(tokenizer, model, classes), alone


def test_company_and_padding_change_no_answer_of_a_mixture(capsys):
    classifier, alone = mixture()
    assert "n-grams have a weight" in capsys.readouterr().out
    assert set(alone) == {"network_alone", "ngrams_alone"}
    texts = ["so good", "", "so bad it is far far far", *ODD_TEXTS]
    together = classifier(texts)
    for number, text in enumerate(texts):
        np.testing.assert_allclose(classifier([text])[0], together[number], atol=1e-5)


@pytest.mark.slow
def test_a_served_mixture_takes_raw_strings(tmp_path):
    # Written, loaded in a process where the package cannot be imported, compared, renamed.
    classifier, _ = mixture()
    path = export_text_model(classifier, tmp_path / "saved_model", samples=["so good"])
    texts = ["so good", "very bad", *ODD_TEXTS]
    found = SavedClassifier(path)(texts)
    np.testing.assert_allclose(found["probabilities"], classifier(texts), atol=1e-5)
    classifier.model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    tokens = np.array([[5, 6, 0], [7, 8, 9]], "int32")
    np.testing.assert_allclose(np.asarray(again(tokens)), np.asarray(classifier.model(tokens)))


def test_without_n_grams_the_network_stays_as_it_is():
    network = object()
    assert text_classification.add_ngrams(network, None, None, (), longest=0) == (network, {})


def test_the_network_of_a_mixture_is_no_baseline_and_the_n_grams_are_one():
    scores = {"network_alone": {"accuracy": 0.9}, "ngrams_alone": {"accuracy": 0.7}}
    record = {"model": {"accuracy": 0.8}, "baselines": scores}
    kind, told = verdict("lstm_ngrams", record, "accuracy")
    assert kind == "better" and "n-grams alone" in told
