"""Overhead of ``keras_rnn_recipes.fit`` over a bare ``model.fit`` on batches made in advance.

`fit` gathers windows by index, keeps the best weights, and writes a resumable state, the history
and a TensorBoard log. The bare loop has the same model, optimizer, batches and steps per execution;
its batches are in memory and it keeps and writes nothing. The third variant is ``model.compile``
and ``model.fit`` as in the Keras guides.
"""

from __future__ import annotations

import os
import tempfile
from functools import partial
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import pandas as pd
import tensorflow as tf
from measuring import ratio, seconds_each, spread, table, verdict

import keras_rnn_recipes as krr
from keras_rnn_recipes.config.forecasting import FitConfig
from keras_rnn_recipes.data.windows import count_windows
from keras_rnn_recipes.training.loop import plan_steps

LOOKBACK, HORIZON, BATCH, EPOCHS, REPEATS, TARGET = 56, 14, 32, 5, 5, 1.10


def panel() -> pd.DataFrame:
    """Ten daily series of 600 days with a weekly season."""
    rng = np.random.default_rng(0)
    days = pd.date_range("2022-01-01", periods=600, freq="D")
    week = 10 * np.sin(2 * np.pi * np.arange(len(days)) / 7)
    frames = [
        pd.DataFrame(
            {"unique_id": f"s{k}", "ds": days, "y": 50 + week + rng.normal(0, 2, len(days))}
        )
        for k in range(10)
    ]
    return pd.concat(frames, ignore_index=True)


def new_model(preset: str, strategy: str) -> keras.Model:
    keras.utils.set_random_seed(0)
    return krr.build_forecaster(preset, strategy, HORIZON)


def ready_made(frame: pd.DataFrame, spec: krr.WindowSpec) -> tf.data.Dataset:
    """Every batch of one epoch in memory; only equal ones, so that one tensor holds them."""
    batches = krr.window_dataset(frame, spec, batch_size=BATCH, shuffle=True, drop_remainder=True)
    stacked = tuple(np.stack(parts) for parts in zip(*batches.as_numpy_iterator(), strict=True))
    return tf.data.Dataset.from_tensor_slices(stacked)


def compare(preset: str, strategy: str, frame: pd.DataFrame) -> list[str]:
    """One row of the table."""
    spec = krr.WindowSpec(LOOKBACK, HORIZON, strategy=strategy)
    num_windows = count_windows(frame, spec) // BATCH * BATCH
    batches = ready_made(frame, spec)
    steps = plan_steps(num_windows, BATCH, None)
    config = FitConfig(epochs=EPOCHS, batch_size=BATCH, schedule="constant", unroll=False)
    ours = partial(
        krr.window_dataset,
        *(frame, spec),
        **{"batch_size": BATCH, "shuffle": True, "repeat": True, "drop_remainder": True},
    )

    def train(model: keras.Model) -> None:
        endless, per_epoch = batches.repeat(), steps.per_epoch
        model.fit(endless, epochs=EPOCHS, steps_per_epoch=per_epoch, shuffle=False, verbose=0)

    def with_ours() -> None:
        with tempfile.TemporaryDirectory() as folder:
            run = krr.RunDirectory.open(Path(folder) / "run")
            krr.fit(
                new_model(preset, strategy), ours, num_windows=num_windows, config=config, run=run
            )

    def bare() -> None:
        model = new_model(preset, strategy)
        model.compile(
            keras.optimizers.Adam(config.learning_rate, global_clipnorm=config.clip_norm),
            config.loss,
            steps_per_execution=steps.per_execution,
            jit_compile=False,
        )
        train(model)

    def as_in_the_guides() -> None:
        model = new_model(preset, strategy)
        model.compile("adam", config.loss)
        train(model)

    times = seconds_each(REPEATS, with_ours, bare, as_in_the_guides)
    to_bare, to_guides = ratio(times[0], times[1]), ratio(times[0], times[2])
    return [
        f"{preset} {strategy}",
        *(spread(spent, digits=2) for spent in times),
        f"{to_bare:.2f}",
        f"{to_guides:.2f}",
        verdict(to_bare <= TARGET),
    ]


def main() -> None:
    frame = panel()
    cases = (("lstm", "direct"), ("gru", "seq2seq"), ("simple_rnn", "recursive"))
    rows = [compare(*case, frame) for case in cases]
    header = (
        *("model", "`keras_rnn_recipes.fit`", "bare `model.fit`", "`model.fit` as in the guides"),
        *("ratio to bare", "ratio to the guides", f"at most {TARGET:.2f}"),
    )
    print("## Training through the package\n")
    print(
        f"{EPOCHS} epochs over {len(frame)} points in batches of {BATCH} windows of {LOOKBACK} "
        "steps, building and tracing the model included.\n"
    )
    print(table(header, rows))


if __name__ == "__main__":
    main()
