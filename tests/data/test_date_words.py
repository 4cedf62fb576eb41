"""Dates with words, of other languages and other calendars: what is written, and what it means."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from keras_rnn_recipes.data.date_words import plain
from keras_rnn_recipes.data.dates import parse_dates
from keras_rnn_recipes.data.frames import read_panel
from keras_rnn_recipes.errors import UserError

DAYS = pd.date_range("2023-01-01", periods=40)
MONTHS = pd.date_range("2018-01-01", periods=36, freq="MS")
QUARTERS = pd.date_range("2015-01-01", periods=16, freq="QS")
HALVES = pd.date_range("2015-01-01", periods=12, freq="6MS")
YEARS = pd.date_range("1990-01-01", periods=30, freq="YS")
HOURS = pd.date_range("2024-01-05", periods=60, freq="h")
GERMAN = (
    "Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober",
    "November", "Dezember",
)  # fmt: skip
FRENCH = (
    "janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.",
    "déc.",
)  # fmt: skip
SPANISH = (
    "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre",
    "octubre", "noviembre", "diciembre",
)  # fmt: skip
GERMAN_DAYS = ("Mo", "Di", "Mi", "Do", "Fr", "Sa", "So")
FRENCH_DAYS = ("lun.", "mar.", "mer.", "jeu.", "ven.", "sam.", "dim.")


def as_read(cells, name="when", **options) -> list[str]:
    dates = parse_dates(pd.Series(list(cells), name=name), **options)
    assert not dates.bad.any()
    return dates.values.astype("datetime64[s]").astype(str).tolist()


def period_end(day: pd.Timestamp) -> pd.Timestamp:
    return day + pd.Timedelta(days=6)


@pytest.mark.parametrize(
    ("dates", "written"),
    [
        (DAYS, lambda d: f"{d.day}. {GERMAN[d.month - 1]} {d.year}"),
        (DAYS, lambda d: f"{GERMAN_DAYS[d.weekday()]}, {d:%d.%m.%y}"),
        (DAYS, lambda d: f"{d:%d.%m.%Y} ({GERMAN_DAYS[d.weekday()]})"),
        (DAYS, lambda d: f"{d.day if d.day > 1 else '1er'} {FRENCH[d.month - 1]} {d.year}"),
        (DAYS, lambda d: f"{FRENCH_DAYS[d.weekday()]} {d:%d/%m/%Y}"),
        (DAYS, lambda d: f"{d.day} de {SPANISH[d.month - 1]} del {d.year}"),
        (DAYS, lambda d: f"{d.year}年{d.month}月{d.day}日"),
        (DAYS, lambda d: f"{d:%d%b%Y}".upper()),
        (MONTHS, lambda d: f"{FRENCH[d.month - 1]}-{d:%y}"),
        (MONTHS, lambda d: f"{d.year}年{d.month}月"),
        (MONTHS, lambda d: f"{d:%Y:%m}"),
        (QUARTERS, lambda d: f"{d.quarter}. Quartal {d.year}"),
        (QUARTERS, lambda d: f"T{d.quarter} {d.year}"),
        (QUARTERS, lambda d: f"{d.year}T{d.quarter}"),
        (QUARTERS, lambda d: f"{d.year} Quarter {d.quarter}"),
        (QUARTERS, lambda d: f"{d.quarter}Q{d:%y}"),
        (QUARTERS, lambda d: f"{d.year} {('I', 'II', 'III', 'IV')[d.quarter - 1]}"),
        (MONTHS, lambda d: f"M{d:%m-%Y}"),
        (DAYS, lambda d: f"{d:%d.%m.%Y.}"),
        (DAYS[1::7], lambda d: f"{d.isocalendar()[1]}. KW {d.isocalendar()[0]}"),
        (DAYS[::7], lambda d: f"w/c {d:%d/%m/%Y}"),
        (HOURS, lambda d: f"{d:%Y%m%d_%H%M}"),
        (HALVES, lambda d: f"{1 + d.month // 7}H{d:%y}"),
        (YEARS, lambda d: f"{d.year}/{(d.year + 1) % 100:02d}"),
        (YEARS, lambda d: f"{d.year}-{d.year + 1}"),
        (YEARS[11:22], lambda d: f"{d.year}/{(d.year + 1) % 100:02d}"),  # 2001/02 is no February
        (YEARS, lambda d: f"FY{d:%y}"),
        (DAYS[::7], lambda d: f"{d:%d/%m/%Y} - {period_end(d):%d/%m/%Y}"),
        (DAYS[::7], lambda d: f"{d:%Y-%m-%d} to {period_end(d):%Y-%m-%d}"),
        (HOURS, lambda d: f"{d:%d.%m.%Y %H:00} - {d + pd.Timedelta('1h'):%d.%m.%Y %H:00}"),
        (HOURS, lambda d: f"{d:%Y-%m-%d} {d.hour}"),
        (HOURS, lambda d: f"{d:%d/%m/%Y %H}h{d:%M}"),
        (HOURS, lambda d: f"{d:%d.%m.%Y %H:%M} Uhr"),
        (HOURS, lambda d: f"{d:%d.%m.%Y %H.%M}"),
        (HOURS, lambda d: f"{d:%Y-%m-%d-%H}"),
        (HOURS, lambda d: f"{d:%d/%b/%Y:%H:%M:%S}"),
        (HOURS, lambda d: f"{d:%d/%m/%Y %I:%M} {'a. m.' if d.hour < 12 else 'p. m.'}"),
        (HOURS, lambda d: f"{d:%m/%d/%Y %I:%M%p}"),
        (HOURS, lambda d: f"{(d - pd.Timestamp('1899-12-30')) / pd.Timedelta('1D'):.9f}"),
        (DAYS, lambda d: f"{d.timestamp():.9e}"),
    ],
)  # fmt: skip
def test_a_column_in_words(dates, written):
    cells = [written(date) for date in dates]
    assert as_read(cells, "date") == dates.strftime("%Y-%m-%dT%H:%M:%S").tolist(), cells[:2]


def test_words_that_are_no_weekdays_stay():
    assert plain("Mar 5, 2020") == "mar 5, 2020"  # March, not martes
    assert plain("mar. 05/03/2020") == "05/03/2020"
    assert plain("Dec 2020") == "dec 2020"


@pytest.mark.parametrize(
    ("first", "form"),
    [("1949-01-01", "%b-%y"), ("1949-01-01", "%m/%d/%y"), ("1930-01-01", "%d.%m.%y")],
)
def test_years_of_two_digits_are_not_far_ahead(first, form):
    """What was observed is not in the future: the passengers of 49 to 60 flew in the 1950s."""
    months = pd.date_range(first, periods=144, freq="MS")
    for options in ({}, {"date_format": form}):
        dates = parse_dates(pd.Series(months.strftime(form), name="when"), **options)
        assert dates.values.astype("datetime64[D]").astype(str).tolist() == list(
            months.strftime("%Y-%m-%d")
        )
        assert any(f"were read as {first[:4]} to {months[-1].year}" in n for n in dates.notes)


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_seconds_since_1970_from_1973_on(unit):
    days = pd.date_range("1975-01-01", periods=60)
    numbers = (days - pd.Timestamp("1970-01-01")) // pd.Timedelta(1, unit)
    assert as_read(numbers, "time") == days.strftime("%Y-%m-%dT00:00:00").tolist()


def test_zones_with_names_follow_the_clock():
    hours = pd.date_range("2024-10-26 20:00", periods=30, freq="h", tz="UTC")
    for zone in ("Europe/Berlin", "America/New_York"):
        local = hours.tz_convert(zone) + pd.Timedelta(days=0 if "Berlin" in zone else 7)
        cells = local.strftime("%Y-%m-%d %H:%M %Z")
        panel = read_panel(pd.DataFrame({"ds": cells, "y": np.arange(30.0)}))
        assert panel.frame["ds"].tolist() == local.tz_convert("UTC").tz_localize(None).tolist()
        assert panel.frame["y"].tolist() == list(range(30))


@pytest.mark.parametrize("day", [10, 15, 28, 29, 30])
@pytest.mark.parametrize("months", [1, 3])
def test_one_day_of_each_month_is_kept(day, months):
    starts = pd.date_range("2019-01-01", periods=20, freq=f"{months}MS")
    dates = [start + pd.Timedelta(days=min(day, start.days_in_month) - 1) for start in starts]
    panel = read_panel(pd.DataFrame({"ds": dates[:5] + dates[6:], "y": np.arange(19.0)}))
    assert panel.freq == (f"MS-{day}" if months == 1 else f"3MS-{day}")
    assert panel.frame["ds"].tolist() == dates and panel.season_length == 12 // months
    assert not any("moved" in note for note in panel.notes)
    if months == 1:  # a frequency that was given decides
        moved = read_panel(pd.DataFrame({"ds": dates, "y": 1.0}), freq="MS")
        assert moved.freq in ("MS", "ME") and "moved" in moved.notes[0]


def test_parts_of_dates_may_be_words():
    for columns, dates in (
        ({"Year": MONTHS.year, "Month": MONTHS.strftime("%b")}, MONTHS),
        ({"Jahr": MONTHS.year, "Monat": [GERMAN[m - 1] for m in MONTHS.month]}, MONTHS),
        ({"year": QUARTERS.year, "quarter": [f"Q{q}" for q in QUARTERS.quarter]}, QUARTERS),
        ({"date": HOURS.strftime("%Y-%m-%d"), "time": HOURS.hour * 100}, HOURS),
        ({"date": HOURS.strftime("%Y-%m-%d"), "period": HOURS.hour * 2 + 1}, None),
        ({"date": HOURS.strftime("%Y-%m-%d"), "hour": [f"HE{h + 1:02d}" for h in HOURS.hour]},
         HOURS + pd.Timedelta("1h")),
    ):  # fmt: skip
        table = pd.DataFrame({**columns, "sales": np.arange(len(columns[next(iter(columns))]))})
        if dates is None:  # half-hours of a day: 48 periods
            halves = pd.date_range("2024-01-05", periods=96, freq="30min")
            period = (halves.hour * 60 + halves.minute) // 30 + 1
            table = pd.DataFrame(
                {"date": halves.strftime("%Y-%m-%d"), "period": period, "sales": range(96)}
            )
            dates = halves
        panel = read_panel(table, time_col=",".join(table.columns[:2]), target_col="sales")
        assert panel.frame["ds"].tolist() == list(dates)
        assert panel.frame["y"].tolist() == table["sales"].tolist()


def test_hours_in_a_column_of_text_are_no_names_of_series():
    hours = [f"HE{hour + 1:02d}" for hour in HOURS.hour]
    table = pd.DataFrame({"date": HOURS.strftime("%Y-%m-%d"), "hour": hours, "load": 1.0})
    with pytest.raises(UserError, match="give --time-col date,hour"):
        read_panel(table)


def test_months_that_are_numbered_in_a_column_of_text_are_no_names_of_series():
    """M01 to M12 next to a year are no twelve series of years."""
    table = pd.DataFrame({"Year": MONTHS.year, "Period": MONTHS.strftime("M%m"), "Value": 1.0})
    with pytest.raises(UserError, match="give --time-col Year,Period"):
        read_panel(table, target_col="Value", time_col="Year")
    panel = read_panel(table, target_col="Value", time_col="Year,Period")
    assert panel.freq == "MS" and panel.frame["ds"].tolist() == MONTHS.tolist()


def test_names_of_months_and_days_have_no_year():
    with pytest.raises(UserError, match="seem to have no year"):
        as_read(pd.date_range("2024-01-01", periods=45).strftime("%b %d"))
    for first in ("2001-01-01", "2018-05-01"):
        months = pd.date_range(first, periods=5, freq="MS")
        assert as_read(months.strftime("%b %y")) == list(months.strftime("%Y-%m-%dT00:00:00"))
