"""What stands beside the target: which columns a panel has, and what their codes mean."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

# The column of numbers under which a series itself is known, where an embedding asks for it.
SERIES = "(series)"


@dataclass(frozen=True)
class Covariate:
    """A column beside the target.

    Args:
        name: of the column.
        values: None for a column of numbers; else its categories, in the order of their codes,
            which begin at 1. The code 0 stands for a value that is missing or not among them.

    Example:
        >>> Covariate("weather", ("rain", "sun")).num_codes
        3
    """

    name: str
    values: tuple[str, ...] | None = None

    @property
    def num_codes(self) -> int:
        """How many codes there are, the unknown one included; 0 for a column of numbers."""
        return 0 if self.values is None else len(self.values) + 1


@dataclass(frozen=True)
class Covariates:
    """All columns beside the target, in the order in which a network takes them.

    Args:
        past: known up to the present, after the target in ``history``.
        future: known ahead, in ``future``; those derived from the dates come last.
        static: constant in each series, in ``static``; the series' own code comes last.
        calendar: features derived from the dates, see ``calendar_columns``.
        holidays: the country whose public holidays are among them.
    """

    past: tuple[Covariate, ...] = ()
    future: tuple[Covariate, ...] = ()
    static: tuple[Covariate, ...] = ()
    calendar: tuple[str, ...] = ()
    holidays: str | None = None

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self.past or self.future or self.static)

    @property
    def categories(self) -> tuple[str, ...]:
        """Names of the columns that hold categories."""
        return tuple(c.name for c in (*self.past, *self.future, *self.static) if c.num_codes)

    @property
    def sizes(self) -> dict[str, Any]:
        """What a builder has to know; only what is there.

        Example:
            >>> Covariates(future=(Covariate("price"), Covariate("day", ("Mo", "Tu")))).sizes
            {'num_future': 2, 'future_codes': (0, 3)}
        """
        past, future, static = (
            tuple(c.num_codes for c in part) for part in (self.past, self.future, self.static)
        )
        return (
            ({"past_codes": past} if any(past) else {})
            | ({"num_future": len(future)} if future else {})
            | ({"future_codes": future} if any(future) else {})
            | ({"num_static": len(static)} if static else {})
            | ({"static_codes": static} if any(static) else {})
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for ``covariates.json``."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Covariates:
        """What `to_dict` gave, also after it has been JSON.

        Raises:
            KeyError, TypeError: it is something else.

        Example:
            >>> known = Covariates(static=(Covariate("town", ("Graz", "Linz")),))
            >>> Covariates.from_dict(known.to_dict()) == known
            True
        """
        parts = {name: _columns(data[name]) for name in ("past", "future", "static")}
        return cls(**parts, calendar=tuple(data["calendar"]), holidays=data["holidays"])


def _columns(parts: Iterable[Mapping[str, Any]]) -> tuple[Covariate, ...]:
    return tuple(
        Covariate(part["name"], None if part["values"] is None else tuple(part["values"]))
        for part in parts
    )
