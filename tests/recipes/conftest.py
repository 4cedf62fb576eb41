"""Data sets with a few examples of each part, for the tests that a recipe runs to the end."""

from __future__ import annotations

import numpy as np
import pytest

from keras_rnn_recipes.families import image_parts, sequence_parts
from keras_rnn_recipes.media.catalogue import load_media_parts

MOST = {"train": 400, "valid": 40, "test": 60}


@pytest.fixture
def few_examples(monkeypatch):
    """Sequences and images are cut to some of each part, spread over the whole of it."""

    def load(name, task):
        parts = load_media_parts(name, task)
        return {part: rows.rows(_spread(len(rows), MOST[part])) for part, rows in parts.items()}

    for module in (image_parts, sequence_parts):
        monkeypatch.setattr(module, "load_media_parts", load)


def _spread(count, most):
    return np.unique(np.linspace(0, count - 1, min(count, most)).astype(int))
