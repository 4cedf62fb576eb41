"""What is said when a name is misspelt."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from keras_rnn_recipes.errors import UserError


def check_choice(value: str, choices: Sequence[str], option: str) -> str:
    """Return ``value`` if it is one of ``choices``; else tell which one may have been meant.

    Args:
        value: what was given.
        choices: what there is.
        option: what the message calls the place where it was given.

    Raises:
        UserError: it is none of them.

    Example:
        >>> check_choice("gru", ["lstm", "gru"], "--cell")
        'gru'
    """
    if value in choices:
        return value
    close = get_close_matches(value, choices, n=1)
    fix = f"did you mean {close[0]}?" if close else "choose one of those."
    raise UserError(f"{option} is {value!r}.", f"one of: {', '.join(choices)}.", fix)
