"""Figures of classifiers beside numbers worked out by hand and by counting."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given, strategies as st

from keras_rnn_recipes.evaluation.classification import (
    calibration_bins,
    calibration_error,
    class_scores,
    classification_scores,
    confusion,
    roc_points,
)
from keras_rnn_recipes.evaluation.classification_baselines import fit_majority, fit_tfidf

PAIRS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=30)


@given(PAIRS)
def test_class_scores_and_confusion_equal_counting(pairs):
    truth, answers = (list(column) for column in zip(*pairs, strict=True))
    counted = [[pairs.count((row, column)) for column in range(3)] for row in range(3)]
    assert confusion(truth, answers, 3) == counted
    scores = class_scores(truth, answers, "abc")
    for number, name in enumerate("abc"):
        right, of_class = counted[number][number], sum(counted[number])
        answered = sum(row[number] for row in counted)
        precision = right / answered if answered else 0
        recall = right / of_class if of_class else 0
        total = precision + recall
        expected = (precision, recall, 2 * precision * recall / total if total else 0, of_class)
        assert list(scores[name].values()) == pytest.approx(expected)


def test_figures_by_hand():
    truth = [0, 1, 1, 0]
    probabilities = np.array([[0.9, 0.1], [0.3, 0.7], [0.6, 0.4], [0.5, 0.5]])
    scores = classification_scores(truth, probabilities, bins=10)
    assert scores["accuracy"] == 0.75
    # Both positives stand above one negative; one of them below the other: 3 of 4 pairs.
    assert scores["roc_auc"] == 0.75
    assert scores["macro_f1"] == pytest.approx((0.8 + 2 / 3) / 2)
    expected = -(math.log(0.9) + math.log(0.7) + math.log(0.4) + math.log(0.5)) / 4
    assert scores["log_loss"] == pytest.approx(expected)
    # Bins of one answer each: |1 - .9|, |1 - .7|, |0 - .6|, |1 - .5|.
    assert scores["calibration_error"] == pytest.approx((0.1 + 0.3 + 0.6 + 0.5) / 4)
    assert json.loads(json.dumps(scores)) == scores


def test_answers_as_sure_as_they_are_right_have_no_calibration_error():
    probabilities = np.tile([0.8, 0.2], (10, 1))
    assert calibration_error([0] * 8 + [1] * 2, probabilities) == pytest.approx(0.0, abs=1e-12)
    assert calibration_error([1] * 10, probabilities) == pytest.approx(0.8)
    (only,) = calibration_bins([0] * 8 + [1] * 2, probabilities)
    assert only == pytest.approx({"confidence": 0.8, "accuracy": 0.8, "count": 10})


def test_three_classes_have_no_roc_and_one_class_no_area():
    assert "roc_auc" not in classification_scores([2], np.array([[0.2, 0.2, 0.6]]))
    assert math.isnan(classification_scores([1], np.array([[0.2, 0.8]]))["roc_auc"])


@given(st.lists(st.booleans(), min_size=2, max_size=300), st.integers(2, 20))
def test_a_roc_curve_rises_from_corner_to_corner(labels, points):
    truth = [0, 1, *map(int, labels)]
    probabilities = np.random.default_rng(len(labels)).random(len(truth)).round(2)
    curve = roc_points(truth, probabilities, points=points)
    for rates in curve.values():
        assert rates[0] == 0 and rates[-1] == 1 and rates == sorted(rates) and len(rates) <= points


@pytest.mark.parametrize(
    ("truth", "probabilities", "said"),
    [
        ([], np.zeros((0, 2)), "must be"),
        ([0, 1], [[0.5, 0.5]], "must be"),
        ([2], [[0.5, 0.5]], "below 2"),
        ([0], [[3.0, -1.0]], "were they logits"),
        ([0], [[np.nan, 1.0]], "were they logits"),
    ],
)
def test_what_cannot_be_scored_is_refused(truth, probabilities, said):
    with pytest.raises(ValueError, match=said):
        classification_scores(truth, np.array(probabilities))


def test_the_majority_is_right_as_often_as_it_is_one():
    labels = np.array([1] * 7 + [0] * 3)
    probabilities = fit_majority(labels, 2)(["x"] * 10)
    assert classification_scores(labels, probabilities)["accuracy"] == 0.7
    assert calibration_error(labels, probabilities) == pytest.approx(0.0, abs=1e-12)


def test_one_word_at_a_time_shows_no_order_and_two_do():
    texts, labels = ["x a b x", "x b a x"] * 10, [0, 1] * 10
    alone, neighbours = (fit_tfidf(texts, labels, 2, longest=n)(texts[:2]) for n in (1, 2))
    np.testing.assert_allclose(alone, 0.5, atol=1e-6)
    assert neighbours.argmax(axis=1).tolist() == [0, 1]


def test_a_class_that_training_never_shows_has_no_probability():
    classify = fit_tfidf(["i a", "o b", "i a", "o b"], [0, 2, 0, 2], 3)
    probabilities = classify(["a", "b", ""])
    assert probabilities.argmax(axis=1).tolist()[:2] == [0, 2]
    assert probabilities[:, 1].tolist() == [0, 0, 0] and classify([]).shape == (0, 3)


def test_the_calibration_error_has_fifteen_bins_by_default():
    confidence = np.random.default_rng(0).uniform(0.5, 1, 200)
    truth = np.random.default_rng(1).integers(0, 2, 200)
    probabilities = np.stack([confidence, 1 - confidence], axis=1)
    edges, expected = np.linspace(0, 1, 16), 0.0
    for low, high in zip(edges[:-1], edges[1:], strict=True):
        inside = (low < confidence) & (confidence <= high)
        if inside.any():
            gap = (truth[inside] == 0).mean() - confidence[inside].mean()
            expected += inside.mean() * abs(gap)
    assert calibration_error(truth, probabilities) == pytest.approx(expected)
    scores = classification_scores(truth, probabilities)
    assert scores["calibration_error"] == pytest.approx(expected)


def test_a_long_roc_curve_has_two_hundred_points():
    truth = np.tile([0, 1], 400)  # every step of the curve turns: no point may be dropped
    curve = roc_points(truth, np.linspace(0, 1, 800))
    assert len(curve["true_positive_rate"]) == len(curve["false_positive_rate"]) == 200


def test_classes_without_an_example_count_as_classes():
    assert fit_majority([0, 0, 1], 4)(["a"]).tolist() == [[2 / 3, 1 / 3, 0, 0]]


def test_a_stronger_penalty_gives_less_certain_answers():
    texts, labels = ["so good", "very good", "so bad", "very bad"], [1, 1, 0, 0]
    chances = [
        fit_tfidf(texts, labels, 2, inverse_penalty=penalty)(["good"])[0, 1]
        for penalty in (0.01, 1.0, 100.0)
    ]
    assert 0.5 < chances[0] < chances[1] < chances[2]


def test_tfidf_reads_letters_of_scripts_without_spaces():
    texts = ["今天很好吃", "我觉得好吃", "今天很难吃", "他说太难吃"] * 5
    classify = fit_tfidf(texts, [1, 1, 0, 0] * 5, 2)
    assert classify(["真的好吃", "真的难吃"]).argmax(axis=1).tolist() == [1, 0]
