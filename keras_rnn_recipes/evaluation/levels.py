"""Levels of prediction intervals: validation, column names, and the quantiles they stand for.

An interval of level 80 is central: it contains the true value with a probability of 80 %, and 10 %
lie below and above it.
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
    """Validate levels and sort them in ascending order.

    Args:
        levels: percentages such as ``(80, 95)``.
        where: the option or argument that the error names.

    Raises:
        UserError: a level is not a number, is not between 0 and 100, or is repeated.

    Example:
        >>> check_levels([95, 80])
        (80.0, 95.0)
    """
    numbers = [_as_level(level, levels, where) for level in levels]
    for number in numbers:
        if numbers.count(number) > 1:
            raise _mistake(levels, f"{number:g} is repeated", where)
    return tuple(sorted(numbers))


def parse_levels(text: str | None, where: str = "--levels") -> tuple[float, ...]:
    """Parse levels such as ``80,95``; no text gives no levels.

    Raises:
        UserError: as `check_levels`.

    Example:
        >>> parse_levels("80, 95")
        (80.0, 95.0)
    """
    return () if text is None else check_levels(text.split(","), where)


def bound_columns(model: str, levels: Iterable[float]) -> list[str]:
    """The names of the columns that hold a model's bounds.

    Example:
        >>> bound_columns("lstm", (80, 97.5))
        ['lstm-lo-80', 'lstm-hi-80', 'lstm-lo-97.5', 'lstm-hi-97.5']
    """
    return [f"{model}-{side}-{level:g}" for level in levels for side in ("lo", "hi")]


def model_columns(forecasts: pd.DataFrame) -> list[str]:
    """The models of a forecast frame: every column except keys, ``y`` and interval bounds.

    Example:
        >>> import pandas as pd
        >>> model_columns(pd.DataFrame(columns=["unique_id", "ds", "y", "lstm", "lstm-lo-80"]))
        ['lstm']
    """
    keys = {"unique_id", "ds", "cutoff", "y"}
    names = [str(name) for name in forecasts.columns if name not in keys]
    return [name for name in names if not _BOUND.search(name)]


def levels_of(model: str, columns: Iterable[object]) -> tuple[float, ...]:
    """The levels for which a forecast frame has both bounds of a model, in ascending order.

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
    """The quantiles of a forecast with these levels: the median, then lower and upper bounds.

    Returns:
        float64 ``(1 + 2 * levels,)``, probabilities between 0 and 1.

    Example:
        >>> probabilities((80, 95)).round(3).tolist()
        [0.5, 0.1, 0.9, 0.025, 0.975]
    """
    import numpy as np  # here: recipes are validated with this module, without NumPy

    tails = [(1 - level / 100) / 2 for level in levels]
    return np.array([0.5, *(side for tail in tails for side in (tail, 1 - tail))])


def _as_level(level: object, levels: Sequence[object], where: str) -> float:
    text = str(level).strip()
    try:
        number = float(text)
    except ValueError:
        raise _mistake(levels, f"{text!r} is not a number", where) from None
    if isinstance(level, bool) or not math.isfinite(number) or not 0 < number < 100:
        raise _mistake(levels, f"{text} is not between 0 and 100", where)
    return number


def _mistake(levels: Sequence[object], what: str, where: str) -> UserError:
    given = ",".join(f"{x:g}" if isinstance(x, float) else str(x).strip() for x in levels)
    return UserError(
        f"{where} is {given!r}: {what}.",
        "percentages above 0 and below 100, each once.",
        "give for example 80,95.",
    )
