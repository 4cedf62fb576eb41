"""Windows equal those cut one by one in plain Python, for every strategy; none crosses a series."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st
from profiles import draws

from keras_rnn_recipes.data.window_spec import WindowSpec
from keras_rnn_recipes.data.windows import (
    count_windows,
    window_dataset,
)
from keras_rnn_recipes.errors import UserError

STRATEGIES = ("direct", "recursive", "seq2seq")
NAN = float("nan")


def panel(*series: list[float]) -> pd.DataFrame:
    """Series a, b, ... with the values; the column ``row`` numbers the rows from 1."""
    parts = [
        pd.DataFrame({"unique_id": chr(97 + n), "ds": range(len(y)), "y": np.array(y, float)})
        for n, y in enumerate(series)
    ]
    frame = pd.concat(parts, ignore_index=True)
    return frame.assign(row=np.arange(1.0, len(frame) + 1), series=frame["unique_id"].map(ord))


def batches(frame: pd.DataFrame, spec: WindowSpec, **options) -> list[np.ndarray]:
    """All of a dataset's x, y and w, each joined over the batches."""
    dataset = window_dataset(frame, spec, **options)
    return [np.concatenate(parts) for parts in zip(*dataset.as_numpy_iterator(), strict=True)]


def by_hand(frame: pd.DataFrame, spec: WindowSpec, past_cols: tuple[str, ...], scaled: bool):
    """x, y and w by loops over series, windows, steps and targets: slow, and plain to see."""
    xs, ys, ws = [], [], []
    for _, series in frame.groupby("unique_id"):
        rows = series[["y", *past_cols]].to_numpy(float)
        needed = 1 if spec.strategy == "recursive" else spec.gap + spec.horizon
        span = spec.lookback + needed
        starts = list(range(0, len(rows) - span + 1, spec.stride))
        if len(rows) < span and len(rows) > needed:
            starts = [len(rows) - span]
        weight = 1 / scale_by_hand(series["y"].tolist()) if scaled else 1.0
        weight *= spec.lookback / (spec.lookback - spec.burn_in)

        def at(i, rows=rows):
            return rows[i] if i >= 0 else np.full(rows.shape[1], NAN)

        for start in starts:
            x = [at(start + k) for k in range(spec.lookback)]
            y, w = [], []
            for k in range(spec.lookback):
                seen = any(not np.isnan(value[0]) for value in x[: k + 1])
                ahead = 1 if spec.strategy == "recursive" else spec.horizon
                targets = [at(start + k + 1 + spec.gap + h)[0] for h in range(ahead)]
                y.append([0.0 if np.isnan(t) else t for t in targets])
                nothing = not seen or k < spec.burn_in
                w.append([0.0 if np.isnan(t) or nothing else weight for t in targets])
            if not any(not np.isnan(value[0]) for value in x):  # it has no weight
                x = [np.concatenate([[0.0], value[1:]]) for value in x]
            xs.append(x)
            ys.append(y)
            ws.append(w)
    xs, ys, ws = np.array(xs), np.array(ys), np.array(ws)
    if spec.strategy == "direct":
        return xs, ys[:, -1, :, None], ws[:, -1]
    if spec.strategy == "recursive":
        return xs, ys, ws[:, :, 0]
    return xs, ys[..., None], ws


def scale_by_hand(values: list[float]) -> float:
    changes = [abs(b - a) for a, b in zip(values, values[1:], strict=False)]
    changes = [c for c in changes if not np.isnan(c)]
    known = [abs(v) for v in values if not np.isnan(v)]
    for sizes in (changes, known):
        if sizes and sum(sizes) > 0:
            return sum(sizes) / len(sizes)
    return 1.0


VALUE = st.one_of(st.just(NAN), st.integers(-50, 50).map(float))
SERIES = st.lists(st.lists(VALUE, min_size=1, max_size=12), min_size=1, max_size=4)


@st.composite
def specs(draw) -> WindowSpec:
    strategy = draw(st.sampled_from(STRATEGIES))
    lookback = draw(st.integers(1, 5))
    return WindowSpec(
        lookback=lookback,
        horizon=draw(st.integers(1, 3)),
        stride=draw(st.integers(1, 3)),
        gap=0 if strategy == "recursive" else draw(st.integers(0, 2)),
        strategy=strategy,
        burn_in=0 if strategy == "direct" else draw(st.integers(0, lookback - 1)),
    )


