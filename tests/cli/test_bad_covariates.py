"""Columns beside the values that cannot be used: one clear message, and nothing left behind."""

from __future__ import annotations

import pytest
from cli.test_bad_input import days, folder, ramp, refused, wide

__all__ = ["folder"]  # a fixture


def beside(*cells: str, header: str = "promo", number: int = 60) -> bytes:
    """One series with a column beside its values: the cells given, then the last of them."""
    values = [*cells, *[cells[-1]] * (number - len(cells))]
    rows = [
        f"{day},{n + 1},{v}" for n, (day, v) in enumerate(zip(days(number), values, strict=True))
    ]
    return "\n".join([f"date,sales,{header}", *rows, ""]).encode()


def ahead(number: int, last: str) -> bytes:
    """As `beside`, with some rows to come, the last of them told otherwise."""
    rows = [f"{day},,5" for day in days(number, "2024-03-01")]
    return beside("5") + "\n".join([*rows[:-1], rows[-1][:-1] + last, ""]).encode()


SALES = ["--target-col", "sales", "--time-col", "date"]
# For each: the file, further options, and what the message must name. Line 1 is the header.
FILES: dict[str, tuple[bytes, list[str], list[str]]] = {
    "missing future column": (
        beside("5"),
        [*SALES, "--future-cols", "promos"],
        ["promos", "--future-cols promo", "data.csv"],
    ),
    "missing static column": (
        beside("5"),
        [*SALES, "--static-cols", "town"],
        ["town", "--static-cols", "data.csv"],
    ),
    "text among numbers known ahead": (
        beside("5", "5", "dear", "5"),
        [*SALES, "--future-cols", "promo"],
        ["promo", "dear", "line 4", "data.csv"],
    ),
    "dates beside the values": (
        beside("2024-05-01", header="due"),
        [*SALES, "--future-cols", "due"],
        ["due", "dates", "data.csv"],
    ),
    "what is constant changes": (
        beside("Graz", "Graz", "Linz", header="town"),
        [*SALES, "--static-cols", "town"],
        ["town", "Graz", "Linz", "line 3", "line 4"],
    ),
    "nothing known ahead": (
        beside("5"),
        [*SALES, "--future-cols", "promo"],
        ["promo", "series 'sales'", "2024-03-01", "step 1 of the 3"],
    ),
    "not known far enough ahead": (
        ahead(2, "5"),
        [*SALES, "--future-cols", "promo"],
        ["promo", "2024-03-03", "step 3 of the 3"],
    ),
    "a gap in what is known ahead": (
        ahead(3, ""),
        [*SALES, "--future-cols", "promo"],
        ["promo", "2024-03-03", "step 3 of the 3"],
    ),
    "misspelled calendar": (wide(ramp(60)), ["--calendar", "weekday"], ["weekday", "day_of_week"]),
    "recursive with what is not known ahead": (
        beside("5"),
        [*SALES, "--past-cols", "promo", "--strategy", "recursive"],
        ["recursive", "past_cols"],
    ),
}


@pytest.mark.parametrize("case", FILES)
def test_columns_that_cannot_be_used(case, folder):
    content, options, named = FILES[case]
    (folder / "data.csv").write_bytes(content)
    message = refused(["forecast", "data.csv", "--horizon", "3", *options], folder)
    missing = [word for word in named if word not in message]
    assert not missing, f"{missing} not named in:\n{message}"
