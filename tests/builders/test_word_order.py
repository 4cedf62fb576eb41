"""Sentences whose words say nothing: a recurrent network reads them all, counting words none."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from keras_rnn_recipes.builders import averaged_embeddings, text_classifier
from keras_rnn_recipes.evaluation.classification_baselines import fit_tfidf
from keras_rnn_recipes.text.batches import bucketed_batches, count_batches
from keras_rnn_recipes.text.reading import number_labels
from keras_rnn_recipes.text.tokenizer import Preparation, fit_tokenizer
from keras_rnn_recipes.text.word_order import LABELS, word_order

pytest.importorskip("tensorflow")


def accuracy(model, train, test, epochs):
    """On unseen sentences, after so many epochs."""
    tokenizer = fit_tokenizer(train.texts, Preparation())
    ids, labels = tokenizer.encode(train.texts), number_labels(train.labels, LABELS)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model = model(len(tokenizer.vocabulary), 2)
    model.compile(keras.optimizers.Adam(0.01), loss, jit_compile=False)
    batches = bucketed_batches(ids, labels, batch_size=64, repeat=True)
    steps = epochs * count_batches(len(ids), 64)
    model.fit(batches, steps_per_epoch=steps, epochs=1, shuffle=False, verbose=0)
    answers = np.argmax(model(tokenizer(test.texts)), axis=1)
    return float(np.mean(answers == number_labels(test.labels, LABELS)))


@pytest.mark.slow
def test_a_small_recurrent_network_is_always_right_about_unseen_sentences():
    keras.utils.set_random_seed(0)

    def recurrent(size, classes):
        return text_classifier(size, classes, cell="gru", units=32, embedding_size=16)

    train, _, test = word_order()
    assert accuracy(recurrent, train, test, epochs=12) == 1.0


def test_what_only_counts_words_stays_at_chance():
    keras.utils.set_random_seed(0)
    train, _, test = word_order(train_size=1000)
    assert accuracy(averaged_embeddings, train, test, epochs=10) == pytest.approx(0.5, abs=0.02)
    labels, truth = (number_labels(part.labels, LABELS) for part in (train, test))
    answers = fit_tfidf(train.texts, labels, 2)(test.texts).argmax(axis=1)
    assert np.mean(answers == truth) == pytest.approx(0.5, abs=0.02)
