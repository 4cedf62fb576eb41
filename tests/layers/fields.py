"""Conditional random fields with random weights, and the score of every sequence of tags."""

from __future__ import annotations

import itertools

import numpy as np

from keras_rnn_recipes.layers import CRF


def random_field(num_tags, lengths, padding, forbid, seed):
    """A layer with random weights; emissions ``(batch, time, tags)`` and their mask.

    With ``forbid`` some transitions are forbidden, and some sequence of every length is legal.
    """
    rng = np.random.default_rng(seed)
    allowed = None
    if forbid:
        allowed = rng.random((num_tags + 1, num_tags + 1)) < 0.6
        always = rng.integers(num_tags)
        allowed[always, always] = allowed[-1, always] = allowed[always, -1] = True
    layer = CRF(num_tags, allowed)
    layer.build((None, None, num_tags))
    layer.set_weights([rng.normal(size=weight.shape) for weight in layer.get_weights()])
    time = max(lengths) + padding
    emissions = rng.normal(size=(len(lengths), time, num_tags)).astype("float32")
    return layer, emissions, np.arange(time) < np.array(lengths)[:, None]


def enumerate_scores(layer, emissions):
    """``{tags: score}`` of all sequences for emissions ``(time, tags)``; None where forbidden."""
    transitions, start, end = (np.array(weight) for weight in layer.get_weights())
    time, num_tags = emissions.shape
    scores = {}
    for tags in itertools.product(range(num_tags), repeat=time):
        steps = [*zip((-1, *tags), (*tags, num_tags), strict=True)]
        score = start[tags[0]] + end[tags[-1]]
        score += sum(emissions[step, tag] for step, tag in enumerate(tags))
        score += sum(transitions[pair] for pair in itertools.pairwise(tags))
        legal = layer.allowed is None or all(layer.allowed[i][j] for i, j in steps)
        scores[tags] = float(score) if legal else None
    return scores
