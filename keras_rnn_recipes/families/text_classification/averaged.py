"""Averaged embeddings: a small network that ignores the order of words."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import keras

from keras_rnn_recipes.builders.text_classifier import averaged_embeddings
from keras_rnn_recipes.config.base import TrainingConfig
from keras_rnn_recipes.config.text_classification import ClassificationConfig
from keras_rnn_recipes.families.classification import loss
from keras_rnn_recipes.families.text_classification.pipeline import Pipeline
from keras_rnn_recipes.text.batches import bucketed_batches
from keras_rnn_recipes.text.catalogue import TextParts
from keras_rnn_recipes.text.reading import number_labels
from keras_rnn_recipes.text.tokenizer import Tokenizer
from keras_rnn_recipes.training.loop import fit

# Settings of the baseline network, which trains fast and is not tuned.
AVERAGED = TrainingConfig(epochs=8, batch_size=64, learning_rate=0.002, keep="best")


def fit_averaged(
    texts: TextParts, classes: Sequence[str], tokenizer: Tokenizer, config: ClassificationConfig
) -> Pipeline:
    """Train averaged embeddings: a baseline, or a part of a mixture.

    Args:
        texts: from `load`.
        classes: from `class_names`.
        tokenizer: texts to tokens.
        config: the recipe, for its seed and the width of its embedding.
    """
    training = AVERAGED.model_copy(update={"seed": config.fit.seed})
    if config.fit.steps_per_epoch is not None:  # a smoke run is short throughout
        few = {"steps_per_epoch": config.fit.steps_per_epoch, "epochs": config.fit.epochs}
        training = training.model_copy(update=few)
    keras.utils.set_random_seed(training.seed)
    model = averaged_embeddings(
        len(tokenizer.vocabulary), len(classes), embedding_size=config.model.embedding_size
    )
    parts: dict[str, Any] = {
        name: (tokenizer.encode(part.texts), number_labels(part.labels, classes))
        for name, part in (("train", texts.train), ("valid", texts.valid))
    }
    options: dict[str, Any] = {"batch_size": training.batch_size, "seed": training.seed}
    batches = partial(bucketed_batches, *parts["train"], repeat=True, **options)
    watched = bucketed_batches(*parts["valid"], shuffle=False, **options)
    fit(
        model,
        batches,
        watched,
        num_windows=len(texts.train),
        config=training,
        loss=loss(),
    )
    return Pipeline(tokenizer, model, classes)
