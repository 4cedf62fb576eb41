"""Train the toy in a process of its own, to be killed: ``train_toy.py RUN_DIR OUTPUT.npz``.

Prints "training" when the first epoch begins, so that a test knows when to strike.
"""

from __future__ import annotations

import sys
from pathlib import Path

import keras
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from training.toy import toy_batches, toy_model, toy_valid

from keras_rnn_recipes.config.files import config_from_dict
from keras_rnn_recipes.config.forecasting import FitConfig
from keras_rnn_recipes.runs.directory import RunDirectory
from keras_rnn_recipes.training.loop import fit
from keras_rnn_recipes.training.state import set_seeds

CONFIG = FitConfig(
    epochs=300, batch_size=8, steps_per_epoch=5, patience=0, learning_rate=0.01, seed=3
)


class Announce(keras.layers.Layer):
    """Says so when training starts."""

    def call(self, x, training=False):
        if training:
            print("training", flush=True)
        return x


def main(run_dir: str, output: str) -> None:
    run = RunDirectory.open(run_dir, resume=True)
    set_seeds(CONFIG.seed)
    inner = toy_model("gru")
    model = keras.Model(inner.input, Announce()(inner.output))
    run.write_config(config_from_dict({"data": {"source": "co2"}, "model": {"horizon": 2}}))
    fit(model, toy_batches(50, 8), toy_valid(), num_windows=50, config=CONFIG, run=run)
    np.savez(output, *model.get_weights())


if __name__ == "__main__":
    main(*sys.argv[1:])
