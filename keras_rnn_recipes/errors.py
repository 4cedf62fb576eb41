"""The one exception for mistakes a user can mend."""

from __future__ import annotations


class UserError(ValueError):
    """A mistake in what the user gave, told in three parts.

    Args:
        what: what happened, naming the file, line, series or column where known.
        expected: what was expected instead.
        fix: what to do about it.

    The command line prints the three parts on standard error and exits with status 2;
    from Python it is an ordinary ``ValueError``.

    Example:
        >>> str(UserError("shop.csv has no column 'sale'.", "one of: date, sales.", "name it."))
        "shop.csv has no column 'sale'. Expected one of: date, sales. To mend it, name it."
    """

    def __init__(self, what: str, expected: str, fix: str) -> None:
        self.what, self.expected, self.fix = what, expected, fix
        super().__init__(what, expected, fix)

    def __str__(self) -> str:
        return f"{self.what} Expected {self.expected} To mend it, {self.fix}"
