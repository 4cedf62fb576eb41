"""Tables whose times stand in the header: a column for each date, or for each month or hour."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from keras_rnn_recipes.data.date_words import month_number, plain
from keras_rnn_recipes.data.dates import looks_like_dates, parse_dates
from keras_rnn_recipes.data.numbers import looks_like_number
from keras_rnn_recipes.data.reading import Table
from keras_rnn_recipes.errors import UserError

# With fewer dates in the header, or a smaller share of its columns with digits, it is no time axis.
_FEWEST_DATES, _SHARE, _FEWEST_NUMBERED = 4, 0.8, 12


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

    Three kinds are known: a column for each date (``country, 1990, 1991, ...``) or numbered step
    (``id, d_1, d_2, ...``); a row for each year with a column for each month or quarter
    (``year, Jan, Feb, ...``); a row for each day with a column for each hour (``date, H1, ...``).

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
    dates = _dates_of(names) or _numbered(table, names)
    if dates and not any(looks_like_dates(table.sample[n]) for n in names if n not in dates):
        return _melted(table, dates, None)
    for find, of_rows in ((_units_of, _is_year), (_hours_of, looks_like_dates)):
        units = find(names)
        above = [name for name in names if units and name not in units]
        above = [name for name in above if of_rows(table.sample[name])]
        if len(above) == 1 or (above and of_rows is _is_year):
            return _melted(table, units, above[0])
    return table


def _numbered(table: Table, names: Sequence[str]) -> dict[str, str]:
    """The columns d_1, d_2, ... of numbers, next to one that names each row; else none."""
    numbers = [name for name in names if _digits(name) and _is_number(table.sample[name])]
    parts = [re.fullmatch(r"([A-Za-z]+[ _-]?)(\d+)", name) for name in numbers]
    found = [match for match in parts if match]
    if len(found) < _FEWEST_NUMBERED or len({match[1] for match in found}) > 1:
        return {}
    if (np.diff([int(match[2]) for match in found]) != 1).any():
        return {}
    others = [table.sample[name] for name in names if name not in numbers]
    named = any(cells.is_unique and not _is_number(cells) for cells in others)
    return {match[0]: match[2] for match in found} if named else {}


def _is_number(cells: pd.Series) -> bool:
    numbers = [looks_like_number(str(cell)) for cell in cells.dropna()]
    return sum(numbers) > len(numbers) / 2


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
    words = {name: plain(name).rstrip(".") for name in names}
    months = {name: month_number(word) for name, word in words.items() if word.isalpha()}
    months = {name: place for name, place in months.items() if place and len(name) <= 10}
    if sorted(months.values()) == list(range(1, 13)):
        return {name: f"-{place:02d}" for name, place in months.items()}
    found = {name: re.fullmatch(r"[Qq]([1-4])", name) for name in names}
    quarters = {name: f"Q{match[1]}" for name, match in found.items() if match}
    return quarters if len(quarters) == 4 else {}


def _hours_of(names: Sequence[str]) -> dict[str, str]:
    """The columns of the 24 hours of a day, from 0 to 23 or from 1 to 24."""
    pattern = r"(?:h|hr|hour|he)?[ _.]?(\d{1,2})(?::00|h)?"
    found = {name: re.fullmatch(pattern, name.strip().lower()) for name in names}
    hours = {name: int(match[1]) for name, match in found.items() if match}
    if sorted(hours.values()) not in (list(range(24)), list(range(1, 25))):
        return {}
    return {name: f" {hour:02d}:00" for name, hour in hours.items()}


def _is_year(column: pd.Series) -> bool:
    cells = column.dropna().astype(str).str.strip()
    return len(cells) > 0 and bool(cells.str.fullmatch(r"(?:1[789]|20)\d{2}(?:\.0)?").all())


def _melted(table: Table, dates: dict[str, str], above: str | None) -> Table:
    """One row for each cell below a date, in the order of the rows.

    Args:
        table: the table.
        dates: the columns below which the values stand, and the times that their names mean.
        above: the column with the year or the day that these times belong to.
    """
    columns = list(table.sample.columns)
    others = [name for name in columns if str(name) not in dates and name != above]
    below = [name for name in columns if str(name) in dates]
    frame = table.load(columns)
    number = len(below)
    labels = np.tile([dates[str(name)] for name in below], len(frame)).astype(object)
    if above is not None:
        cells = frame[above]
        if pd.api.types.is_datetime64_any_dtype(cells.dtype):
            cells = cells.dt.strftime("%Y-%m-%d")
        starts = cells.astype(str).str.strip().str.removesuffix(".0").to_numpy(object)
        labels = np.repeat(starts, number) + labels
    whole = frame[others].loc[frame.index.repeat(number)].reset_index(drop=True)
    time, value = (name if name not in others else f"{name} of the cell" for name in ("ds", "y"))
    values = pd.Series(frame[below].to_numpy(object).ravel(), dtype=object)
    whole[time], whole[value] = labels, values.infer_objects()
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
