"""Pretrain the forecaster that comes with the package, on generated series alone.

    python pretrain.py --config any_season.toml --to FOLDER

The folder then has the weights, the card and the learning curve. Nothing is read but the settings:
a seed gives the same series, in the same order, on every machine.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import time
import tomllib
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import tensorflow as tf

from keras_rnn_recipes.data.synthetic import StructuralOptions, synthetic_series
from keras_rnn_recipes.layers import ForecastMixture
from keras_rnn_recipes.pretrained.card import CARD, WEIGHTS
from keras_rnn_recipes.pretrained.mixture import QUANTILES

# Origins in each series and steps ahead in each batch. Steps near the origin are drawn more often.
ORIGINS, AHEAD, NEARNESS = 16, 12, 1.6

# Series generated at once.
BLOCK = 1024

# An error beyond this many dispersions teaches no more.
LARGEST_ERROR = 50.0


def main(settings, folder):
    """Train as the settings say, and write what was learned into the folder."""
    started = time.perf_counter()
    keras.utils.set_random_seed(settings["seed"])
    kinds = settings["series"]
    # One set of weights; a layer for each kind of season.
    sizes = {name: settings.get(name) for name in ("units", "hidden", "forecasts")}
    network = ForecastMixture(12, 12, **sizes)
    network.build((None, None, 1))
    optimizer = make_optimizer(network, settings)
    steps = [training_step(network, optimizer, kind) for kind in kinds]
    sources = [batches(kind, number, settings) for number, kind in enumerate(kinds)]

    # Draw the kind of the next batch by its share.
    random = np.random.default_rng(settings["seed"])
    shares = np.array([kind["share"] for kind in kinds])
    curve, losses, seen = [], [], 0
    for step in range(1, settings["steps"] + 1):
        kind = random.choice(len(kinds), p=shares / shares.sum())
        losses.append((kind, float(steps[kind](*next(sources[kind])))))
        seen += kinds[kind]["batch_size"]
        if step % settings["report_every"] == 0 or step == settings["steps"]:
            row = {"steps": step, "series": seen, "seconds": round(time.perf_counter() - started)}
            curve.append(row | mean_losses(losses, kinds))
            losses = []
            print(curve[-1], flush=True)
            write(network, optimizer, curve, settings, folder)


def make_optimizer(network, settings):
    """Adam with a warmup, a cosine decay, and a running mean of the weights."""
    warmup = settings["warmup"]
    rate = keras.optimizers.schedules.CosineDecay(
        1e-4,
        settings["steps"] - warmup,
        alpha=0.01,
        warmup_target=settings["learning_rate"],
        warmup_steps=warmup,
    )
    averaged = {"use_ema": True, "ema_momentum": settings["averaging"]}
    optimizer = keras.optimizers.Adam(rate, global_clipnorm=1.0, **averaged)
    optimizer.build(network.trainable_variables)
    return optimizer


def training_step(network, optimizer, kind):
    """A function that trains the shared weights on a batch of one kind of series."""
    layer = network.with_options(season_length=kind["season_length"])
    quantiles, weights = tf.constant(QUANTILES), network.trainable_variables

    @tf.function(
        input_signature=[
            tf.TensorSpec((None, None)),
            tf.TensorSpec((None, ORIGINS), tf.int32),
            tf.TensorSpec((AHEAD,), tf.int32),
        ]
    )
    def step(series, origins, ahead):
        with tf.GradientTape() as tape:
            error, observed = layer.errors(series, origins, ahead)
            error = tf.clip_by_value(error, -LARGEST_ERROR, LARGEST_ERROR)
            pinball = tf.maximum(quantiles * error, (quantiles - 1.0) * error)
            number = tf.reduce_sum(observed) * len(QUANTILES)
            loss = tf.reduce_sum(pinball * observed) / tf.maximum(number, 1.0)
        optimizer.apply(tape.gradient(loss, weights), weights)
        return loss

    return step


def batches(kind, number, settings):
    """Endless batches of one kind: series, origins, and steps ahead."""
    random = np.random.default_rng([settings["seed"], number])
    steps, size = kind["length"] + kind["most_ahead"], kind["batch_size"]
    options = StructuralOptions(**kind.get("structural", {}))
    drawn = {"season_length": kind["season_length"], "seed": settings["seed"] + 1 + number}
    drawn |= {"generators": settings["generators"], "options": {"structural": {"options": options}}}
    for first in itertools.count(0, BLOCK):
        block = synthetic_series(BLOCK, steps, first=first, **drawn)
        for series in block[: BLOCK - BLOCK % size].reshape(-1, size, steps):
            shown = shortened(series, kind, random)
            yield shown, *asked(shown, kind, random)


def shortened(series, kind, random):
    """A copy in which a share of the histories begins later."""
    length, size = kind["length"], len(series)
    begin = random.integers(0, length - 2, size) * (random.random(size) < kind["shortened"])
    hidden = np.arange(series.shape[1]) < begin[:, None]
    shown = np.where(hidden, np.nan, series).astype("float32")
    shown[np.isnan(shown[:, :length]).all(axis=1)] = 1.0
    return shown


def asked(series, kind, random):
    """Origins in each series, after its first value; and steps ahead."""
    length = kind["length"]
    begin = np.isfinite(series).argmax(axis=1)[:, None]
    origins = begin + (random.random((len(series), ORIGINS)) * (length - begin)).astype(int)
    ahead = 1 + (kind["most_ahead"] * random.random(AHEAD) ** NEARNESS).astype(int)
    return np.minimum(origins, length - 1).astype("int32"), ahead.astype("int32")


def mean_losses(losses, kinds):
    """The mean loss of each kind of series."""
    row = {}
    for number, kind in enumerate(kinds):
        found = [loss for which, loss in losses if which == number]
        name = "-".join(map(str, kind["season_length"]))
        row[f"loss_{name}"] = round(float(np.mean(found)), 4) if found else None
    return row


def write(network, optimizer, curve, settings, folder):
    """Write the weights, the card and the curve; what is kept is a running mean of the weights."""
    folder.mkdir(parents=True, exist_ok=True)
    now = network.get_weights()
    optimizer.finalize_variable_values(network.trainable_variables)
    arrays = {f"array_{k}": array for k, array in enumerate(network.get_weights())}
    network.set_weights(now)
    np.savez(folder / WEIGHTS, **arrays)
    sha256 = hashlib.sha256((folder / WEIGHTS).read_bytes()).hexdigest()
    last = curve[-1]
    card = {"name": "any_season", "sha256": sha256}
    card |= {name: settings[name] for name in ("about", "good_at", "bad_at")}
    sizes = ("units", "hidden", "forecasts", "widening", "seed")
    card |= {name: settings[name] for name in sizes if name in settings}
    card |= {"parameters": sum(array.size for array in arrays.values())}
    card |= {name: last[name] for name in ("steps", "series", "seconds")}
    (folder / CARD).write_text(json.dumps(card, indent=2) + "\n", "utf-8")
    pd.DataFrame(curve).to_csv(folder / "curve.csv", index=False)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", type=Path, default=Path(__file__).with_name("any_season.toml"))
    parser.add_argument("--to", type=Path, required=True)
    given = parser.parse_args()
    main(tomllib.loads(given.config.read_text("utf-8")), given.to)