@draws(80)
@given(SERIES, specs(), st.sampled_from(["none", "scale"]), st.integers(1, 5))
def test_windows_equal_those_cut_by_hand(series, spec, weights, batch_size):
    frame = panel(*series)
    if not count_windows(frame, spec):
        assert max(map(len, series)) <= spec.ahead
        with pytest.raises(UserError, match="No window fits"):
            window_dataset(frame, spec)
        return
    x, y, w = by_hand(frame, spec, ("row",), scaled=weights == "scale")
    assert count_windows(frame, spec) == len(x)
    got = batches(frame, spec, batch_size=batch_size, past_cols=("row",), weights=weights)
    for ours, expected in zip(got, (x, y, w), strict=True):
        assert ours.dtype == np.float32
        np.testing.assert_allclose(ours, expected, rtol=1e-6)


@draws(30)
@given(SERIES, specs(), st.integers(1, 5))
def test_future_and_static_covariates_belong_to_the_same_windows(series, spec, batch_size):
    """Rows number themselves: the future of a window are its own rows and those of its targets."""
    frame, spec = panel(*series), replace(spec, gap=0)
    if not count_windows(frame, spec):
        return
    options = {"batch_size": batch_size, "shuffle": True, "seed": 3}
    plain = [x for x, _, _ in window_dataset(frame, spec, past_cols=("row",), **options)]
    columns = {"future_cols": ("row",), "static_cols": ("series",)}
    beside = [
        x for x, _, _ in window_dataset(frame, spec, past_cols=("row",), **columns, **options)
    ]
    for history, x in zip(plain, beside, strict=True):
        np.testing.assert_array_equal(x["history"], history)
        rows = x["future"].numpy()[:, :, 0]
        assert rows.shape == (len(history), spec.span)
        np.testing.assert_array_equal(rows[:, : spec.lookback], history[:, :, 1])
        last = rows[:, -1:]
        counted = last - np.arange(spec.span)[::-1]
        np.testing.assert_array_equal(rows, np.where(np.isnan(rows), np.nan, counted))
        owner = frame["series"].to_numpy()[last[:, 0].astype(int) - 1]
        np.testing.assert_array_equal(x["static"].numpy()[:, 0], owner)
        known = rows[~np.isnan(rows)].astype(int) - 1
        owners = np.repeat(owner, (~np.isnan(rows)).sum(axis=1))
        np.testing.assert_array_equal(frame["series"].to_numpy()[known], owners)


def test_the_inputs_hold_only_the_covariates_that_there_are():
    frame, spec = panel([1, 2, 3, 4]), WindowSpec(lookback=2, horizon=1)
    names = [
        set(window_dataset(frame, spec, **{name: ("row",)}).element_spec[0])
        for name in ("future_cols", "static_cols")
    ]
    assert names == [{"history", "future"}, {"history", "static"}]
    with pytest.raises(UserError, match="together with a gap of 2"):
        gap = WindowSpec(lookback=1, horizon=1, gap=2)
        window_dataset(frame, gap, future_cols=("row",))
    with pytest.raises(UserError, match="no column 'rain'"):
        window_dataset(frame, spec, static_cols=("rain",))


def test_a_panel_cut_on_paper():
    frame = panel([1, 2, NAN, 4, 5], [10, 20])
    x, y, w = batches(frame, WindowSpec(lookback=2, horizon=1))
    np.testing.assert_array_equal(x[..., 0], [[1, 2], [2, NAN], [NAN, 4], [NAN, 10]])
    assert y[:, 0, 0].tolist() == [0, 4, 5, 20]
    assert w[:, 0].tolist() == [0, 1, 1, 1]


def test_scale_weights_are_one_over_the_mean_step_of_each_series():
    frame = panel([0, 2, 0, 2], [5, 5, 5], [0, 0, 0])
    w = batches(frame, WindowSpec(lookback=2, horizon=1), weights="scale")[2]
    np.testing.assert_allclose(w[:, 0], [1 / 2, 1 / 2, 1 / 5, 1])


