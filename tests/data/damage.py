"""Damaged files for the fuzzers of all readers, and what may come out of reading one."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator, Sequence
from random import Random

from keras_rnn_recipes.errors import UserError


def damaged(content: bytes, random: Random, pieces: Sequence[bytes]) -> bytes:
    """Content of which up to three stretches are cut, doubled or replaced; never empty.

    Args:
        content: of a valid file.
        random: where the stretches lie.
        pieces: what may take the place of a stretch.
    """
    for _ in range(random.randint(1, 3)):
        start = random.randrange(len(content))
        end = min(start + random.choice((0, 1, 1, 2, 20)), len(content))
        piece = random.choice((b"", content[start:end] * 2, *pieces))
        content = content[:start] + piece + content[end:] or b"x"
    return content


@contextlib.contextmanager
def only_user_errors() -> Iterator[None]:
    """Warnings are errors, and a `UserError` in three parts is the only error that may come out."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            yield
        except UserError as error:
            assert error.what and error.expected and error.fix
