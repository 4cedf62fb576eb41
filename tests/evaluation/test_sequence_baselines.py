"""Dynamic time warping against all paths, summary statistics against the definitions."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from keras_rnn_recipes.evaluation.sequence_baselines import (
    fill_forward,
    fit_nearest_neighbor,
    fit_summary_statistics,
    resampled,
    summary_statistics,
    warped_distances,
)


def all_paths(steps, band):
    """Every warping path from the first pair of steps to the last one, by recursion."""

    def onwards(row, column):
        if abs(row - column) > band or max(row, column) >= steps:
            return
        if row == column == steps - 1:
            yield [(row, column)]
            return
        for down, right in ((1, 0), (0, 1), (1, 1)):
            for rest in onwards(row + down, column + right):
                yield [(row, column), *rest]

    return list(onwards(0, 0))


@pytest.mark.parametrize("band", [0, 1, 2, 4])
def test_the_warped_distance_is_the_least_of_all_paths(band):
    random = np.random.default_rng(band)
    query, examples = random.normal(size=(5, 2)), random.normal(size=(7, 5, 2))
    found = warped_distances(query, examples, band=band)
    for example, distance in zip(examples, found, strict=True):
        costs = ((query[:, None] - example[None]) ** 2).sum(axis=2)
        least = min(sum(costs[pair] for pair in path) for path in all_paths(5, band))
        assert distance == pytest.approx(least)


def test_statistics_are_those_of_numpy_on_the_filled_sequence():
    random = np.random.default_rng(0)
    one = random.normal(size=(9, 2))
    (row,) = summary_statistics([one])
    described = stats.describe(one, ddof=0)
    expected = [described.mean, np.sqrt(described.variance), *described.minmax, one[0], one[-1]]
    expected += [np.abs(one[1:] - one[:-1]).mean(axis=0), [np.log(9)]]
    np.testing.assert_allclose(row, np.concatenate(expected))


def test_missing_values_are_filled_from_before_then_from_after():
    nan = np.nan
    given = np.array([[nan, 1, nan], [2, nan, nan], [nan, 3, nan]])
    assert fill_forward(given).tolist() == [[2, 1, 0], [2, 1, 0], [2, 3, 0]]
    assert fill_forward(np.zeros((0, 2))).tolist() == [[0, 0]]


def test_resampling_keeps_the_ends_and_straight_lines():
    line = np.linspace(3, 7, 5)[:, None]
    np.testing.assert_allclose(resampled(line, 9).ravel(), np.linspace(3, 7, 9))
    assert resampled(line[:1], 4).ravel().tolist() == [3, 3, 3, 3]


def test_the_neighbor_finds_a_shape_at_another_speed_and_statistics_do_not_see_the_order():
    time = np.linspace(0, 1, 40)[:, None]
    wave = np.sin(2 * np.pi * time)
    values, labels = [wave, wave[::-1]] * 3, np.array([0, 1] * 3)
    slow_then_fast = np.sin(2 * np.pi * time**1.3)
    classify = fit_nearest_neighbor(values, labels, 3)
    answers = classify([slow_then_fast, slow_then_fast[::-1]])
    assert answers.argmax(axis=1).tolist() == [0, 1]
    np.testing.assert_allclose(answers.sum(axis=1), 1)
    assert answers[:, 2].tolist() == [0, 0] and classify([]).shape == (0, 3)
    levels = [np.full((5, 1), level) for level in (0.0, 0.2, 3.0, 3.2)]
    by_level = fit_summary_statistics(levels, np.array([0, 0, 2, 2]), 3)
    assert by_level([np.full((8, 1), 2.9)]).argmax(axis=1).tolist() == [2]
    assert by_level([levels[0]])[0, 1] == 0