@pytest.mark.parametrize("size", [1e-9, 1e12])
def test_scale_weights_put_series_of_any_size_on_one_footing(size):
    frame = panel([0, 3, 1, 2], [0, 3 * size, size, 2 * size])
    _, y, w = batches(frame, WindowSpec(lookback=3, horizon=1), weights="scale")
    assert w[1, 0] * y[1, 0, 0] == pytest.approx(w[0, 0] * y[0, 0, 0], rel=1e-6)


@draws(25)
@given(SERIES, specs())
def test_no_window_crosses_a_series(series, spec):
    frame = panel(*series)
    frame["y"] = frame["series"] * 1.0
    if not count_windows(frame, spec):
        return
    x, y, w = batches(frame, spec, past_cols=("series",), shuffle=True)
    for window, targets, weights in zip(x, y[..., 0], w, strict=True):
        names = np.unique(window[:, 1][~np.isnan(window[:, 1])])
        assert len(names) == 1
        assert set(targets[weights > 0]) <= set(names)


def test_balanced_windows_show_every_series_equally_often():
    """40 windows, 1 and 7: of 48 draws an epoch each series has 16, windows of it by lot."""
    frame = panel(range(42), range(3), range(9))
    frame["y"] = frame["row"] * 1.0
    spec = WindowSpec(lookback=2, horizon=1)
    options = {"batch_size": 48, "shuffle": True, "past_cols": ("series",)}
    seen = []
    for epoch in range(2):
        x, y, _ = batches(frame, spec, balanced=True, first_epoch=epoch, **options)
        names, counts = np.unique(x[:, -1, 1], return_counts=True)
        assert len(names) == 3 and set(counts) == {16}
        np.testing.assert_array_equal(y[:, 0, 0], x[:, -1, 0] + 1)  # whole windows of one series
        seen.append(y[x[:, -1, 1] == names[0], 0, 0])
    assert not np.array_equal(*seen)
    assert len(np.unique(np.concatenate(seen))) > 16
    again = batches(frame, spec, balanced=True, first_epoch=1, **options)[1]
    np.testing.assert_array_equal(again, y)


@draws(25)
@given(st.lists(VALUE, min_size=4, max_size=14), specs(), st.data())
def test_what_comes_after_a_cutoff_changes_nothing_before(values, spec, data):
    frame = panel(values)
    if not count_windows(frame, spec):
        return
    cutoff = data.draw(st.integers(1, len(values)))
    changed = frame.assign(y=frame["y"].where(frame["row"] <= cutoff, 12345.0))
    # The third column is the target as it is: a window without any target has zeros in the first.
    before, after = (
        batches(f.assign(copy=f["y"]), spec, past_cols=("row", "copy")) for f in (frame, changed)
    )
    empty = np.isnan(before[0][..., 2]).all(axis=1)
    assert not before[0][empty, :, 0].any() and not before[2][empty].any()
    known = ~(before[0][..., 1] > cutoff) & ~empty[:, None]
    np.testing.assert_array_equal(before[0][known], after[0][known])
    # Targets, too: numbered by their rows, they are the same up to the cutoff.
    rows = batches(frame.assign(y=frame["row"]), spec)[1]
    early = (rows > 0) & (rows <= cutoff)
    np.testing.assert_array_equal(before[1][early], after[1][early])


