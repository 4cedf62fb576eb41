"""The exception for mistakes that a user can correct, and suggestions for misspelled names."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class UserError(ValueError):
    """A mistake in what the user gave, reported in three parts.

    Args:
        what: what happened, naming the file, line, series or column where known.
        expected: what was expected instead.
        fix: what to do about it.

    The command line prints the three parts on standard error and exits with status 2;
    from Python it is an ordinary ``ValueError``.

    Example:
        >>> str(UserError("shop.csv has no column 'sale'.", "one of: date, sales.", "name it."))
        "shop.csv has no column 'sale'. Expected: one of: date, sales. Fix: name it."
    """

    def __init__(self, what: str, expected: str, fix: str) -> None:
        self.what, self.expected, self.fix = what, expected, fix
        super().__init__(what, expected, fix)

    def __str__(self) -> str:
        return f"{self.what} Expected: {self.expected} Fix: {self.fix}"


def nearest(name: str, names: Iterable[str], *, cutoff: float = 0.6) -> str | None:
    """The name that is spelled most like a given one; None if none is similar.

    Args:
        name: as it was given.
        names: those there are.
        cutoff: least similarity, from 0 to 1, of `difflib.get_close_matches`.

    Example:
        >>> nearest("lsmt", ["lstm", "gru"])
        'lstm'
    """
    return next(iter(get_close_matches(name, list(names), n=1, cutoff=cutoff)), None)


def did_you_mean(name: str, names: Iterable[str], *, otherwise: str) -> str:
    """The fix for a misspelled name: the nearest one, or other advice.

    Args:
        name: as it was given.
        names: those there are.
        otherwise: the fix where no name is similar.

    Example:
        >>> did_you_mean("lsmt", ["lstm", "gru"], otherwise="choose one of those.")
        'did you mean lstm?'
    """
    near = nearest(name, names)
    return otherwise if near is None else f"did you mean {near}?"
