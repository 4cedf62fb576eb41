"""Every example once an epoch, in an order that seed and epoch decide, with less padding."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st
from profiles import draws

from keras_rnn_recipes.text.batches import batch_order, bucketed_batches, count_batches


def some_rows(count, longest=30, seed=0):
    random = np.random.default_rng(seed)
    return [random.integers(1, 99, random.integers(1, longest)) for _ in range(count)]


def padding_share(batches):
    padded = total = 0
    for ids in batches:
        padded += int((ids.numpy() == 0).sum())
        total += ids.numpy().size
    return padded / total


@given(
    lengths=st.lists(st.integers(0, 9), min_size=1, max_size=40),
    batch_size=st.integers(1, 12),
    window=st.integers(1, 4),
    seed=st.integers(0, 3),
    shuffle=st.booleans(),
)
def test_every_example_stands_in_one_batch(lengths, batch_size, window, seed, shuffle):
    options = {"batch_size": batch_size, "window": window, "seed": seed, "shuffle": shuffle}
    order = batch_order(lengths, **options)
    assert sorted(np.concatenate(order)) == list(range(len(lengths)))
    assert len(order) == count_batches(len(lengths), batch_size)
    assert sorted(map(len, order))[1:] == [batch_size] * (len(order) - 1)
    for batch in order:
        assert sorted(batch, key=lambda row: lengths[row]) == list(batch) or shuffle
    again = batch_order(lengths, epoch=0, **options)
    assert [batch.tolist() for batch in order] == [batch.tolist() for batch in again]


@given(st.integers(1, 25), st.integers(1, 9), st.booleans(), st.integers(0, 3))
@draws(25)
def test_batches_hold_what_the_order_says_padded_on_the_right(count, batch_size, shuffle, epoch):
    ids, tags = some_rows(count), some_rows(count, seed=1)
    tags = [np.resize(row, len(i)) for row, i in zip(tags, ids, strict=True)]
    options = {"batch_size": batch_size, "shuffle": shuffle, "seed": 5, "window": 2}
    order = batch_order([len(row) for row in ids], epoch=epoch, **options)
    batches = list(bucketed_batches(ids, tags, first_epoch=epoch, **options))
    assert len(batches) == len(order)
    for rows, (got_ids, got_tags) in zip(order, batches, strict=True):
        time = max(len(ids[row]) for row in rows)
        for source, got, padding in ((ids, got_ids, 0), (tags, got_tags, -1)):
            expected = [[*source[row], *[padding] * (time - len(source[row]))] for row in rows]
            assert got.numpy().tolist() == [list(map(int, row)) for row in expected]
            assert got.dtype == "int32"


def test_several_inputs_characters_labels_and_weights():
    tokens = [[4, 5], [6]]
    characters = [np.array([[1, 2, 3], [4, 0, 0]]), np.array([[7, 8, 0]])]
    inputs = {"tokens": tokens, "characters": characters}
    dataset = bucketed_batches(inputs, [0, 1], weights=[0.5, 2.0], shuffle=False)
    ((got, labels, weights),) = list(dataset)
    assert got["tokens"].numpy().tolist() == [[6, 0], [4, 5]]
    assert got["characters"].numpy().tolist() == [
        [[7, 8, 0], [0, 0, 0]],
        [[1, 2, 3], [4, 0, 0]],
    ]
    assert labels.numpy().tolist() == [1, 0]
    assert weights.numpy().tolist() == [2.0, 0.5] and weights.dtype == "float32"


def test_resuming_equals_never_having_stopped():
    rows = some_rows(23)
    options = {"batch_size": 4, "window": 2, "seed": 3, "repeat": True}
    through = [b.numpy().tolist() for b in bucketed_batches(rows, **options).take(18)]
    resumed = [b.numpy().tolist() for b in bucketed_batches(rows, first_epoch=2, **options).take(6)]
    assert through[12:] == resumed
    assert through[:6] != through[6:12]
    assert sorted(i for b in through[6:12] for row in b for i in row if i) == sorted(
        i for row in rows for i in row
    )
    other_seed = bucketed_batches(rows, **{**options, "seed": 4}).take(6)
    assert [b.numpy().tolist() for b in other_seed] != through[:6]


def test_buckets_need_less_padding():
    rows = some_rows(400, longest=60)
    shares = {
        window: padding_share(bucketed_batches(rows, batch_size=8, window=window))
        for window in (1, 10, 100)
    }
    assert shares[1] > 0.4 and shares[10] < 0.15 and shares[100] < 0.05


def test_predictions_are_brought_back_into_the_given_order():
    rows = some_rows(11)
    order = batch_order([len(row) for row in rows], batch_size=3, shuffle=False)
    batches = bucketed_batches(rows, batch_size=3, shuffle=False)
    sums = np.concatenate([ids.numpy().sum(axis=1) for ids in batches])
    back = sums[np.argsort(np.concatenate(order))]
    assert back.tolist() == [row.sum() for row in rows]


def test_equal_first_lengths_are_sorted_by_the_next():
    order = batch_order([(2, 9), (1, 5), (2, 1), (1, 7)], batch_size=1, shuffle=False)
    assert np.concatenate(order).tolist() == [1, 3, 2, 0]


def test_keras_trains_on_them_for_whole_epochs():
    import keras

    rows, labels = some_rows(20), np.arange(20) % 2
    model = keras.Sequential(
        [
            keras.layers.Embedding(99, 2),
            keras.layers.GlobalAveragePooling1D(),
            keras.layers.Dense(2),
        ]
    )
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(bucketed_batches(rows, labels, batch_size=6), epochs=2, shuffle=False, verbose=0)
    assert int(model.optimizer.iterations) == 2 * count_batches(20, 6)


@pytest.mark.parametrize(
    ("inputs", "options"),
    [
        ([], {}),
        ([[1]], {"targets": [0, 1]}),
        ({"a": [[1]], "b": [[1], [2]]}, {}),
        ([[1]], {"weights": []}),
    ],
)
def test_columns_that_do_not_go_together_are_refused(inputs, options):
    with pytest.raises(ValueError, match="the same number of examples"):
        bucketed_batches(inputs, **options)


@pytest.mark.parametrize("wrong", [{"batch_size": 0}, {"batch_size": 1, "window": 0}])
def test_sizes_below_one_are_refused(wrong):
    with pytest.raises(ValueError, match="at least 1"):
        batch_order([1], **wrong)
