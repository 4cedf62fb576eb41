"""Networks that are tables: what comes next depends on everything before, pseudo-randomly."""

from __future__ import annotations

import functools
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
    total, rows, _ = _after(step, row, tokens[:-1])
    return total + float(rows[tokens[-1]])


@functools.lru_cache(maxsize=100_000)
def _after(step, row: int, tokens: tuple[int, ...]):
    """Sum of the tokens' log-probabilities, those of the next one, and the state after them.

    Hypotheses that begin alike share their beginning; without this it is run for each of them.
    """
    if tokens:
        total, rows, state = _after(step, row, tokens[:-1])
        total, last = total + float(rows[tokens[-1]]), tokens[-1]
    else:
        total, state, last = 0.0, {"place": ops.convert_to_tensor([row * 13])}, START
    rows, state, _ = step(ops.convert_to_tensor([last]), state)
    return total, ops.convert_to_numpy(rows)[0], state


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