def order_of(frame, spec, epochs, batch_size=4, **options) -> list[list[float]]:
    """First input of every window, epoch by epoch."""
    options = {"shuffle": True, "repeat": True, "batch_size": batch_size} | options
    per_epoch = -(-count_windows(frame, spec) // batch_size)
    dataset = window_dataset(frame, spec, **options).take(per_epoch * epochs)
    firsts = [x[:, 0, 0] for x, _, _ in dataset.as_numpy_iterator()]
    return [
        np.concatenate(firsts[epoch * per_epoch : (epoch + 1) * per_epoch]).tolist()
        for epoch in range(epochs)
    ]


@draws(20)
@given(st.integers(3, 60), st.integers(1, 7), st.integers(0, 2**31 - 1))
def test_every_epoch_holds_every_window_once(length, batch_size, seed):
    frame, spec = panel(list(range(length))), WindowSpec(lookback=1, horizon=1)
    for epoch in order_of(frame, spec, 3, batch_size, seed=seed):
        assert sorted(epoch) == list(range(length - 1))


def test_the_order_depends_on_the_seed_and_the_epoch_and_nothing_else():
    frame, spec = panel(list(range(50)), list(range(100, 130))), WindowSpec(lookback=2, horizon=1)
    epochs = order_of(frame, spec, 4, seed=7)
    assert epochs == order_of(frame, spec, 4, seed=7)
    assert epochs[0] != epochs[1] != epochs[2]
    assert order_of(frame, spec, 1, seed=8)[0] != epochs[0]
    assert epochs[0] != sorted(epochs[0])


def test_first_epoch_equals_skipping_the_epochs_before():
    frame, spec = panel(list(range(30))), WindowSpec(lookback=2, horizon=1)
    epochs = order_of(frame, spec, 5, seed=3)
    assert order_of(frame, spec, 2, seed=3, first_epoch=3) == epochs[3:]
    once = window_dataset(frame, spec, batch_size=4, shuffle=True, seed=3, first_epoch=3)
    assert np.concatenate([x[:, 0, 0] for x, _, _ in once]).tolist() == epochs[3]


def test_one_epoch_knows_its_length_and_an_endless_one_says_so():
    frame, spec = panel(list(range(30))), WindowSpec(lookback=2, horizon=1)
    assert count_windows(frame, spec) == 28
    assert int(window_dataset(frame, spec, batch_size=5).cardinality()) == 6
    assert int(window_dataset(frame, spec, batch_size=5, drop_remainder=True).cardinality()) == 5
    assert int(window_dataset(frame, spec, repeat=True).cardinality()) == -1


def test_an_epoch_without_remainder_has_only_whole_batches():
    frame, spec = panel(list(range(12))), WindowSpec(lookback=2, horizon=1)
    options = {"batch_size": 4, "drop_remainder": True, "shuffle": True}
    dataset = window_dataset(frame, spec, **options)
    assert [x.shape for x, _, _ in dataset] == [(4, 2, 1)] * 2
    assert dataset.element_spec[0].shape == (4, 2, 1)


@pytest.mark.parametrize(
    ("strategy", "y", "w"),
    [
        ("direct", (None, 3, 1), (None, 3)),
        ("recursive", (None, 5, 1), (None, 5)),
        ("seq2seq", (None, 5, 3, 1), (None, 5, 3)),
    ],
)
def test_shapes_are_known_but_for_the_batch(strategy, y, w):
    spec = WindowSpec(lookback=5, horizon=3, strategy=strategy)
    dataset = window_dataset(panel(list(range(20))), spec, past_cols=("row",))
    shapes = [tuple(part.shape) for part in dataset.element_spec]
    assert shapes == [(None, 5, 2), y, w]


def test_a_series_too_short_for_a_window_gives_none():
    frame = panel([1, 2, 3, 4, 5], [1, 2], [1, 2, 3])
    spec = WindowSpec(lookback=3, horizon=2)
    assert count_windows(frame, spec) == 2


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"lookback": 0}, "lookback is 0"),
        ({"horizon": 1.5}, "horizon is 1.5"),
        ({"stride": True}, "stride is True"),
        ({"gap": -1}, "gap is -1"),
        ({"burn_in": -1}, "burn_in is -1"),
        ({"burn_in": 1}, "burn_in is 1, with a lookback of"),
        ({"strategy": "recurrent"}, "direct, seq2seq"),
        ({"strategy": "recursive", "gap": 1}, "gap of 1"),
    ],
)
def test_a_spec_that_cannot_be_cut_is_refused(wrong, said):
    with pytest.raises(UserError, match=said):
        WindowSpec(**({"lookback": 2, "horizon": 1} | wrong))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"past_cols": ("rain",)}, "no column 'rain'"),
        ({"weights": "level"}, "weights is 'level'"),
        ({"batch_size": 0}, "batch_size is 0"),
        ({"balanced": True}, "balanced was asked for without shuffle"),
        ({"batch_size": 100, "drop_remainder": True}, "fewer than one batch of 100"),
    ],
)
def test_options_that_cannot_be_met_are_refused(options, said):
    with pytest.raises(UserError, match=said):
        window_dataset(panel([1, 2, 3, 4]), WindowSpec(lookback=1, horizon=1), **options)


