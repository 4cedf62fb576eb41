"""Options that take one of several names."""

from __future__ import annotations

from collections.abc import Sequence

from keras_rnn_recipes.errors import UserError, did_you_mean


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
    fix = did_you_mean(value, choices, otherwise="choose one of those.")
    raise UserError(f"{option} is {value!r}.", f"one of: {', '.join(choices)}.", fix)


def added_baselines(text: str | None, before: Sequence[str]) -> tuple[str, ...]:
    """Add the baselines that ``--baselines`` names to those that are compared with anyway.

    Args:
        text: names joined by commas; None for none.
        before: the baselines without it.

    Raises:
        UserError: there is no such baseline, or it needs an extra that is not installed.

    Example:
        >>> added_baselines("drift, ridge", ["naive", "drift"])
        ('naive', 'drift', 'ridge')
    """
    from keras_rnn_recipes.evaluation.baselines import require_baselines

    names = [part.strip() for part in (text or "").split(",") if part.strip()]
    require_baselines(names)
    return tuple(dict.fromkeys([*before, *names]))
