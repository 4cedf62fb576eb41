"""Baselines of piano rolls: proper distributions, and worked out by hand."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from keras_rnn_recipes.evaluation.music_baselines import (
    BASELINES,
    FrameNGrams,
    KeyFrequency,
    RepeatLast,
)
from keras_rnn_recipes.evaluation.music_metrics import PieceScore, summarise

RANDOM = np.random.default_rng(0)
ROLLS = [(RANDOM.random((30, 3)) < 0.4).astype("uint8") for _ in range(5)]
EVERY = np.array(list(itertools.product((0, 1), repeat=3)), "uint8")


@pytest.mark.parametrize("name", ["key_frequency", "repeat_last"])
@pytest.mark.parametrize("length", [0, 1, 4])
def test_the_probabilities_of_all_next_frames_sum_to_one(name, length):
    model = BASELINES[name](ROLLS, 3)
    pieces = [np.concatenate([ROLLS[0][:length], frame[None]]) for frame in EVERY]
    assert sum(np.exp(-model.nats(piece)[-1]) for piece in pieces) == pytest.approx(1)


@pytest.mark.parametrize("length", [1, 2, 3])
def test_an_ngram_model_never_claims_more_than_everything(length):
    model = FrameNGrams([roll[:6] for roll in ROLLS[:1]], length)
    pieces = [np.concatenate([ROLLS[0][:4], frame[None]]) for frame in EVERY]
    total = sum(np.exp(-model.nats(piece)[-1]) for piece in pieces)
    assert 0.3 < total <= 1 + 1e-9


def test_frequencies_and_repeats_by_hand():
    rolls = [np.array([[1, 0], [1, 0], [0, 0]], "uint8")]
    frequency = KeyFrequency(rolls)
    np.testing.assert_allclose(frequency.probability, [2.5 / 4, 0.5 / 4])
    assert frequency.nats(rolls[0])[0] == pytest.approx(-np.log(0.625 * 0.875))
    assert frequency.predict(rolls[0]).tolist() == [[1, 0]] * 3
    repeat = RepeatLast(rolls)
    assert repeat.share == pytest.approx(1.5 / 3)
    nats = repeat.nats(rolls[0])
    assert nats[1] == pytest.approx(-np.log(0.5 + 0.5 * 0.625 * 0.875))
    assert nats[2] == pytest.approx(-np.log(0.5 * 0.375 * 0.875))
    assert repeat.predict(rolls[0]).tolist() == [[1, 0], [1, 0], [1, 0]]


def test_an_ngram_model_learns_an_order_and_takes_frames_it_never_saw():
    cycle = np.tile(np.eye(3, dtype="uint8"), (10, 1))
    model = FrameNGrams([cycle, cycle], 3)
    assert model.nats(cycle)[3:].max() < 0.2
    np.testing.assert_array_equal(model.predict(cycle)[3:], cycle[3:])
    new = np.concatenate([cycle[:4], np.ones((1, 3), "uint8"), cycle[:2]])
    nats = model.nats(new)
    assert len(nats) == 7 and np.isfinite(nats).all() and nats[4] > 4


def test_metrics_by_hand():
    roll = np.array([[1, 1, 0], [0, 0, 1]])
    scores = [
        PieceScore(roll, np.array([4.0, 2.0]), np.array([[1, 0, 0], [0, 1, 1]])),
        PieceScore(roll[:1], np.array([1.0]), np.zeros((1, 3))),
    ]
    found = summarise(scores)
    assert found["nats_per_frame"] == pytest.approx(7 / 3)
    assert found["nats_after_first"] == 2
    assert found["frame_accuracy"] == pytest.approx(2 / 6)
