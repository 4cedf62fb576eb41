"""The networks of `pytorch.py`, built and trained by this package."""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf
from pytorch import serve

import keras_rnn_recipes as krr
from keras_rnn_recipes.builders.language_model import stateful_copy
from keras_rnn_recipes.config.base import TrainingConfig
from keras_rnn_recipes.data.prefetching import prefetched
from keras_rnn_recipes.families import tagging
from keras_rnn_recipes.training.class_loss import class_loss
from keras_rnn_recipes.training.kernels import training_kernels
from keras_rnn_recipes.training.token_loss import token_loss


def classifier(sizes: dict[str, Any]) -> tuple[keras.Model, Any, Any, Any]:
    """The network, its loss, its inputs and its targets."""
    rng = np.random.default_rng(0)
    model = krr.text_classifier(
        sizes["words"],
        sizes["classes"],
        units=sizes["units"],
        embedding_size=sizes["width"],
        bidirectional=True,
        pooling="max",
        embedding_dropout=sizes["dropout"],
        dropout=sizes["dropout"],
    )
    labels = rng.integers(0, sizes["classes"], sizes["rows"])
    return model, class_loss(), _ids(rng, sizes), labels.astype("int32")


def tagger(sizes: dict[str, Any]) -> tuple[keras.Model, Any, Any, Any]:
    """As `classifier`."""
    rng = np.random.default_rng(0)
    model = krr.sequence_tagger(
        sizes["words"],
        sizes["classes"],
        num_characters=sizes["letters"],
        units=sizes["units"],
        embedding_size=sizes["width"],
        character_units=sizes["filters"],
        character_embedding_size=sizes["letter_width"],
        crf=sizes["crf"],
        dropout=sizes["dropout"],
    )
    shape = (sizes["rows"], sizes["time"])
    letters = rng.integers(2, sizes["letters"], (*shape, sizes["length"])).astype("int32")
    tags = rng.integers(0, sizes["classes"], shape).astype("int32")
    return model, tagging.loss(model), {"tokens": _ids(rng, sizes), "characters": letters}, tags


def language_model(sizes: dict[str, Any]) -> tuple[keras.Model, Any, Any, Any]:
    """As `classifier`; the states go on from step to step."""
    rng = np.random.default_rng(0)
    model = krr.language_model(
        sizes["words"],
        units=sizes["units"],
        embedding_size=sizes["width"],
        dropout=sizes["dropout"],
        variational=True,
    )
    given = {"tokens": _ids(rng, sizes), "keep": np.ones((sizes["rows"], 1), "float32")}
    return stateful_copy(model, sizes["rows"]), token_loss(), given, _ids(rng, sizes)


def encoder_decoder(sizes: dict[str, Any]) -> tuple[keras.Model, Any, Any, Any]:
    """As `classifier`."""
    rng = np.random.default_rng(0)
    model = krr.encoder_decoder(
        sizes["words"],
        sizes["target_words"],
        units=sizes["units"],
        encoder_units=sizes["encoder_units"],
        embedding_size=sizes["width"],
        dropout=sizes["dropout"],
    )
    target = _ids(rng, {**sizes, "words": sizes["target_words"]})
    given = {"source": _ids(rng, sizes), "target": target}
    return model, token_loss(sizes["smoothing"]), given, target


def forecaster(sizes: dict[str, Any]) -> tuple[keras.Model, Any, Any, Any]:
    """As `classifier`; a forecast of the whole horizon at every step."""
    rng = np.random.default_rng(0)
    units = (sizes["units"], sizes["units"])
    model = krr.build_forecaster("lstm", "seq2seq", sizes["horizon"], units=units, scaling="mean")
    history = rng.uniform(1, 2, (sizes["rows"], sizes["time"], 1)).astype("float32")
    targets = rng.uniform(1, 2, (sizes["rows"], sizes["time"], sizes["horizon"]))
    return model, "mae", history, targets.astype("float32")


NETWORKS = {
    "classifier": classifier,
    "tagger": tagger,
    "language_model": language_model,
    "encoder_decoder": encoder_decoder,
    "forecaster": forecaster,
}


def _ids(rng: np.random.Generator, sizes: dict[str, Any]) -> np.ndarray:
    """Ids without padding, int32 ``(rows, time)``."""
    return rng.integers(4, sizes["words"], (sizes["rows"], sizes["time"])).astype("int32")


def main() -> None:
    sizes = json.loads(sys.argv[1])
    keras.utils.set_random_seed(0)
    model, loss, given, wanted = NETWORKS[sizes["kind"]](sizes)
    config = TrainingConfig()
    optimizer = keras.optimizers.Adam(config.learning_rate, global_clipnorm=config.clip_norm)

    clock = time.process_time if sizes["busy"] else time.perf_counter

    def train(steps: int) -> float:
        batches = prefetched(tf.data.Dataset.from_tensors((given, wanted)).repeat(steps))
        started = clock()
        model.fit(batches, epochs=1, verbose=0, shuffle=False)
        return clock() - started

    model.compile(optimizer, loss, steps_per_execution=sizes["steps"], jit_compile=False)
    optimizer.build(model.trainable_variables)
    with training_kernels(model, precision=sizes.get("precision", "float32")):
        serve(train)


if __name__ == "__main__":
    main()
