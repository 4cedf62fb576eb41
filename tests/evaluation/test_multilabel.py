"""Metrics of several labels and of numbers against hand-worked figures, brute force and scipy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from keras_rnn_recipes.evaluation.multilabel import (
    best_threshold,
    label_calibration,
    label_set_scores,
)
from keras_rnn_recipes.evaluation.regression import number_scores
from keras_rnn_recipes.evaluation.text_baselines import (
    fit_label_frequencies,
    fit_mean,
    fit_tfidf_labels,
    fit_tfidf_ridge,
)

TEXTS = ["so late", "very late", "so rude", "very rude", "fine"]
TRUTH = np.array([[1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 1, 0], [0, 0, 0]])


def test_scores_are_those_of_counting_by_hand():
    # Predicted: {a}, {a, b}, {}; true: {a}, {a}, {b}. Pairs: 2 right of 3 predicted and 3 true.
    truth = np.array([[1, 0, 0], [1, 0, 0], [0, 1, 0]])
    found = np.array([[0.9, 0.2, 0.1], [0.5, 0.6, 0.0], [0.4, 0.1, 0.0]])
    scores = label_set_scores(truth, found)
    assert scores["micro_f1"] == pytest.approx(2 * 2 / (3 + 3))
    assert scores["macro_f1"] == pytest.approx((1.0 + 0.0) / 2)  # c never occurs
    assert scores["subset_accuracy"] == pytest.approx(1 / 3)
    right = np.where(truth, found, 1 - found)
    assert scores["log_loss"] == pytest.approx(-np.log(np.clip(right, 1e-7, 1)).mean(), rel=1e-5)


def test_no_threshold_has_a_higher_micro_f1_than_the_chosen_one():
    random = np.random.default_rng(0)
    for _ in range(50):
        truth = random.integers(0, 2, (6, 3))
        found = random.integers(0, 8, (6, 3)) / 8  # with ties
        if not truth.any():
            continue
        chosen = label_set_scores(truth, found, threshold=best_threshold(truth, found))
        every = [label_set_scores(truth, found, threshold=t / 16) for t in range(-1, 17)]
        assert chosen["micro_f1"] == pytest.approx(max(one["micro_f1"] for one in every))
    assert best_threshold(np.zeros((2, 2)), np.full((2, 2), 0.3)) == 0.5


def test_a_calibrated_forecast_lies_on_the_diagonal():
    found = np.repeat([0.2, 0.8], 100).reshape(-1, 2)
    truth = (np.arange(200) % 10 < 10 * found.ravel()).reshape(-1, 2)
    for row in label_calibration(truth, found):
        assert row["accuracy"] == pytest.approx(row["confidence"], abs=0.01)


def test_errors_of_numbers_and_their_rank_correlation():
    random = np.random.default_rng(1)
    truth, found = random.normal(3, 1, 50), random.normal(3, 1, 50)
    scores = number_scores(truth, found)
    assert scores["mae"] == pytest.approx(np.mean(np.abs(truth - found)))
    assert scores["rmse"] == pytest.approx(np.linalg.norm(truth - found) / np.sqrt(50))
    ranks = [stats.rankdata(values) for values in (truth, found)]
    assert scores["spearman"] == pytest.approx(np.corrcoef(ranks)[0, 1])
    assert "spearman" not in number_scores(truth, np.full(50, 3.0))


@pytest.mark.parametrize("shape", [(0, 2), (3,), (2, 3)])
def test_shapes_that_do_not_match_are_refused(shape):
    with pytest.raises(ValueError, match="must both be"):
        label_set_scores(np.zeros((2, 2)) if shape == (2, 3) else np.zeros(shape), np.zeros(shape))
    with pytest.raises(ValueError, match="must both be"):
        number_scores(np.zeros(3), np.zeros(4))


def test_baselines_learn_what_words_tell_and_weights_count():
    assert fit_label_frequencies(TRUTH)(["x"]).tolist() == [[0.4, 0.4, 0.0]]
    weights = np.array([0.0, 0, 1, 1, 0])
    assert fit_label_frequencies(TRUTH, weights=weights)(["x"]).tolist() == [[0.0, 1.0, 0.0]]
    found = fit_tfidf_labels(TEXTS, TRUTH)(["late", "rude", ""])
    assert found.shape == (3, 3) and not found[:, 2].any()
    assert found[:2, :2].argmax(axis=1).tolist() == [0, 1]
    numbers = np.array([1.0, 1.0, 2.0, 2.0, 5.0])
    assert fit_mean(numbers)(["x"]).tolist() == [pytest.approx(2.2)]
    assert fit_mean(numbers, weights=weights)(["x"]).tolist() == [2.0]
    late, fine = fit_tfidf_ridge(TEXTS, numbers)(["late", "fine"])
    assert late < fine
    empty = (fit_tfidf_labels(TEXTS, TRUTH), fit_tfidf_ridge(TEXTS, numbers))
    assert [len(answer([])) for answer in empty] == [0, 0]
