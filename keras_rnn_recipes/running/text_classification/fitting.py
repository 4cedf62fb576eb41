"""What training a network on texts takes beside the network: losses, weights, baselines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np

from keras_rnn_recipes.builders.text_classifier import averaged_embeddings
from keras_rnn_recipes.data.text.batches import bucketed_batches
from keras_rnn_recipes.data.text.catalogue import TextParts
from keras_rnn_recipes.data.text.reading import number_labels
from keras_rnn_recipes.data.text.tokenizer import Tokenizer
from keras_rnn_recipes.data.text.vectors import load_vectors
from keras_rnn_recipes.evaluation.classification_baselines import fit_majority, fit_tfidf
from keras_rnn_recipes.running.config_sections import TrainingConfig
from keras_rnn_recipes.running.fitting import fit
from keras_rnn_recipes.running.text_classification.config import ClassificationConfig
from keras_rnn_recipes.running.text_classification.served import ServedClassifier

Classifier = Callable[[Sequence[str]], np.ndarray]
# The network on averaged embeddings: it learns fast, and is never the one that is tuned.
AVERAGED = TrainingConfig(epochs=8, batch_size=64, learning_rate=0.002, keep="best")


def label_loss() -> keras.losses.Loss:
    """Cross-entropy of logits ``(batch, classes)`` and class numbers ``(batch,)``, in nats.

    Example:
        >>> float(label_loss()(np.array([1]), np.array([[0.0, 0.0]], "float32"))) > 0.69
        True
    """
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True, name="cross_entropy")


def class_weights(labels: np.ndarray, kind: str) -> np.ndarray | None:
    """Weights of examples, with mean 1, by which every class counts the same.

    Args:
        labels: class numbers of the training part.
        kind: "balanced", or "none".

    Returns:
        float32 ``(examples,)``; None for "none".

    Example:
        >>> class_weights(np.array([0, 1, 0, 0, 1, 0, 0, 0]), "balanced")[:2].tolist()
        [0.6666666865348816, 2.0]
    """
    if kind == "none":
        return None
    counts = np.bincount(labels)
    return (len(labels) / (np.count_nonzero(counts) * counts[labels])).astype("float32")


def read_embeddings(path: str | Path | None, vocabulary: Sequence[str]) -> np.ndarray | None:
    """Pretrained vectors for a vocabulary, ``(tokens, width)``; None where there is no file.

    How many of the tokens the file knows is printed.

    Raises:
        UserError: as `load_vectors`.
    """
    if path is None:
        return None
    vectors = load_vectors(path, vocabulary)
    print(vectors.report())
    return vectors.matrix


def fit_classification_baselines(
    texts: TextParts,
    classes: Sequence[str],
    tokenizer: Tokenizer,
    *,
    names: Sequence[str],
    config: ClassificationConfig,
) -> dict[str, Classifier]:
    """Fit what a classifier has to beat, on the training part.

    Args:
        texts: from `load_labelled`.
        classes: from `class_names`.
        tokenizer: the network's own.
        names: "majority"; "tfidf", with logistic regression; "averaged_embeddings", a small network
            that cannot see the order of words.
        config: the recipe, for its seed and the width of its embedding.

    Returns:
        By name, functions from texts to probabilities ``(texts, classes)``.
    """
    labels = number_labels(texts.train.labels, classes)
    makers: dict[str, Callable[[], Classifier]] = {
        "majority": lambda: fit_majority(labels, len(classes)),
        "tfidf": lambda: fit_tfidf(texts.train.texts, labels, len(classes)),
        "averaged_embeddings": lambda: _fit_averaged(texts, classes, tokenizer, config),
    }
    return {name: makers[name]() for name in names}


def _fit_averaged(
    texts: TextParts, classes: Sequence[str], tokenizer: Tokenizer, config: ClassificationConfig
) -> Classifier:
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
        loss=label_loss(),
    )
    return ServedClassifier(tokenizer, model, classes)
