"""Seasons, shifts, outliers, gaps, counts, noise and mixtures: what each promises."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special

from keras_rnn_recipes.data.synthetic import (
    StructuralOptions,
    intermittent_counts,
    mixup,
    structural,
    trend_season_noise,
    with_gaps,
    with_level_shifts,
    with_outliers,
)
from keras_rnn_recipes.data.synthetic.seasons import seasonal_component, seasonal_profiles

TINY = (1e-9, 1e-9)
# Everything that can be left out is.
BARE = {
    **{"multiplicative": 0.0, "level_scale": TINY, "trend_scale": TINY, "noise_scale": TINY},
    **{"drift_share": 0.0, "stationary_share": 0.0, "cycle_share": 0.0, "shift_share": 0.0},
    **{"season_share": 0.0, "outlier_share": 0.0, "heavy_noise_share": 0.0},
    "heavy_level_share": 0.0,
}


def only(length: int = 150, num_series: int = 1000, season_length=12, **options) -> np.ndarray:
    """Structural series with nothing but the components that the options ask for."""
    chosen = StructuralOptions(**{**BARE, **options})
    return structural(num_series, length, season_length=season_length, seed=1, options=chosen)


@pytest.mark.parametrize("period", [2, 4, 7, 12, 24, 52, 168, 365])
def test_profiles_have_mean_zero_and_unit_variance(period):
    profiles = seasonal_profiles(np.random.default_rng(period), period, 300)
    np.testing.assert_allclose(profiles.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(profiles.std(axis=0), 1, atol=1e-4)


@pytest.mark.parametrize("period", [4, 7, 12, 168])
def test_a_season_without_drift_repeats_exactly(period):
    one = np.ones(50, "float32")
    options = {"amplitude": 0.3 * one, "growth": one}
    length = 3 * period + 1
    season = seasonal_component(np.random.default_rng(1), length, period, drift=0 * one, **options)
    np.testing.assert_array_equal(season[period:], season[: length - period])
    moved = seasonal_component(np.random.default_rng(1), length, period, drift=0.3 * one, **options)
    assert (moved[period:] != moved[: length - period]).mean() > 0.99


def test_a_drifting_season_keeps_its_size_and_forgets_its_shape_at_the_pace_of_its_angle():
    one = np.ones(3000, "float32")
    random, drift = np.random.default_rng(1), 0.3
    options = {"amplitude": 0.1 * one, "growth": one, "drift": drift * one}
    season = seasonal_component(random, 12 * 21, 12, **options).reshape(21, 12, -1)
    np.testing.assert_allclose(season.std(axis=(1, 2)), 0.1, rtol=0.05)
    # The mean cosine of a normal angle of variance v is exp(-v / 2).
    for years in (5, 20):
        alike = np.mean(season[0] * season[years]) / 0.01
        assert alike == pytest.approx(np.exp(-(drift**2) * years / 2), abs=0.06)


@pytest.mark.parametrize("period", [2, 3, 4, 7])
def test_series_have_the_season_that_is_asked_for(period):
    series = only(season_length=period, season_share=1.0, season_drift_share=0.0)
    repeats = np.abs(series[:, period:] - series[:, :-period]).max(axis=1) < 1e-4
    assert 0.75 < repeats.mean() < 0.95  # the season grows in the others
    assert (series.std(axis=1) > 1e-3).all()


def test_a_season_grows_to_its_ratio():
    one = np.ones(200, "float32")
    season = seasonal_component(
        np.random.default_rng(1), 1201, 12, amplitude=0.1 * one, drift=0 * one, growth=3 * one
    )
    first, last = season[:12].std(axis=0), season[-12:].std(axis=0)
    np.testing.assert_allclose(last / first, 3, rtol=0.05)


def test_bare_structural_series_are_one():
    np.testing.assert_allclose(only(), 1, atol=1e-5)
    np.testing.assert_allclose(only(multiplicative=1.0), 1, atol=1e-5)


@pytest.mark.parametrize("heavy", [0.0, 1.0])
def test_structural_noise_has_its_scale(heavy):
    series = only(noise_scale=(0.1, 0.1), heavy_noise_share=heavy)
    assert series.std() == pytest.approx(0.1, rel=0.03)


def test_multiplicative_series_are_the_exponential_of_additive_ones():
    options = {"noise_scale": (0.1, 0.1), "season_share": 1.0, "level_scale": (0.05, 0.05)}
    added, multiplied = only(**options), only(multiplicative=1.0, **options)
    np.testing.assert_allclose(np.log(multiplied), added - 1, atol=1e-5)


def test_a_level_is_a_random_walk_with_its_innovations():
    steps = np.diff(only(level_scale=(0.02, 0.02)), axis=1)
    assert steps.std() == pytest.approx(0.02, rel=0.02)
    assert abs(np.mean(steps[:, 1:] * steps[:, :-1])) < 0.02 * 0.02**2


def test_a_stationary_level_has_the_variance_of_an_autoregression():
    series = only(stationary_share=1.0, level_scale=(0.02, 0.02), persistence=(0.8, 0.8))
    assert series[:, -1].std() == pytest.approx(0.02 / np.sqrt(1 - 0.64), rel=0.1)


def test_a_drift_is_a_straight_line():
    series = only(drift_share=1.0)
    np.testing.assert_allclose(np.diff(series, 2, axis=1), 0, atol=1e-5)
    assert np.diff(series, axis=1).std() == pytest.approx(0.006, rel=0.1)


@pytest.mark.parametrize(
    ("options", "share"),
    [
        ({"season_share": 0.8}, 0.8),
        ({"outlier_share": 0.3, "season_share": 0.0}, 0.3),
        ({"shift_share": 0.15}, 0.15),
        ({"cycle_share": 0.2}, 0.2),
    ],
)
def test_components_occur_in_their_share_of_the_series(options, share):
    series = only(length=400, **options)
    found = (np.abs(series - 1).max(axis=1) > 1e-4).mean()
    assert found == pytest.approx(share, abs=0.06)


def test_long_series_move_as_far_as_usual_ones():
    usual, long = only(length=150, drift_share=1.0), only(length=1560, drift_share=1.0)
    np.testing.assert_allclose(np.diff(long, 2, axis=1), 0, atol=1e-5)
    assert np.diff(long, axis=1).std() == pytest.approx(0.0006, rel=0.1)
    assert np.ptp(long, axis=1).mean() == pytest.approx(np.ptp(usual, axis=1).mean(), rel=0.2)
    walk = np.diff(only(length=624, level_scale=(0.02, 0.02)), axis=1)
    assert walk.std() == pytest.approx(0.01, rel=0.02)


def test_each_of_several_seasons_is_drawn_by_itself():
    series = only(length=7 * 48, season_length=(12, 7), season_share=0.5, season_drift_share=0.0)
    series = series - series.mean(axis=1, keepdims=True)
    spectrum = np.abs(np.fft.rfft(series, axis=1)) ** 2
    twelve = spectrum[:, 28::28].sum(axis=1) > 1e-3
    seven = spectrum[:, 48::48].sum(axis=1) > 1e-3
    assert {(bool(a), bool(b)) for a, b in zip(twelve, seven, strict=True)} >= {
        (True, True),
        (False, False),
    }


def test_level_shifts_last_and_are_few():
    shifted = with_level_shifts(np.full((200, 50), 10.0), seed=1)
    assert (np.count_nonzero(np.diff(shifted, axis=1), axis=1) <= 3).all()
    assert 1 < shifted.std() < 6
    one = with_level_shifts(np.ones((2000, 500)), seed=1)
    number = np.count_nonzero(np.diff(one, axis=1), axis=1)
    assert (number == 1).mean() == pytest.approx(1 / 3, abs=0.05)


def test_outliers_are_single_and_at_most_as_large_as_the_series():
    series = np.full((200, 1000), 10.0, "float32")
    series[0, 5] = np.nan
    changed = with_outliers(series, seed=1)
    hit = (changed != series) & ~np.isnan(series)
    assert 0.005 < hit.mean() < 0.05 and hit.any(axis=1).all()
    sizes = np.abs(changed - series)[hit]
    assert sizes.min() > 0.99 and sizes.max() < 10.1
    assert np.isnan(changed[0, 5]) and np.isnan(changed).sum() == 1


def test_gaps_have_their_share_and_leave_a_value():
    series = np.ones((3000, 60))
    gapped = with_gaps(series, share=0.4, seed=1)
    assert np.isnan(gapped).any(axis=1).mean() == pytest.approx(0.4, abs=0.06)
    assert (gapped[~np.isnan(gapped)] == 1).all() and not np.isnan(series).any()
    assert not np.isnan(with_gaps(series, share=0.0)).any()
    assert not np.isnan(with_gaps(np.ones((500, 1)), share=1.0)).any()
    for length in (2, 3):
        assert (~np.isnan(with_gaps(np.ones((500, length)), share=1.0))).any(axis=1).all()


def test_counts_are_whole_and_have_their_rate_and_size():
    steady = {"season_share": 0.0, "drift": TINY}
    counts = intermittent_counts(
        1000, 200, demand_share=(0.3, 0.3), mean_excess=(4.0, 4.0), **steady
    )
    assert (counts >= 0).all() and (counts == np.round(counts)).all()
    assert (counts > 0).mean() == pytest.approx(0.3, abs=0.01)
    assert counts[counts > 0].mean() == pytest.approx(5, rel=0.03)
    # Poisson in half of the series, geometric in the other: variances 4 and 4 + 16.
    assert counts[counts > 0].var() == pytest.approx(12, rel=0.1)
    restless = intermittent_counts(500, 400, seed=2)
    assert (restless >= 0).all() and (restless == np.round(restless)).all()


def test_trend_season_noise_is_trend_times_weibull_noise():
    shape = 5.0
    series = trend_season_noise(
        2000, 100, season_share=0.0, linear=0.0, exponential=0.0, noise_shape=(shape, shape)
    )
    mean = special.gamma(1 + 1 / shape)
    assert series.mean() == pytest.approx(1, rel=0.01)
    wanted = special.gamma(1 + 2 / shape) / mean**2 - 1
    assert series.var() == pytest.approx(wanted, rel=0.03)


def test_mixup_is_a_weighted_mean_of_few_series():
    units = np.eye(50) + 1e-9  # series i is seen at step i alone, its mean is 1/50
    weights = mixup(units, 4000, seed=1) / 50
    used = (weights > 1e-4).sum(axis=1)
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-4)
    assert set(used) == {1, 2, 3, 4}
    # Of two weights with a Dirichlet distribution of 1.5, one is beta(1.5, 1.5): variance 1/16.
    pairs = weights[used == 2].max(axis=1)
    assert np.mean((pairs - 0.5) ** 2) == pytest.approx(1 / 16, rel=0.1)
    with pytest.raises(ValueError, match="at least one series"):
        mixup(np.empty((0, 5)), 2)
