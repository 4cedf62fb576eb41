"""The covariates of a panel, and the meaning of their category codes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

# The static covariate with a code for each series, where the series are embedded.
SERIES = "(series)"


@dataclass(frozen=True)
class Covariate:
    """One covariate.

    Args:
        name: of the column.
        values: None for a numeric covariate; else the categories in the order of their codes,
            which begin at 1. The code 0 stands for a missing or unknown category.

    Example:
        >>> Covariate("weather", ("rain", "sun")).num_codes
        3
    """

    name: str
    values: tuple[str, ...] | None = None

    @property
    def num_codes(self) -> int:
        """Number of codes, including that of unknown categories; 0 for a numeric covariate."""
        return 0 if self.values is None else len(self.values) + 1


@dataclass(frozen=True)
class Covariates:
    """All covariates, in the order in which a network takes them.

    Args:
        past: known up to the present; they follow the target in the input ``history``.
        future: known ahead, the input ``future``; those derived from the dates are last.
        static: constant in each series, the input ``static``; the code of the series is last.
        calendar: features derived from the dates, see ``calendar_columns``.
        holidays: country of the public holidays among them, or None.
    """

    past: tuple[Covariate, ...] = ()
    future: tuple[Covariate, ...] = ()
    static: tuple[Covariate, ...] = ()
    calendar: tuple[str, ...] = ()
    holidays: str | None = None

    def __bool__(self) -> bool:
        """Whether there is any covariate."""
        return bool(self.past or self.future or self.static)

    @property
    def categories(self) -> tuple[str, ...]:
        """Names of the categorical covariates."""
        return tuple(c.name for c in (*self.past, *self.future, *self.static) if c.num_codes)

    @property
    def sizes(self) -> dict[str, Any]:
        """Keyword arguments of a builder that depend on the covariates; none without covariates.

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
        """Plain data, the content of ``covariates.json``."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Covariates:
        """The inverse of `to_dict`, also for data that were read from JSON.

        Args:
            data: from `to_dict`.

        Raises:
            KeyError, TypeError: the data have another structure.

        Example:
            >>> covariates = Covariates(static=(Covariate("town", ("Graz", "Linz")),))
            >>> Covariates.from_dict(covariates.to_dict()) == covariates
            True
        """
        parts = {name: _columns(data[name]) for name in ("past", "future", "static")}
        return cls(**parts, calendar=tuple(data["calendar"]), holidays=data["holidays"])


def _columns(parts: Iterable[Mapping[str, Any]]) -> tuple[Covariate, ...]:
    return tuple(
        Covariate(part["name"], None if part["values"] is None else tuple(part["values"]))
        for part in parts
    )
