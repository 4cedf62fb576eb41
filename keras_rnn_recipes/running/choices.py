"""What may be chosen by name, and what is said when a name is misspelt."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from keras_rnn_recipes.errors import UserError

# Written down here as well as in the builders, which import Keras: a misspelt name is told at once.
CELLS = ("simple_rnn", "deep_rnn", "lstm", "gru", "dense", "conv", "linear")
STRATEGIES = ("direct", "recursive", "seq2seq")


def check_choice(value: str, choices: Sequence[str], option: str) -> str:
    """Return ``value`` if it is one of ``choices``; else tell which one may have been meant.

    Args:
        value: what was given.
        choices: what there is.
        option: what the message calls the place where it was given.

    Raises:
        UserError: it is none of them.

    Example:
        >>> check_choice("lstm", CELLS, "--cell")
        'lstm'
    """
    if value in choices:
        return value
    close = get_close_matches(value, choices, n=1)
    fix = f"did you mean {close[0]}?" if close else "choose one of those."
    raise UserError(f"{option} is {value!r}.", f"one of: {', '.join(choices)}.", fix)
