"""What the commands for files of one's own share: a plan with its reasons, and the run's folder."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keras_rnn_recipes.errors import UserError


@dataclass(frozen=True)
class Plan:
    """A configuration to run, and the reasons for its values.

    Attributes:
        config: the configuration, with all values set.
        reasons: what was inferred and chosen, and why; one sentence each.
    """

    config: Any
    reasons: tuple[str, ...]


def without_none(values: dict[str, Any]) -> dict[str, Any]:
    """The options that were given.

    Example:
        >>> without_none({"freq": "D", "units": None})
        {'freq': 'D'}
    """
    return {name: value for name, value in values.items() if value is not None}


def default_run_dir(file: Path, now: datetime.datetime | None = None) -> Path:
    """A new folder ``runs/<file>-<date>-<time>``, so that no run replaces another.

    Args:
        file: the data file.
        now: the time; None for the present.

    Example:
        >>> default_run_dir(Path("shop/sales.csv"), datetime.datetime(2024, 5, 1, 9, 30)).name
        'sales-20240501-093000'
    """
    moment = (now or datetime.datetime.now()).strftime("%Y%m%d-%H%M%S")
    name = f"{file.name.split('.')[0] or 'run'}-{moment}"
    paths = (Path("runs") / (name + end) for end in ("", *(f"-{n}" for n in range(2, 10_000))))
    return next(path for path in paths if not path.exists())


def parse_numbers(text: str | None, option: str, meaning: str) -> list[int] | None:
    """Read comma-separated whole numbers.

    Args:
        text: the value of the option; None if it was not given.
        option: name of the option.
        meaning: meaning of each number, for the message.

    Raises:
        UserError: they are not whole numbers of at least 1.

    Example:
        >>> parse_numbers("64, 32", "--units", "the width of each layer")
        [64, 32]
    """
    if text is None:
        return None
    try:
        numbers = [int(part) for part in text.split(",")]
    except ValueError:
        numbers = [0]
    if min(numbers) < 1:
        raise UserError(
            f"{option} is {text!r}.",
            f"{meaning}: whole numbers of at least 1, comma-separated.",
            f"write for example {option} 24 or {option} 24,168.",
        )
    return numbers