def test_rows_of_a_series_that_are_not_together_are_refused():
    frame = panel([1, 2, 3], [4, 5, 6]).iloc[[0, 3, 1, 4, 2, 5]]
    with pytest.raises(UserError, match="not contiguous"):
        window_dataset(frame, WindowSpec(lookback=1, horizon=1))


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_two_targets_are_the_windows_of_each_side_by_side(strategy):
    frame = panel([1, 2, NAN, 4, 5, 6, 7, 8], [11, NAN, 13, 14, 15, 16])
    frame["b"] = -10 * frame["row"]
    frame.loc[5, "b"] = NAN
    spec = WindowSpec(lookback=3, horizon=2, strategy=strategy)
    x, y, w = batches(frame, spec, target_cols=["y", "b"], past_cols=["row"])
    _, y_alone, w_alone = batches(frame, spec)
    _, b_alone, w_b = batches(frame.assign(y=frame["b"]), spec)
    assert x.shape[-1] == 3 and y.shape == (*y_alone.shape[:-1], 2)
    np.testing.assert_array_equal(x[..., 1], batches(frame, spec, past_cols=["b"])[0][..., 1])
    # A step counts where both targets are known; elsewhere both are 0.
    np.testing.assert_array_equal(w, np.minimum(w_alone, w_b))
    known = w > 0
    assert known.any() and not known.all()
    np.testing.assert_array_equal(y[known], np.concatenate([y_alone, b_alone], -1)[known])


def test_the_targets_may_be_other_columns_than_y():
    frame = panel([1, 2, 3, 4])[["unique_id", "ds", "row"]]
    x, y, _ = batches(frame, WindowSpec(lookback=2, horizon=1), target_cols=["row"])
    assert x[:, :, 0].tolist() == [[1, 2], [2, 3]] and y[:, 0, 0].tolist() == [3, 4]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"target_cols": ["y", "b"], "past_cols": ["b"]}, "the column 'b' twice"),
        ({"target_cols": "y"}, "have 'y'.*a list"),
        ({"target_cols": []}, "a list"),
        ({"target_cols": ["z"]}, "no column 'z'"),
        ({"target_cols": ["y", "row"], "weights": "scale"}, "different scales"),
        ({"weight_col": "z"}, "no column 'z'"),
        ({"weight_col": "bad"}, "series 'a' at 1 is -1"),
        ({"weight_col": "hole"}, "series 'a' at 2 is nan"),
    ],
)
def test_wrong_targets_and_weights_are_refused(options, said):
    frame = panel([1, 2, 3, 4]).assign(bad=[1, -1, 1, 1], hole=[1, 1, NAN, 1])
    with pytest.raises(UserError, match=said):
        window_dataset(frame, WindowSpec(lookback=2, horizon=1), **options)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_weight_of_a_row_multiplies_that_of_its_target(strategy):
    frame = panel([1, 2, NAN, 4, 5, 6, 7, 9], [3, 4])
    frame["weight"] = np.where(frame["y"].isna(), NAN, frame["row"] / 10)
    spec = WindowSpec(lookback=3, horizon=2, strategy=strategy)
    _, y, w = batches(frame, spec, weights="scale")
    _, rows, _ = batches(frame, spec, target_cols=["row"])
    _, same, weighted = batches(frame, spec, weights="scale", weight_col="weight")
    np.testing.assert_array_equal(same, y)
    np.testing.assert_allclose(weighted, w * rows[..., 0] / 10, rtol=1e-6)


@pytest.mark.parametrize(
    "given", [np.zeros((5, 2)), [1.0, 2.0], pd.Series([1.0, 2.0]), pd.DataFrame({"y": [1.0, 2.0]})]
)
def test_what_is_no_frame_of_series_is_refused(given):
    for function in (window_dataset, count_windows):
        with pytest.raises(UserError, match="unique_id, ds, y.*read_panel"):
            function(given, WindowSpec(lookback=1, horizon=1))
