"""Rows of running text: each continues where it ended; each token is predicted once an epoch."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st
from profiles import draws

from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.text.contiguous import contiguous_batches, count_windows_of_text


@draws(25)
@given(
    length=st.integers(2, 60),
    rows=st.integers(1, 5),
    window=st.integers(1, 9),
    shuffle=st.booleans(),
    epoch=st.integers(0, 3),
)
def test_each_row_is_a_stretch_and_together_they_are_the_text(length, rows, window, shuffle, epoch):
    length = max(length, 2 * rows)
    ids = np.arange(1, length + 1)
    batches = list(
        contiguous_batches(
            ids, batch_size=rows, window=window, shuffle=shuffle, seed=3, first_epoch=epoch
        )
    )
    assert len(batches) == count_windows_of_text(length, rows, window)
    given_ = np.concatenate([given["tokens"].numpy() for given, _ in batches], axis=1)
    wanted = np.concatenate([following.numpy() for _, following in batches], axis=1)
    keep = np.array([given["keep"].numpy()[:, 0] for given, _ in batches])
    assert not keep[0].any() and keep[1:].all()
    real = wanted > 0
    # Tokens are numbered in the order of the text, which goes round where it is shuffled.
    np.testing.assert_array_equal(wanted[real], given_[real] % length + 1)
    assert len(set(wanted[real])) == real.sum() == length - 1
    for row, there in zip(given_, real, strict=True):
        assert there[: there.sum()].all()
        steps = np.diff(row[: there.sum()]) % length
        assert (steps == 1).all()
    # A row begins where the one above it ends.
    ends = [w[r][-1] for w, r in zip(wanted, real, strict=True) if r.any()]
    starts = [g[0] for g, r in zip(given_, real, strict=True) if r.any()]
    assert ends[:-1] == starts[1:]
    if not shuffle:
        assert given_[0, 0] == 1 and wanted[real].max() == length


def test_passes_differ_and_come_again():
    ids = np.arange(1, 41)

    def first_of(epoch: int) -> list:
        options = {"batch_size": 2, "window": 4, "shuffle": True, "repeat": True}
        return (
            next(iter(contiguous_batches(ids, first_epoch=epoch, **options)))[0]["tokens"]
            .numpy()
            .tolist()
        )

    starts = [first_of(epoch) for epoch in range(4)]
    assert len({str(start) for start in starts}) > 1
    assert starts == [first_of(epoch) for epoch in range(4)]
    # Endless: a pass is followed by that of the next number.
    endless = contiguous_batches(
        ids, batch_size=2, window=4, shuffle=True, repeat=True
    ).as_numpy_iterator()
    per_pass = count_windows_of_text(40, 2, 4)
    seen = [next(endless)[0]["tokens"].tolist() for _ in range(per_pass + 1)]
    assert seen[0] == starts[0] and seen[per_pass] == starts[1]


def test_rows_begin_anew_at_the_rate_that_is_asked_for():
    options = {"batch_size": 5, "window": 2, "shuffle": True, "reset_rate": 0.2, "seed": 1}
    keep = np.array(
        [
            given["keep"].numpy()[:, 0]
            for given, _ in contiguous_batches(np.arange(1, 9000), **options)
        ]
    )
    assert not keep[0].any()
    assert abs((keep[1:] == 0).mean() - 0.2) < 0.03


def test_what_cannot_be_cut_is_refused():
    with pytest.raises(UserError, match="5 tokens is too short for batches of 3 rows"):
        contiguous_batches(np.arange(5), batch_size=3, window=2)
    with pytest.raises(ValueError, match="received 0 and 2"):
        contiguous_batches(np.arange(5), batch_size=0, window=2)
