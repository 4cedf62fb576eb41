"""All generators: shapes, seeds, finite values, and the mixture of all."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st
from profiles import draws

from keras_rnn_recipes.data.synthetic import GENERATORS, synthetic_series
from keras_rnn_recipes.data.synthetic.mixture import BLOCK

SEASONS = (1, 4, 7, 12, 24, 52, 168, 365)
NAMES = sorted(GENERATORS)


@pytest.mark.parametrize("name", NAMES)
@draws(50)
@given(
    num_series=st.integers(0, 5),
    length=st.integers(1, 500),
    seasons=st.one_of(
        st.sampled_from(SEASONS), st.lists(st.sampled_from(SEASONS), max_size=3).map(tuple)
    ),
    seed=st.integers(0, 2**32),
)
def test_series_are_finite_and_a_seed_gives_the_same(name, num_series, length, seasons, seed):
    draw = GENERATORS[name][0]
    series = draw(num_series, length, season_length=seasons, seed=seed)
    assert series.shape == (num_series, length) and series.dtype == np.float32
    assert np.isfinite(series).all()
    again = draw(num_series, length, season_length=seasons, seed=seed)
    np.testing.assert_array_equal(series, again)


@pytest.mark.parametrize("name", NAMES)
def test_long_series_stay_in_range_and_another_seed_gives_others(name):
    draw = GENERATORS[name][0]
    series = draw(100, 3000, season_length=(24, 168), seed=1)
    assert np.abs(series).max() < 1e6
    assert np.median(np.abs(series).mean(axis=1)) < 100
    assert (draw(100, 3000, season_length=(24, 168), seed=2) != series).mean() > 0.1


@pytest.mark.parametrize("name", NAMES)
def test_a_generator_continues_the_random_generator_that_it_is_given(name):
    draw = GENERATORS[name][0]
    random = np.random.default_rng(3)
    first, second = draw(4, 50, seed=random), draw(4, 50, seed=random)
    np.testing.assert_array_equal(first, draw(4, 50, seed=3))
    assert (first != second).any()


@pytest.mark.parametrize("name", [*NAMES, "all"])
@pytest.mark.parametrize(
    ("size", "season", "message"),
    [((-1, 5), 12, "num_series"), ((3, 0), 12, "length"), ((3, 5), (12, 0), "season_length")],
)
def test_impossible_sizes_are_refused(name, size, season, message):
    draw = synthetic_series if name == "all" else GENERATORS[name][0]
    with pytest.raises(ValueError, match=message):
        draw(*size, season_length=season)


def test_batches_of_any_size_give_the_same_series():
    whole = synthetic_series(BLOCK + 100, 20, seed=5)
    parts = [synthetic_series(400, 20, seed=5, first=first) for first in (0, 400, 800)]
    np.testing.assert_array_equal(np.concatenate(parts)[: len(whole)], whole)
    assert synthetic_series(0, 20).shape == (0, 20)


def test_no_two_series_of_two_blocks_and_seeds_are_equal():
    parts = [synthetic_series(BLOCK + 50, 30, seed=seed, gap_share=0) for seed in (0, 1)]
    series = np.concatenate(parts)
    # Rare counts may be zero throughout, and alike.
    plain = series[(series != 0).mean(axis=1) > 0.9]
    plain = plain / np.abs(plain).max(axis=1, keepdims=True)
    assert len(np.unique(plain, axis=0)) == len(plain) > BLOCK


def test_blocks_of_one_generator_differ():
    plain = {"mixed_share": 0.0, "gap_share": 0.0, "scale": (1.0, 1.0)}
    series = synthetic_series(2 * BLOCK, 10, generators=["structural"], **plain)
    assert len(np.unique(series, axis=0)) == 2 * BLOCK


def test_generators_are_chosen_by_name_and_weight():
    plain = {"mixed_share": 0.0, "gap_share": 0.0}
    counts = synthetic_series(200, 50, generators=["intermittent_counts"], **plain)
    assert (counts == np.round(counts)).all()
    half = synthetic_series(
        BLOCK, 50, generators={"intermittent_counts": 3, "structural": 1}, **plain
    )
    whole = (half == np.round(half)).all(axis=1)
    assert whole.mean() == pytest.approx(0.75, abs=0.05)


def test_options_reach_their_generator():
    options = {"exponential_smoothing": {"season_share": 0.0, "noise_scale": (1e-9, 1e-9)}}
    plain = {"mixed_share": 0.0, "gap_share": 0.0, "scale": (1.0, 1.0)}
    series = synthetic_series(
        50, 30, generators=["exponential_smoothing"], options=options, **plain
    )
    # Without noise a damped trend alone is left, whose steps keep their sign.
    steps = np.diff(series, axis=1)
    assert ((steps >= -1e-6).all(axis=1) | (steps <= 1e-6).all(axis=1)).all()
    with pytest.raises(ValueError, match="No generator seasonal_arima"):
        synthetic_series(1, 5, generators=["structural"], options={"seasonal_arima": {}})


@pytest.mark.parametrize(
    ("generators", "message"),
    [
        (["structual"], "did you mean structural"),
        (["x"], "the generators are structural, "),
        ({"structural": 0.0}, "nor all zero"),
        ({"structural": -1.0, "seasonal_arima": 2.0}, "negative"),
        ([], "nor all zero"),
    ],
)
def test_generators_that_are_none_are_refused(generators, message):
    with pytest.raises(ValueError, match=message):
        synthetic_series(1, 5, generators=generators)


def test_the_mixture_has_gaps_scales_and_mixed_series_in_their_shares():
    series = synthetic_series(BLOCK, 50, gap_share=0.2, scale=(100.0, 100.0), mixed_share=0.0)
    assert np.isnan(series).any(axis=1).mean() == pytest.approx(0.2, abs=0.05)
    assert (~np.isnan(series)).any(axis=1).all()
    assert 50 < np.nanmedian(series) < 150
    mixed = synthetic_series(BLOCK, 50, mixed_share=1.0, gap_share=0.0, scale=(7.0, 7.0))
    assert np.abs(mixed).mean(axis=1).max() < 7.01


def test_generating_imports_no_tensorflow_and_leaves_the_global_state(run_python):
    code = """
import sys, numpy as np
np.random.seed(1)
from keras_rnn_recipes.data.synthetic import synthetic_series
synthetic_series(3, 20)
drawn = np.random.random()
np.random.seed(1)
print(drawn == np.random.random(), {"tensorflow", "keras", "pandas"} & set(sys.modules))
"""
    assert run_python(code).stdout.split() == ["True", "set()"]
