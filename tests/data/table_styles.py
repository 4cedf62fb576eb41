"""Writes a panel as people write theirs: dates, numbers, gaps and columns in a random style."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import strategies as st

# Each entry: a frequency, and styles of its dates. A style is a strftime format, or a name that
# `date_cells` knows; "two columns" gives a date and a time.
_DAYS = (
    "%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y", "%Y/%m/%d", "%Y%m%d", "%d-%m-%Y", "%d.%m.%y",
    "%m/%d/%y", "%d/%m/%y", "%d-%b-%Y", "%d %B %Y", "%b %d, %Y", "%d-%b-%y", "%Y-%m-%dT%H:%M:%S",
    "excel", "parts", "%A, %d %B %Y", "%Y-%m-%d %H:%M:%S",
)  # fmt: skip
_TIMES = (
    "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%d.%m.%Y %H:%M", "%m/%d/%Y %I:%M %p",
    "%d/%m/%Y %H:%M:%S", "%m/%d/%y %H:%M", "%Y-%m-%dT%H:%M:%SZ", "epoch", "epoch ms",
    "two columns", "%d %b %Y %H:%M", "%Y%m%d%H%M",
)  # fmt: skip
_MONTHS = ("%Y-%m-%d", "%m/%d/%Y", "%d.%m.%Y", "%d/%m/%Y", "%Y-%m", "%m/%Y", "%Y%m", "%b-%y",
           "%b %Y", "%B %Y", "%Y/%m", "%YM%m", "%m-%y", "parts", "excel")  # fmt: skip
STYLES: dict[str, tuple[str, ...]] = {
    "15min": _TIMES,
    "30min": _TIMES,
    "h": _TIMES,
    "D": _DAYS,
    "B": _DAYS,
    "W-SUN": (*_DAYS, "period"),
    "W-MON": (*_DAYS, "%G-W%V", "%G%V"),
    "W-THU": _DAYS,
    "MS": _MONTHS,
    "ME": ("%Y-%m-%d", "%m/%d/%Y", "%d.%m.%Y", "%d/%m/%y", "%d %b %Y", "%Y%m%d"),
    "QS": ("%Y-%m-%d", "%m/%d/%Y", "quarter", "Q quarter", "quarter digits"),
    "YS": ("%Y-%m-%d", "%m/%d/%Y", "%d.%m.%Y"),
}
_NUMBERS = (  # separator of cells, decimal sign, thousands separator
    (",", ".", ""), (";", ",", ""), (";", ",", "."), ("\t", ".", ""), ("|", ".", ""),
    (";", ".", ""), (",", ".", ","), (",", ".", " "), ("\t", ",", "."), (";", ",", " "),
    ("\t", ".", ","), (",", ".", "'"),
)  # fmt: skip
_EMPTY = ("", "NA", "n/a", "NaN", "-", "?", "null")


@dataclass(frozen=True)
class Written:
    """A table as text, how to read it, and the panel that it means."""

    text: str
    options: dict[str, Any]
    freq: str
    expected: pd.DataFrame
    ambiguous: bool
    style: tuple[str, ...] = field(default=())


@st.composite
def tables(draw: Any) -> Written:
    """Random panels of one to four series in random styles."""
    freq = draw(st.sampled_from(list(STYLES)))
    form = draw(st.sampled_from(STYLES[freq]))
    separator, decimal, thousands = draw(st.sampled_from(_NUMBERS))
    ids = draw(st.sampled_from(("none", "text", "numbers", "two", "wide")))
    order = draw(st.sampled_from(("rising", "rising", "falling", "shuffled")))
    empty = draw(st.sampled_from(_EMPTY))
    places = draw(st.sampled_from((0, 0, 1, 2, 3)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    longest = 40 if freq in ("YS", "QS") else 150
    # A single day in figures, or a few months, may be read in two ways by anybody.
    fewest = {"15min": 100, "30min": 60, "h": 40, "MS": 24}.get(freq, 15)
    steps = int(rng.integers(fewest, max(longest, 2 * fewest)))
    start = pd.Timestamp("1995-01-01") + pd.Timedelta(days=int(rng.integers(0, 9000)))
    ds = pd.date_range(start, periods=steps, freq=freq)
    names = _names(ids, rng)
    level = 10 ** rng.uniform(0.5, 5)
    parts = [
        pd.DataFrame({"unique_id": n, "ds": ds, "y": _values(rng, steps, level, places)})
        for n in names
    ]
    panel = pd.concat(parts, ignore_index=True)
    gaps = _inner_gaps(rng, len(names), steps) if ids != "wide" else np.zeros(len(panel), bool)
    panel.loc[gaps, "y"] = np.nan
    style = (freq, form, separator, decimal, thousands, ids, order, empty, str(places))
    table = _as_table(panel[~gaps | (rng.random(len(panel)) < 0.3)], ids, order, rng)
    cells = _number_cells(table, decimal, thousands, places, empty)
    for name, column in reversed(date_cells(table["ds"], form).items()):
        cells.insert(0, name, column)
    options: dict[str, Any] = {"wide": True} if ids == "wide" else {"target_col": "sales"}
    if ids == "two":
        options["id_col"] = "store,item"
    if ids in ("text", "numbers"):
        options["id_col"] = "store"
    if form in ("parts", "two columns"):
        options["time_col"] = ",".join(date_cells(table["ds"][:1], form))
    text = cells.to_csv(sep=separator, index=False)
    expected = panel.sort_values(["unique_id", "ds"])
    return Written(text, options, freq, expected, _is_ambiguous(cells, decimal, thousands), style)


def _is_ambiguous(cells: pd.DataFrame, decimal: str, thousands: str) -> bool:
    """Whether nobody can tell 1.025 from 1025: every sign stands before exactly three digits."""
    signs = (decimal, thousands) if thousands in (".", ",") else (decimal,)
    texts = [str(cell) for name in cells for cell in cells[name] if name not in ("date", "Date")]
    numbers = [text for text in texts if re.fullmatch(r"[\d.,' ]+", text)]
    signed = [text for text in numbers if any(sign in text for sign in ".,")]
    three = all(re.fullmatch(r"[1-9]\d{0,2}[.,]\d{3}", text) for text in signed)
    return bool(signed) and three and len({sign for sign in signs if sign in "".join(signed)}) == 1


def date_cells(ds: pd.Series, form: str) -> dict[str, Any]:
    """The columns of the dates in a style, by name."""
    seconds = (ds - pd.Timestamp("1970-01-01")) // pd.Timedelta(seconds=1)
    if form == "parts":
        return {"year": ds.dt.year, "month": ds.dt.month, "day": ds.dt.day}
    if form == "two columns":
        return {"Date": ds.dt.strftime("%d/%m/%Y"), "Time": ds.dt.strftime("%H:%M")}
    special = {
        "epoch": lambda: seconds,
        "epoch ms": lambda: seconds * 1000,
        "excel": lambda: (ds - pd.Timestamp("1899-12-30")).dt.days,
        "period": lambda: (
            (ds - pd.Timedelta(days=6)).dt.strftime("%Y-%m-%d") + "/" + ds.dt.strftime("%Y-%m-%d")
        ),
        "quarter": lambda: ds.dt.year.astype(str) + "Q" + ds.dt.quarter.astype(str),
        "Q quarter": lambda: "Q" + ds.dt.quarter.astype(str) + " " + ds.dt.year.astype(str),
        "quarter digits": lambda: ds.dt.year * 10 + ds.dt.quarter,
    }
    return {"date": special[form]() if form in special else ds.dt.strftime(form)}


def _names(ids: str, rng: np.random.Generator) -> list[str]:
    number = 1 if ids == "none" else int(rng.integers(2, 5))
    if ids == "none":
        return ["sales"]
    if ids == "numbers":
        return [str(place) for place in range(1, number + 1)]
    if ids == "two":
        return [f"{place}/{item}" for place in range(1, number + 1) for item in ("a", "b")]
    return [f"shop {place}" for place in range(number)]


def _values(rng: np.random.Generator, steps: int, level: float, places: int) -> np.ndarray:
    walk = level * np.exp(np.cumsum(rng.normal(0, 0.1, steps)))
    return np.maximum(np.round(walk, places), 1.0)


def _inner_gaps(rng: np.random.Generator, series: int, steps: int) -> np.ndarray:
    """Steps without a value: not the first and last ones of a series, at most a tenth."""
    gaps = rng.random((series if series else 1, steps)) < rng.choice([0, 0.05, 0.1])
    gaps = gaps if len(gaps) == series else np.repeat(gaps, series, axis=0)
    gaps[:, :3] = gaps[:, -3:] = False
    return gaps.ravel()


def _as_table(panel: pd.DataFrame, ids: str, order: str, rng: np.random.Generator) -> pd.DataFrame:
    table = panel.copy()
    if ids == "wide":
        table = table.pivot(index="ds", columns="unique_id", values="y").reset_index()
    elif ids == "two":
        table[["store", "item"]] = table["unique_id"].str.split("/", expand=True)
    elif ids != "none":
        table["store"] = table["unique_id"]
    if order == "falling":
        return table[::-1]
    return table.sample(frac=1, random_state=rng.integers(2**31)) if order == "shuffled" else table


def _number_cells(
    table: pd.DataFrame, decimal: str, thousands: str, places: int, empty: str
) -> pd.DataFrame:
    def written(value: float) -> str:
        if np.isnan(value):
            return empty
        text = f"{value:,.{places}f}"
        return text.replace(",", "\0").replace(".", decimal).replace("\0", thousands)

    columns = table.drop(columns=[name for name in ("ds", "unique_id") if name in table])
    columns = columns.rename(columns={"y": "sales"})
    numeric = [name for name in columns if columns[name].dtype.kind == "f"]
    return columns.assign(**{name: columns[name].map(written) for name in numeric})
