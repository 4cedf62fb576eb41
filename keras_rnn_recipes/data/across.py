"""Tables whose dates stand in the header: one column for each date, or for each month of a year."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from keras_rnn_recipes.data.date_words import month_number
from keras_rnn_recipes.data.dates import looks_like_dates, parse_dates
from keras_rnn_recipes.data.reading import Table
from keras_rnn_recipes.errors import UserError

# With fewer dates in the header, or a smaller share of its columns with digits, it is no time axis.
_FEWEST_DATES, _SHARE = 4, 0.8


@dataclass(frozen=True)
class AcrossTable(Table):
    """A table with a row for each cell below a date of the header.

    Args:
        first: the table as it was.
        dates: number of dates, and so of rows for each row of the first table.
    """

    first: Table | None = None
    dates: int = 1

    def where(self, row: int) -> str:
        """The position of a cell's row in the first table, in words."""
        assert self.first is not None
        return self.first.where(row // self.dates)


def with_dates_down(table: Table) -> Table:
    """Turn a table with dates in its header into one with a row for each date; others stay.

    Two kinds are known: a column for each date (``country, 1990, 1991, ...``), and a row for each
    year with a column for each month or quarter (``year, Jan, Feb, ...``).

    Args:
        table: any table.

    Returns:
        A table in memory with the other columns, ``ds`` and ``y``, and a note about it.

    Example:
        >>> from keras_rnn_recipes.data.reading import open_table
        >>> wide = pd.DataFrame({"shop": ["a"], **{f"2024-0{n}": [n] for n in range(1, 6)}})
        >>> with_dates_down(open_table(wide)).whole["ds"].tolist()[:2]
        ['2024-01', '2024-02']
    """
    names = [str(name) for name in table.sample.columns]
    dates = _dates_of(names)
    if dates and not any(looks_like_dates(table.sample[n]) for n in names if n not in dates):
        return _melted(table, dates, None)
    units = _units_of(names)
    year = _year_column(table, [name for name in names if name not in units]) if units else None
    return table if year is None else _melted(table, units, year)


def _dates_of(names: Sequence[str]) -> dict[str, str]:
    """The columns whose names are dates, with the dates; none if most names with digits are not."""
    cells = {name: re.sub(r"^(\d{4}) \[YR\1\]$", r"\1", name) for name in names if _digits(name)}
    if len(cells) < _FEWEST_DATES:
        return {}
    texts = pd.Series(list(cells.values()), dtype=object)
    if texts.str.fullmatch(r"(?:1[89]|20)\d{2}").all():
        rising = np.diff(texts.astype("int64"))
        return cells if (rising > 0).all() or (rising < 0).all() else {}
    try:
        parsed = parse_dates(texts)
    except UserError:
        return {}
    if parsed.values.dtype.kind != "M" or (~parsed.bad).mean() < _SHARE:
        return {}
    good = {name: cells[name] for name, bad in zip(cells, parsed.bad, strict=True) if not bad}
    distinct = len(np.unique(parsed.values[~parsed.bad])) == len(good)
    return good if distinct and len(good) >= _FEWEST_DATES else {}


def _digits(name: str) -> bool:
    return re.search(r"\d", name) is not None


def _units_of(names: Sequence[str]) -> dict[str, str]:
    """The columns that are the twelve months or the four quarters of a year, with their places."""
    months = {name: month_number(name.lower().rstrip(".")) for name in names if name.isalpha()}
    months = {name: place for name, place in months.items() if place and len(name) <= 10}
    if sorted(months.values()) == list(range(1, 13)):
        return {name: f"-{place:02d}" for name, place in months.items()}
    found = {name: re.fullmatch(r"[Qq]([1-4])", name) for name in names}
    quarters = {name: f"Q{match[1]}" for name, match in found.items() if match}
    return quarters if len(quarters) == 4 else {}


def _year_column(table: Table, names: Sequence[str]) -> str | None:
    for name in names:
        cells = table.sample[name].dropna().astype(str).str.strip()
        if len(cells) and cells.str.fullmatch(r"(?:1[789]|20)\d{2}(?:\.0)?").all():
            return name
    return None


def _melted(table: Table, dates: dict[str, str], year: str | None) -> Table:
    """One row for each cell below a date, in the order of the rows."""
    columns = list(table.sample.columns)
    others = [name for name in columns if str(name) not in dates and name != year]
    below = [name for name in columns if str(name) in dates]
    frame = table.load(columns)
    number = len(below)
    labels = np.tile([dates[str(name)] for name in below], len(frame)).astype(object)
    if year is not None:
        years = frame[year].astype(str).str.strip().str.removesuffix(".0").to_numpy(object)
        labels = np.repeat(years, number) + labels
    whole = frame[others].loc[frame.index.repeat(number)].reset_index(drop=True)
    time, value = (name if name not in others else f"{name} of the cell" for name in ("ds", "y"))
    cells = frame[below].to_numpy(object).ravel()
    whole[time], whole[value] = labels, pd.Series(cells, dtype=object).infer_objects()
    note = (
        f"The header of {table.name} holds dates, {below[0]} to {below[-1]}: each cell below them "
        f"became a row with its date ({time}) and value ({value})."
    )
    return AcrossTable(
        table.name,
        whole.head(1000),
        separator=table.separator,
        whole=whole,
        notes=(*table.notes, note),
        first=table,
        dates=number,
    )
