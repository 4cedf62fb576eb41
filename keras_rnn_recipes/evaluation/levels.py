"""Levels of forecast intervals: their check, their names, and the quantiles they stand for.

An interval of level 80 holds the truth 80 times in 100 and leaves as much out below as above.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from keras_rnn_recipes.errors import UserError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

_BOUND = re.compile(r"-(lo|hi)-([\d.]+)$")


def check_levels(levels: Sequence[object], where: str = "levels") -> tuple[float, ...]:
    """Put levels in ascending order, if they are levels.

    Args:
        levels: percentages such as ``(80, 95)``.
        where: what they are called in the message.

    Raises:
        UserError: one is no number, not between 0 and 100, or there twice.

    Example:
        >>> check_levels([95, 80])
        (80.0, 95.0)
    """
    numbers = [_as_level(level, levels, where) for level in levels]
    for number in numbers:
        if numbers.count(number) > 1:
            raise _mistake(levels, f"{number:g} is there more than once", where)
    return tuple(sorted(numbers))


def parse_levels(text: str | None, where: str = "--levels") -> tuple[float, ...]:
    """Read levels such as ``80,95``.

    Raises:
        UserError: as `check_levels`.

    Example:
        >>> parse_levels("80, 95")
        (80.0, 95.0)
    """
    return () if text is None else check_levels(text.split(","), where)


def bound_columns(model: str, levels: Iterable[float]) -> list[str]:
    """Name the columns that hold a model's bounds.

    Example:
        >>> bound_columns("lstm", (80, 97.5))
        ['lstm-lo-80', 'lstm-hi-80', 'lstm-lo-97.5', 'lstm-hi-97.5']
    """
    return [f"{model}-{side}-{level:g}" for level in levels for side in ("lo", "hi")]


def model_columns(forecasts: pd.DataFrame) -> list[str]:
    """Name the models of a forecast frame: every column but keys, truth and interval bounds.

    Example:
        >>> import pandas as pd
        >>> model_columns(pd.DataFrame(columns=["unique_id", "ds", "y", "lstm", "lstm-lo-80"]))
        ['lstm']
    """
    keys = {"unique_id", "ds", "cutoff", "y"}
    names = [str(name) for name in forecasts.columns if name not in keys]
    return [name for name in names if not _BOUND.search(name)]


def levels_of(model: str, columns: Iterable[object]) -> tuple[float, ...]:
    """Find the levels whose two bounds a model has among the columns of a forecast frame.

    Example:
        >>> levels_of("lstm", ["lstm", "lstm-lo-80", "lstm-hi-80", "naive-lo-95"])
        (80.0,)
    """
    names = {str(name) for name in columns}
    mine = {name.removeprefix(model) for name in names if name.startswith(f"{model}-")}
    found = {match[2] for name in mine if (match := _BOUND.fullmatch(name))}
    both = [text for text in found if {f"-lo-{text}", f"-hi-{text}"} <= mine]
    return tuple(sorted(map(float, both)))


def probabilities(levels: Iterable[float]) -> np.ndarray:
    """Say which quantiles a forecast with these levels holds: the median, then lower, upper.

    Returns:
        ``(1 + 2 * levels,)``, each between 0 and 1.

    Example:
        >>> probabilities((80, 95)).round(3).tolist()
        [0.5, 0.1, 0.9, 0.025, 0.975]
    """
    import numpy as np  # here, since recipes are read with this file and without NumPy

    tails = [(1 - level / 100) / 2 for level in levels]
    return np.array([0.5, *(side for tail in tails for side in (tail, 1 - tail))])


def _as_level(level: object, levels: Sequence[object], where: str) -> float:
    text = str(level).strip()
    try:
        number = float(text)
    except ValueError:
        raise _mistake(levels, f"{text!r} is no number", where) from None
    if isinstance(level, bool) or not math.isfinite(number) or not 0 < number < 100:
        raise _mistake(levels, f"{text} does not lie between 0 and 100", where)
    return number


def _mistake(levels: Sequence[object], what: str, where: str) -> UserError:
    given = ",".join(f"{x:g}" if isinstance(x, float) else str(x).strip() for x in levels)
    return UserError(
        f"{where} is {given!r}: {what}.",
        "percentages above 0 and below 100, each once.",
        "write for example 80,95: intervals that hold 80 and 95 of 100 truths.",
    )
