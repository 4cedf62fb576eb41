"""Networks that are tables: what comes next depends on everything before, pseudo-randomly."""

from __future__ import annotations

import itertools

import numpy as np
from keras import ops

START, END = 2, 3
PLACES = 997


def toy(vocabulary: int, seed: int = 0, ends: float = 0.0):
    """``step(tokens, states)``: each history has a row of its own in a table."""
    table = np.random.default_rng(seed).normal(0, 1.5, (PLACES, vocabulary)).astype("float32")
    table[:, END] += ends
    table -= np.log(np.exp(table).sum(axis=1, keepdims=True))

    def step(tokens, states):
        place = (states["place"] * 31 + ops.cast(tokens, "int32") * 7 + 1) % PLACES
        rows = ops.take(ops.convert_to_tensor(table), place, axis=0)
        # The attention of the toy says in which state it was.
        seen = ops.cast(ops.stack([place, place + 1], axis=1), "float32")
        return rows, {"place": place}, seen

    return step


def begin(rows: int):
    """States in which the toy begins, another one for each row."""
    return {"place": ops.arange(rows, dtype="int32") * 13}


def log_probability(step, row: int, tokens) -> float:
    """Of a sequence of tokens, one step after another."""
    state, total, last = {"place": ops.convert_to_tensor([row * 13])}, 0.0, START
    for token in tokens:
        rows, state, _ = step(ops.convert_to_tensor([last]), state)
        total += float(rows[0, token])
        last = token
    return total


def every_hypothesis(allowed, max_length: int):
    """All that end within ``max_length``; and all of that length that do not."""
    going_on = [token for token in allowed if token != END]
    ended = [
        (*tokens, END)
        for length in range(max_length)
        for tokens in itertools.product(going_on, repeat=length)
    ]
    return ended, list(itertools.product(going_on, repeat=max_length))


def without_padding(tokens) -> tuple[int, ...]:
    """One row of tokens without the zeros behind it."""
    row = [int(token) for token in tokens]
    while row and row[-1] == 0:
        row.pop()
    return tuple(row)
