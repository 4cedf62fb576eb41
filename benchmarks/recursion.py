"""A recursive forecast of 48 steps: inside the graph, against a Python loop around the model.

The loops are written as in the Keras guides: forecast one step, append it to the window, repeat.
They run the same model that ``to_forecaster`` is given; the benchmark fails if the numbers differ.
"""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf
from measuring import ratio, seconds_each, spread, table, verdict

import keras_rnn_recipes as krr

HORIZON, LOOKBACK, SERIES, REPEATS, TARGET = 48, 96, 32, 3, 20.0
TOLERANCE = 1e-4  # of the largest value, after 48 float32 steps


def grow(step, history: np.ndarray) -> np.ndarray:
    """Forecast by calling ``step`` on a window that each forecast extends."""
    window = history
    for _ in range(HORIZON):
        following = np.asarray(step(window))[:, -1:, :]
        window = np.concatenate([window, following], axis=1)
    return window[:, LOOKBACK:]


def compare(name: str, history: np.ndarray) -> list[str]:
    """One row of the table: times of the three variants, ratios, and the largest difference."""
    keras.utils.set_random_seed(0)
    model = krr.build_forecaster(name, "recursive", HORIZON)
    forecaster = krr.to_forecaster(model)
    in_graph = tf.function(forecaster, reduce_retracing=True)
    traced = tf.function(
        model, input_signature=[tf.TensorSpec([None, None, 1], tf.float32, name="history")]
    )
    ways = (
        lambda: np.asarray(in_graph(history)),
        lambda: grow(lambda window: model.predict(window, verbose=0), history),
        lambda: grow(lambda window: traced(tf.constant(window)), history),
    )
    forecast, *loops = [way() for way in ways]  # trace them outside the timing
    apart = max(float(np.abs(loop - forecast).max()) for loop in loops) / np.abs(forecast).max()
    if not apart <= TOLERANCE:
        raise SystemExit(
            f"{name}: the loop and the graph differ by {apart:.1e} of the largest value"
        )
    times = seconds_each(REPEATS, *ways)
    to_predict, to_traced = (ratio(loop, times[0]) for loop in times[1:])
    return [
        name,
        *(spread(spent) for spent in times),
        f"{to_predict:.0f}",
        f"{to_traced:.0f}",
        f"{apart:.0e}",
        verdict(to_predict >= TARGET),
    ]


def main() -> None:
    rng = np.random.default_rng(0)
    steps = np.arange(LOOKBACK) + rng.uniform(0, 12, (SERIES, 1))
    history = 100 + 10 * np.sin(2 * np.pi * steps / 12) + rng.normal(0, 1, steps.shape)
    history = history[..., None].astype("float32")
    rows = [compare(name, history) for name in ("lstm", "gru", "simple_rnn")]
    header = (
        *("model", "in the graph", "loop of `predict`", "loop of the traced model"),
        *("ratio to `predict`", "ratio to traced", "largest difference", f"at least {TARGET:.0f}"),
    )
    print(f"## Recursion over {HORIZON} steps\n")
    print(f"{SERIES} series, {LOOKBACK} steps of history each.\n")
    print(table(header, rows))


if __name__ == "__main__":
    main()
