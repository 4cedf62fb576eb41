"""Averaged embeddings: a small network that ignores the order of words."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import keras

from keras_rnn_recipes.builders.text_classifier import averaged_embeddings
from keras_rnn_recipes.config.base import TrainingConfig
from keras_rnn_recipes.config.text_classification import ClassificationConfig
from keras_rnn_recipes.families.text_classification.heads import Head, as_head, head_columns
from keras_rnn_recipes.families.text_classification.pipeline import Pipeline
from keras_rnn_recipes.text.batches import bucketed_batches
from keras_rnn_recipes.text.catalogue import TextParts
from keras_rnn_recipes.text.tokenizer import Tokenizer
from keras_rnn_recipes.training.loop import fit

# Settings of the baseline network, which trains fast; with many classes it needs more steps.
AVERAGED = TrainingConfig(epochs=8, batch_size=64, learning_rate=0.002, keep="best")
_MANY_CLASSES, _FOR_MANY = 10, {"epochs": 30, "learning_rate": 0.003, "patience": 4}


def fit_averaged(
    texts: TextParts,
    head: Head | Sequence[str],
    tokenizer: Tokenizer,
    config: ClassificationConfig,
) -> Pipeline:
    """Train averaged embeddings: a baseline, or a part of a mixture.

    Args:
        texts: from `load`.
        head: from `fit_head`, or names of classes.
        tokenizer: texts to tokens.
        config: the recipe, for its seed and the width of its embedding.
    """
    head = as_head(head)
    steps = _FOR_MANY if head.size > _MANY_CLASSES else {}
    training = AVERAGED.model_copy(update={"seed": config.fit.seed, **steps})
    if config.fit.steps_per_epoch is not None:  # a smoke run is short throughout
        few = {"steps_per_epoch": config.fit.steps_per_epoch, "epochs": config.fit.epochs}
        training = training.model_copy(update=few)
    keras.utils.set_random_seed(training.seed)
    model = averaged_embeddings(
        len(tokenizer.vocabulary), head.size, embedding_size=config.model.embedding_size
    )
    columns = partial(head_columns, head, tokenizer=tokenizer)
    options: dict[str, Any] = {"batch_size": training.batch_size, "seed": training.seed}
    batches = partial(bucketed_batches, **columns(texts.train), repeat=True, **options)
    watched = bucketed_batches(**columns(texts.valid), shuffle=False, **options)
    fit(
        model,
        batches,
        watched,
        num_windows=len(texts.train),
        config=training,
        loss=head.loss(),
    )
    return Pipeline(tokenizer, model, head)
