"""Columns beside the target in every strategy: what they reach, when, and in which units."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from builders.cases import STRATEGIES, small, target_shape, with_holes
from profiles import slow_but

from keras_rnn_recipes.builders import forecaster_info, to_forecaster
from keras_rnn_recipes.layers import KnownColumns

HORIZON = 3
ALL = {
    "num_future": 3,
    "future_codes": (0, 4, 0),
    "num_static": 3,
    "static_codes": (3, 0, 5),
    "series_embedding": 2,
}
KINDS = {
    "everything": ALL,
    "future": {"num_future": 2},
    "static": {"num_static": 2, "static_codes": (0, 3)},
}
VARIANTS = [
    ("lstm", "direct", {}),
    ("gru", "direct", {"bidirectional": True}),
    ("gru", "seq2seq", {"lags": 3, "members": 2}),
    ("lstm", "recursive", {"lags": 4, "season_length": 4}),
    ("conv", "recursive", {"lags": (0, 5)}),
]
everything = pytest.mark.parametrize(
    ("preset", "strategy", "options"), VARIANTS, ids=lambda v: "-".join(v) or "plain"
)


def inputs(time=9, kinds=ALL, ahead=HORIZON, seed=0):
    """Histories with holes, and columns beside them: numbers, codes, some of them unknown."""
    rng = np.random.default_rng(seed)
    history = with_holes(time)

    def columns(shape, number, codes):
        sizes = codes or (0,) * number
        parts = [
            rng.integers(0, size, shape) if size else rng.normal(5, 2, shape) for size in sizes
        ]
        return np.stack(parts, axis=-1).astype("float32")

    given = {"history": history}
    if kinds.get("num_future"):
        shape = (4, time + ahead)
        given["future"] = columns(shape, kinds["num_future"], kinds.get("future_codes"))
    if kinds.get("num_static"):
        given["static"] = columns((4,), kinds["num_static"], kinds.get("static_codes"))
    return given


def run(model, given):
    return np.array(model({k: np.asarray(v) for k, v in given.items()}, training=False))


def growing_window(model, given, horizon):
    """The model run again on the whole history for each forecast added, told one row ahead."""
    grown, time = given["history"], given["history"].shape[1]
    for step in range(horizon):
        now = {**given, "history": grown}
        if "future" in given:
            now["future"] = given["future"][:, : time + step + 1]
        grown = np.concatenate([grown, run(model, now)[:, -1:]], axis=1)
    return grown[:, time:]


@pytest.mark.parametrize(
    ("preset", "kind", "time", "options"),
    [
        ("lstm", "everything", 9, {"lags": 4, "season_length": 4}),
        ("lstm", "future", 2, {"lags": 4}),
        ("gru", "static", 3, {}),
        ("simple_rnn", "everything", 5, {"residual": True, "members": 2}),
        ("conv", "everything", 4, {"lags": (0, 5)}),
        ("linear", "everything", 9, {}),
    ],
    ids=str,
)
def test_recursion_equals_the_growing_window(preset, kind, time, options):
    model = small(preset, "recursive", HORIZON, **KINDS[kind], **options)
    given = inputs(time, KINDS[kind])
    slow, fast = growing_window(model, given, HORIZON), run(to_forecaster(model), given)
    np.testing.assert_allclose(fast, slow, rtol=2e-4, atol=1e-5)
    assert np.nanmax(np.ptp(fast, axis=1)) > 0  # steps that differ: the comparison can fail


def variations(given, changes):
    """One history as often as there are changes, and once more: unchanged, then each changed."""
    many = {name: np.repeat(values[:1], len(changes) + 1, axis=0) for name, values in given.items()}
    for row, (name, place, value) in enumerate(changes, start=1):
        many[name][(row, *place)] = value
    return many


@everything
def test_each_column_reaches_the_forecast_and_only_as_far_as_it_is_known(preset, strategy, options):
    forecast = to_forecaster(small(preset, strategy, HORIZON, **ALL, **options))
    given = inputs(ahead=HORIZON + 2)
    given["static"][0], given["future"][0, :, 1] = (1, 5, 1), 1
    reach = [
        *(("static", (column,), 2) for column in range(3)),
        *(("future", (row, column), 2) for row in (8, 9, 11) for column in range(3)),
        ("future", (slice(12, None), 0), 99),  # beyond the horizon
    ]
    found = run(forecast, variations(given, reach))
    assert found.shape == (len(reach) + 1, HORIZON, 1) and np.isfinite(found).all()
    moved = np.abs(found[1:] - found[0]).max(axis=(1, 2))
    assert (moved[:-1] > 1e-6).all() and moved[-1] == 0
    if strategy == "recursive":  # row 11 is that of the last step
        last = found[[-3, -4, -2]]
        np.testing.assert_allclose(last[:, :2], np.repeat(found[:1, :2], 3, axis=0), rtol=1e-5)


@pytest.mark.parametrize("strategy", ["seq2seq", "recursive"])
def test_no_step_sees_what_is_known_further_ahead(strategy):
    model, given = small("lstm", strategy, HORIZON, **ALL), inputs()
    ahead = 1 if strategy == "recursive" else HORIZON
    rows = {step: (slice(step + ahead + 1, 12), 0) for step in (2, 5)}
    found = run(model, variations(given, [("future", place, 9) for place in rows.values()]))
    for number, step in enumerate(rows, start=1):
        seen = slice(0, step + 1)
        np.testing.assert_allclose(found[number, seen], found[0, seen], rtol=1e-5)
        assert np.abs(found[number, step + 1] - found[0, step + 1]).max() > 1e-6


@pytest.mark.parametrize(
    ("preset", "strategy"), [("gru", "direct"), ("conv", "seq2seq"), ("lstm", "recursive")]
)
def test_padding_on_the_left_never_changes_a_forecast(preset, strategy):
    forecast, given = to_forecaster(small(preset, strategy, HORIZON, **ALL)), inputs(8)
    padding = ((0, 0), (5, 0), (0, 0))
    padded = given | {
        name: np.pad(given[name], padding, constant_values=np.nan) for name in ("history", "future")
    }
    np.testing.assert_allclose(run(forecast, padded), run(forecast, given), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_every_weight_learns(strategy):
    model, given = small("lstm", strategy, HORIZON, **ALL), inputs()
    before = [np.array(weight) for weight in model.trainable_weights]
    model.compile(keras.optimizers.SGD(0.1), "mse", run_eagerly=True)
    targets = np.random.default_rng(1).uniform(size=target_shape(strategy, 4, 9, HORIZON))
    model.train_on_batch(given, targets)
    still = [
        weight.path
        for weight, old in zip(model.trainable_weights, before, strict=True)
        if np.abs(np.array(weight) - old).max() < 1e-8
    ]
    assert still == []


@pytest.mark.parametrize("strategy", ["direct", "seq2seq"])
def test_past_columns_may_be_codes(strategy):
    options = {"num_features": 4, "past_codes": (0, 3, 4)}
    forecast = to_forecaster(small("gru", strategy, HORIZON, **options))
    history = np.concatenate([with_holes(9), np.ones((4, 9, 3), "float32")], axis=2)
    # A code is a name: another number for the unknown one is unknown as well.
    codes = [("history", (slice(None), 2), code) for code in (0, np.nan, -1, 3, 99)]
    others = [("history", (8, column), 2) for column in (1, 2, 3)]
    many = variations({"history": history}, [*codes, *others])["history"]
    found = np.array(forecast(many))
    np.testing.assert_array_equal(found[1:6], found[[1] * 5])
    assert (np.abs(found[6:] - found[0]).max(axis=(1, 2)) > 1e-6).all()


def test_numbers_may_have_any_unit():
    """Statistics in the same unit as the numbers give the same channels."""
    layer = KnownColumns((0, 0), (0, 0))
    values = np.array([[4.0, 1.0], [np.nan, 3.0]])
    layer(values)
    for unit in (1.0, 1e-9, 1e12):
        layer.set_statistics([2 * unit, 1.0], [4 * unit, 0.5])
        channels = np.array(layer(values * [unit, 1]))
        np.testing.assert_allclose(channels, [[0.5, 0], [0, 4]], rtol=1e-5)


def test_a_series_never_seen_is_the_mean_of_those_seen():
    layer = KnownColumns((4,), (2,))
    vectors = np.array(layer(np.arange(4.0)[:, None]))
    np.testing.assert_allclose(vectors[0], vectors[1:].mean(axis=0), rtol=1e-5, atol=1e-7)


def test_what_is_unknown_learns_its_own_vector():
    """Code 0 is trained as any other: its offset is added to the mean of the known vectors."""
    layer = KnownColumns((4,), (2,))
    codes, wanted = np.array([[0.0], [1.0], [2.0], [3.0]]), np.float32([[5, -5]] * 4)
    layer(codes)
    offset, known = layer.unknown[0], layer.known[0]
    for _ in range(5):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum((layer(codes) - wanted) ** 2)
        variables = [weight.value for weight in layer.trainable_weights]
        for variable, slope in zip(variables, tape.gradient(loss, variables), strict=True):
            variable.assign_sub(0.1 * tf.convert_to_tensor(slope))
    assert np.abs(np.array(offset)).min() > 0.1  # it moved: with an offset of zero this would pass
    expected = np.array(offset)[0] + np.array(known).mean(axis=0)
    for code in (0, np.nan, -1, 4, 99):
        np.testing.assert_allclose(np.array(layer(np.array([[code]])))[0], expected, rtol=1e-6)
    for code in (1, 2, 3):
        found = np.array(layer(np.array([[float(code)]])))[0]
        np.testing.assert_array_equal(found, np.array(known)[code - 1])


@pytest.mark.parametrize("strategy", slow_but(["recursive"], STRATEGIES))
def test_a_saved_model_answers_as_before(strategy, tmp_path):
    model, given = small("gru", strategy, HORIZON, **ALL), inputs()
    model.get_layer("future_columns").set_statistics([4.0, 6.0], [1.5, 3.0])
    forecast = to_forecaster(model)
    forecast.save(tmp_path / "forecast.keras")
    again = keras.saving.load_model(tmp_path / "forecast.keras")
    np.testing.assert_array_equal(run(again, given), run(forecast, given))
    assert forecaster_info(forecast) == ("direct", HORIZON, 1, 1)
    assert to_forecaster(forecast) is forecast


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"num_future": 2, "future_codes": (3,)}, "future_codes must have one .* each of 2 future"),
        ({"num_features": 2, "past_codes": (3, 4)}, "past_codes must have one"),
        ({"num_static": 1, "static_codes": (-1,)}, "static_codes must have one"),
        ({"series_embedding": 4}, "needs the code of the series"),
        ({"num_static": 1, "series_embedding": 4}, "needs the code of the series"),
        ({"num_static": 1, "static_codes": (3,), "series_embedding": 0}, "at least 1"),
    ],
)
def test_what_does_not_go_together_is_refused(options, said):
    with pytest.raises(ValueError, match=said):
        small("gru", "direct", **options)


def test_without_such_columns_a_model_is_as_it_was():
    """The names of layers and weights, in order, that models saved by version 0.1 have."""
    model = small("lstm", "seq2seq", HORIZON, num_features=2, lags=3, season_length=4)
    assert [layer.name for layer in model.layers] == [
        "history",
        "fill_missing",
        "statistics",
        "lags",
        "seasonal_base",
        "normalise",
        "inputs",
        "align_start",
        "lstm_1",
        "align_end",
        "head",
        "forecast",
    ]
    assert [weight.path for weight in model.weights] == [
        "lstm_1/lstm_cell/kernel",
        "lstm_1/lstm_cell/recurrent_kernel",
        "lstm_1/lstm_cell/bias",
        "head/kernel",
        "head/bias",
    ]
    assert not isinstance(model.input, dict) and model.input.name == "history"
