"""No dataset of the package makes its reader wait for tf.data's tuning thread."""

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from keras_rnn_recipes.data.prefetching import prefetched
from keras_rnn_recipes.data.window_spec import WindowSpec
from keras_rnn_recipes.data.windows import window_dataset
from keras_rnn_recipes.text.batches import bucketed_batches
from keras_rnn_recipes.text.contiguous import contiguous_batches
from keras_rnn_recipes.training.losses import prepare

FRAME = pd.DataFrame({"unique_id": "a", "ds": range(9), "y": np.arange(9.0)})


def windows() -> tf.data.Dataset:
    return window_dataset(FRAME, WindowSpec(lookback=2, horizon=1))


@pytest.mark.parametrize(
    "made",
    [
        windows,
        lambda: prepare(windows(), "mse"),
        lambda: bucketed_batches([[4], [5, 6], [7]], [0, 1, 0], batch_size=2),
        lambda: contiguous_batches(np.arange(1, 10), batch_size=2, window=3),
    ],
)
def test_nothing_tunes_itself_whatever_is_made_of_it(made):
    for dataset in (made(), made().skip(1), made().map(lambda *parts: parts)):
        assert dataset.options().autotune.enabled is False


def test_the_same_batches_come_in_the_same_order():
    plain = tf.data.Dataset.range(100).map(lambda n: n * n, num_parallel_calls=tf.data.AUTOTUNE)
    assert [int(n) for n in prefetched(plain)] == [n * n for n in range(100)]
