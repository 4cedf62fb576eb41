"""Window statistics equal NumPy's on the observed values of each window, one window at a time."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, strategies as st
from layers.arrays import call, histories, series
from profiles import draws

from keras_rnn_recipes.builders import lstm, to_forecaster
from keras_rnn_recipes.layers import FillMissing, ForecastOutput, Normalise, WindowStatistics
from keras_rnn_recipes.layers.scaling import SCALINGS, TRANSFORMS

TRANSFORM_OF: dict[str, Callable] = {
    "none": lambda x: x,
    "asinh": np.arcsinh,
    "log": lambda x: np.log(np.maximum(x, 1e-3)),
}
COMBINATIONS = [
    (s, t) for s in SCALINGS for t in TRANSFORMS if s not in ("none", "change") or t == "none"
]


def statistics_of(window, last, scaling, transform):
    """Magnitude, center and scale of one window of one series, NaN = missing, by NumPy.

    ``last`` is the filled value at the end of the window, which stands in where nothing was
    observed.
    """
    if scaling == "none":
        return 1.0, 0.0, 1.0
    if scaling == "change":
        changes = [abs(b - a) for a, b in zip(window, window[1:], strict=False)]
        changes = [change for change in changes if not np.isnan(change)]
        change = float(np.mean(changes)) if changes else 0.0
        return change or 1.0, last / (change or 1.0), float(change > 0)
    if np.isnan(window).all():
        window = np.array([last])
    magnitude = np.nanmean(np.abs(window)) or 1.0
    known = TRANSFORM_OF[transform](window[~np.isnan(window)] / magnitude)
    if scaling == "last":
        return magnitude, TRANSFORM_OF[transform](last / magnitude), 1.0
    if scaling == "mean":
        return magnitude, np.mean(known), 1.0
    center, scale = np.mean(known), np.std(known)
    if scaling == "robust":
        low, high = np.percentile(known, [25, 75])
        center, quartiles = np.median(known), (high - low) / 1.349
        scale = quartiles if quartiles > 1e-6 else scale
    return magnitude, center, scale if scale > 1e-6 else 0.0


def brute_force(history, filled, scaling, transform, window):
    batch, time, features = history.shape
    whole = window is None or scaling == "none"
    out = np.empty((3, batch, 1 if whole else time, features))
    for b, step, f in np.ndindex(out.shape[1:]):
        end = time if whole else step + 1
        start = 0 if whole else max(end - window, 0)
        cut = history[b, start:end, f].astype(float)
        out[:, b, step, f] = statistics_of(cut, float(filled[b, end - 1, f]), scaling, transform)
    return out


@pytest.mark.parametrize(("scaling", "transform"), COMBINATIONS)
@pytest.mark.parametrize("window", [None, 1, 4])
@draws(6)
@given(history=histories())
def test_equal_numpy_on_the_observed_values_of_each_window(scaling, transform, window, history):
    filled, observed = call(FillMissing(), history)
    layer = WindowStatistics(scaling, transform, window)
    found = call(layer, filled, observed)
    expected = brute_force(history, filled, scaling, transform, window)
    for name, one, other in zip(("magnitude", "center", "scale"), found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-5, atol=2e-5, err_msg=name)
    last = call(layer, filled, observed, last_only=True)
    for one, other in zip(last, found, strict=True):
        np.testing.assert_allclose(one, other[:, -1:], rtol=1e-6)


def test_by_hand():
    """1, 2, 6 and 7 in units of their mean, 4: mean 1, deviations -3, -2, 2, 3 over 4."""
    values = series(1, 2, 6, 7)
    magnitude, center, scale = call(WindowStatistics("standard"), values, np.ones_like(values))
    assert magnitude.item() == 4.0
    assert center.item() == 1.0
    assert scale.item() == pytest.approx(np.sqrt(26 / 4) / 4)


def test_a_gap_longer_than_the_window_keeps_the_units_of_the_series():
    values, observed = series(*[5e9] * 12), np.ones((1, 12, 1))
    observed[:, 2:] = 0
    magnitude, center, scale = call(WindowStatistics("standard", window=4), values, observed)
    np.testing.assert_allclose(magnitude, 5e9)
    np.testing.assert_allclose(center, 1.0)
    np.testing.assert_array_equal(scale, 0.0)


@pytest.mark.parametrize("scaling", SCALINGS[1:])
@pytest.mark.parametrize("value", [0.0, 1e-9, 0.1, -3e12])
def test_a_constant_window_is_not_divided_by_its_spread(scaling, value):
    values = series(*[value] * 9)
    statistics = call(WindowStatistics(scaling, window=5), values, np.ones_like(values))
    assert np.isfinite(statistics).all()
    np.testing.assert_array_equal(
        statistics[2], 0.0 if scaling in ("standard", "robust", "change") else 1.0
    )
    scaled = call(Normalise(), values[:, :, None], *statistics)
    np.testing.assert_allclose(scaled, 0.0, atol=1e-6)


@pytest.mark.parametrize("strategy", ["direct", "seq2seq", "recursive"])
def test_a_constant_series_is_forecast_to_stay_whatever_the_weights(strategy):
    forecaster = to_forecaster(lstm(strategy, horizon=3))
    forecast = forecaster(np.full((1, 9, 1), 5.0, "float32"))
    np.testing.assert_allclose(forecast, 5.0, rtol=1e-6)


@pytest.mark.parametrize(("scaling", "transform"), COMBINATIONS)
@pytest.mark.parametrize("window", [None, 5])
@draws(6)
@given(exponent=st.floats(-9, 12), seed=st.integers(0, 9))
def test_what_is_normalised_comes_back_in_its_own_units(scaling, transform, window, exponent, seed):
    values = np.random.default_rng(seed).uniform(0.2, 2, (2, 7, 2)) * 10**exponent
    statistics = call(WindowStatistics(scaling, transform, window), values, np.ones_like(values))
    scaled = call(Normalise(transform), values[:, :, None], *statistics)
    back = call(ForecastOutput("seq2seq", 1, 2, transform), scaled, *statistics)
    assert back.shape == (2, 7, 1, 2)
    np.testing.assert_allclose(back[:, :, 0], values, rtol=5e-5)
    if scaling != "none":
        assert np.abs(scaled).max() < 1e3


@pytest.mark.parametrize(("scaling", "transform"), COMBINATIONS[1:])
def test_normalised_values_do_not_depend_on_the_units(scaling, transform):
    values = np.random.default_rng(0).uniform(0.2, 2, (1, 9, 1))
    found = []
    for unit in (1.0, 1e-9, 1e12):
        statistics = call(
            WindowStatistics(scaling, transform, 4), unit * values, np.ones_like(values)
        )
        found.append(call(Normalise(transform), unit * values[:, :, None], *statistics))
    np.testing.assert_allclose(found[1], found[0], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(found[2], found[0], rtol=1e-4, atol=1e-5)


def test_normalise_lists_all_lags_of_a_step_in_one_row():
    """Feature by feature within each lag; x over magnitude 2, less center 1, over scale 4."""
    values = np.arange(8.0).reshape(1, 1, 4, 2)
    ones = np.ones((1, 1, 2))
    row = call(Normalise(), values, 2 * ones, ones, 4 * ones)
    np.testing.assert_allclose(row, ((np.arange(8.0) / 2 - 1) / 4).reshape(1, 1, 8))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"scaling": "minmax"}, r"scaling must be one of .*'change'\); received 'minmax'\."),
        ({"transform": "sqrt"}, r"transform must be one of .*'asinh'\); received 'sqrt'\."),
        ({"window": 0}, r"The scaling window must be at least 1 step; received 0\."),
        (
            {"scaling": "none", "transform": "log"},
            r"transform='log' needs values relative to their window; "
            r"choose a scaling other than 'none'\.",
        ),
        (
            {"scaling": "change", "transform": "log"},
            r"transform='log' does not go with scaling='change', which knows no level",
        ),
    ],
)
def test_what_does_not_exist_or_go_together_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        WindowStatistics(**arguments)
