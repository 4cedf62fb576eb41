"""The exception for mistakes that a user can correct, and the words of its messages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches


class UserError(ValueError):
    """A mistake in the user's input, reported in three parts.

    The command line prints the parts on standard error and exits with status 2. In Python it is a
    ``ValueError``.

    Args:
        what: what happened, with the file, line, series or column where known.
        expected: what was expected instead.
        fix: how to correct it, by an option or key that exists there.

    Example:
        >>> str(UserError("shop.csv has no column 'sale'.", "one of: date, sales.", "name it."))
        "shop.csv has no column 'sale'. Expected: one of: date, sales. Fix: name it."
    """

    def __init__(self, what: str, expected: str, fix: str) -> None:
        self.what, self.expected, self.fix = what, expected, fix
        super().__init__(what, expected, fix)

    def __str__(self) -> str:
        return f"{self.what} Expected: {self.expected} Fix: {self.fix}"


def first_names(names: Iterable[object], number: int = 5) -> str:
    """The first names of a list in words, with dots where there are more.

    Args:
        names: of columns, series, classes or files.
        number: how many are shown.

    Example:
        >>> first_names(["a", "b", "c"], 2)
        'a, b, ...'
    """
    every = list(map(str, names))
    return ", ".join(every[:number]) + (", ..." if len(every) > number else "")


def counted(number: int, noun: str, singular: str = "", plural: str = "") -> str:
    """A number and a regular noun, and the rest of the sentence that agrees with them.

    Args:
        number: of things.
        noun: for one thing.
        singular, plural: what follows the noun, such as "was" and "were".

    Example:
        >>> counted(1, "line"), counted(1200, "line"), counted(2, "series")
        ('1 line', '1,200 lines', '2 series')
        >>> counted(1, "row", "was", "were"), counted(0, "row", "was", "were")
        ('1 row was', '0 rows were')
    """
    one = number == 1
    several = noun if noun.endswith("series") else f"{noun}s"
    return f"{number:,} {noun if one else several} {singular if one else plural}".rstrip()


def nearest(name: str, names: Iterable[str], *, cutoff: float = 0.6) -> str | None:
    """The name that is most similar to a given one; None if none is similar.

    Args:
        name: the name that was given.
        names: the names there are.
        cutoff: least similarity of `difflib.get_close_matches`, from 0 to 1.

    Example:
        >>> nearest("lsmt", ["lstm", "gru"])
        'lstm'
    """
    return next(iter(get_close_matches(name, list(names), n=1, cutoff=cutoff)), None)


def did_you_mean(name: str, names: Iterable[str], *, otherwise: str) -> str:
    """The fix for a misspelled name: the most similar one, or other advice.

    Args:
        name: the name that was given.
        names: the names there are.
        otherwise: the fix if no name is similar.

    Example:
        >>> did_you_mean("lsmt", ["lstm", "gru"], otherwise="choose one of those.")
        'did you mean lstm?'
    """
    near = nearest(name, names)
    return otherwise if near is None else f"did you mean {near}?"


def check_choice(value: str, choices: Sequence[str], option: str) -> str:
    """Return a value that must be one of several.

    Args:
        value: what was given.
        choices: the values there are.
        option: the option or key, for the message.

    Raises:
        UserError: the value is none of them; the message suggests the most similar one.

    Example:
        >>> check_choice("gru", ["lstm", "gru"], "--cell")
        'gru'
    """
    if value in choices:
        return value
    fix = did_you_mean(value, choices, otherwise="choose one of those.")
    raise UserError(f"{option} is {value!r}.", f"one of: {', '.join(choices)}.", fix)
