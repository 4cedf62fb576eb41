"""Formats of dates, one by one: what is written, and what it means."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st
from profiles import draws

from keras_rnn_recipes.data.date_formats import days, full_years, iso_weeks
from keras_rnn_recipes.data.dates import parse_dates
from keras_rnn_recipes.data.frames import read_panel
from keras_rnn_recipes.data.steps import regularity
from keras_rnn_recipes.errors import UserError

MONTHS = pd.date_range("2019-01-01", periods=36, freq="MS")
DAYS = pd.date_range("2024-03-01", periods=31)
HOURS = pd.date_range("2024-01-30 22:00", periods=60, freq="h")
WEEKS = pd.date_range("2020-12-28", periods=60, freq="W-MON")
QUARTERS = pd.date_range("1998-10-01", periods=12, freq="QS")


def as_read(cells, name="when", **options) -> list[str]:
    dates = parse_dates(pd.Series(list(cells), name=name), **options)
    assert not dates.bad.any()
    return dates.values.astype("datetime64[s]").astype(str).tolist()


@pytest.mark.parametrize(
    ("dates", "form"),
    [
        *((MONTHS, form) for form in ("%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%Y-%m", "%m/%Y", "%m.%Y",
                                      "%b-%y", "%B %Y", "%Y %b", "%y-%m", "%m/%y", "%YM%m")),
        *((DAYS, form) for form in ("%d/%m/%y", "%m/%d/%y", "%d-%b-%Y", "%b %d, %Y", "%A, %d %B %Y",
                                    "%d-%b-%y", "%Y/%m/%d", "%d-%m-%Y", "%Y%m%d", "%Y-%j")),
        *((HOURS, form) for form in ("%m/%d/%Y %I:%M %p", "%d.%m.%Y %H:%M", "%Y-%m-%dT%H:%M:%S",
                                     "%a %b %d %H:%M:%S %Y", "%Y%m%dT%H%M%S", "%m/%d/%y %I %p")),
        *((WEEKS, form) for form in ("%G-W%V", "%GW%V", "W%V %G", "%G-W%V-1", "Week %V, %G",
                                     "%G Week %V", "%G KW%V")),
    ],
)  # fmt: skip
def test_a_column_in_one_format(dates, form):
    assert as_read(dates.strftime(form)) == dates.strftime("%Y-%m-%dT%H:%M:%S").tolist()


@pytest.mark.parametrize(
    "form", ["{y}Q{q}", "{y}-Q{q}", "Q{q} {y}", "{q}Q{y}", "Q{q}'{s}", "{y} q{q}"]
)
def test_quarters(form):
    cells = [form.format(y=d.year, q=d.quarter, s=f"{d.year % 100:02d}") for d in QUARTERS]
    assert as_read(cells) == QUARTERS.strftime("%Y-%m-%dT00:00:00").tolist()


@pytest.mark.parametrize(
    "form", ["{0}H{1}", "{0}-S{1}", "{0} h{1}", "H{1} {0}", "S{1}/{0}", "{1}H{0}", "{1}H '{2}"]
)
def test_half_years(form):
    cells = [form.format(2020 + n // 2, n % 2 + 1, 20 + n // 2) for n in range(8)]
    firsts = [f"{year}-{month}-01" for year in range(2020, 2024) for month in ("01", "07")]
    assert as_read(cells) == [f"{first}T00:00:00" for first in firsts]


@pytest.mark.parametrize(
    ("numbers", "dates"),
    [
        ([int(x) for x in MONTHS.strftime("%Y%m")], MONTHS),
        ([int(x) for x in WEEKS.strftime("%G%V")], WEEKS),
        ([d.year * 10 + d.quarter for d in QUARTERS], QUARTERS),
        ([int(x) for x in HOURS.strftime("%Y%m%d%H")], HOURS),
        ([int(x) for x in HOURS.strftime("%Y%m%d%H%M%S")], HOURS),
        ([int(x) for x in DAYS.strftime("%Y%j")], DAYS),
        (np.arange(60) * 3600 + 1_706_652_000, HOURS),
        ((np.arange(60) * 3600 + 1_706_652_000) * 1000, HOURS),
        ((np.arange(60) * 3600 + 1_706_652_000) * 10**9, HOURS),
        # 2019-01-01 is day 43466 of a spreadsheet that begins with 1900.
        ([43466 + (d - MONTHS[0]).days for d in MONTHS], MONTHS),
    ],
)  # fmt: skip
@pytest.mark.parametrize("as_text", [False, True])
def test_digits_that_are_dates(numbers, dates, as_text):
    cells = [str(n) for n in numbers] if as_text else numbers
    assert as_read(cells) == dates.strftime("%Y-%m-%dT%H:%M:%S").tolist()


def test_numbers_that_only_look_like_dates_stay_numbers():
    for numbers in (range(1, 40), range(1990, 2020), [1.5, 2.5], range(43_800, 43_900)):
        assert parse_dates(pd.Series(numbers)).values.dtype.kind == "i"
    hinted = pd.Series(range(43_800, 43_900), name="date")  # 2019-12-01
    assert as_read(hinted, "date")[0] == "2019-12-01T00:00:00"
    assert parse_dates(hinted, date_format="number").values.tolist() == hinted.tolist()


def test_years_that_are_counted_from_one():
    cells = [f"{year}-{month:02d}" for year in (1, 2, 3) for month in range(1, 13)]
    assert as_read(cells)[12:14] == ["0002-01-01T00:00:00", "0002-02-01T00:00:00"]


def test_twelve_first_days_of_months_are_a_year():
    cells = [f"01/{month:02d}/2019" for month in range(1, 13)]
    assert as_read(cells)[-1] == "2019-12-01T00:00:00"


@pytest.mark.parametrize("unit", ["days", "months"])
def test_nine_of_them_are_asked_about(unit):
    cells = [f"{n:02d}/01/2019" if unit == "days" else f"01/{n:02d}/2019" for n in range(1, 10)]
    with pytest.raises(UserError, match="can be read in two ways.*--day-first or --month-first"):
        as_read(cells)
    first = unit == "days"
    assert as_read(cells, day_first=first)[-1] == "2019-01-09T00:00:00"
    assert as_read(cells, day_first=not first)[-1] == "2019-09-01T00:00:00"
    assert as_read(cells, date_format="%d/%m/%Y")[-1] == as_read(cells, day_first=True)[-1]


@pytest.mark.parametrize("number", [20, 100])
def test_the_year_stands_first_where_nothing_else_is_usual(number):
    """Days in a row, not the 24th of January of years in a row."""
    days = pd.date_range("2024-01-01", periods=number)
    assert as_read(days.strftime("%y-%m-%d")) == days.strftime("%Y-%m-%dT00:00:00").tolist()


@draws(200)
@given(st.integers(1900, 2060), st.integers(2, 100))
def test_years_of_two_digits_lie_in_one_stretch(first, number):
    """A stretch of at most 99 years that ends between 1940 and 2039 is found again."""
    years = np.arange(first, min(first + min(number, 99), 2040))
    if not 0 < len(years) <= 90 or years[-1] < 1940:
        return  # the longest gap no longer tells where a full circle begins
    found = full_years(pd.Series([f"{year % 100:02d}" for year in years]))
    assert found.tolist() == years.tolist()


@given(st.dates(min_value=pd.Timestamp("1700-01-01").date()))
def test_days_and_weeks_are_those_of_python(date):
    parts = [np.array([part]) for part in (date.year, date.month, date.day)]
    assert days(*parts).astype("datetime64[D]").item() == date
    year, week, day = date.isocalendar()
    if year <= 9998:
        found = iso_weeks(np.array([year]), np.array([week]), np.array([day]))
        assert found.astype("datetime64[D]").item() == date


def test_a_week_that_its_year_does_not_have_is_no_date():
    assert np.isnat(iso_weeks(np.array([2021]), np.array([53])))[0]
    assert not np.isnat(iso_weeks(np.array([2020]), np.array([53])))[0]


@pytest.mark.parametrize(
    ("freq", "step"),
    [("D", "days"), ("B", "business days"), ("W-TUE", "weeks"), ("MS", "months"), ("ME", "months"),
     ("BME", "months"), ("QS", "quarters"), ("YS", "years"), ("15min", "15 minutes"),
     ("h", "hours")],
)  # fmt: skip
def test_a_regular_column_has_no_holes(freq, step):
    dates = pd.date_range("2019-12-30", periods=40, freq=freq).to_numpy()
    assert regularity(dates) == regularity(dates[::-1])
    assert (regularity(dates).step, regularity(dates).coverage) == (step, 1.0)


@pytest.mark.parametrize(
    ("columns", "time_col", "first"),
    [
        ({"year": DAYS.year, "month": DAYS.month, "day": DAYS.day}, "year,month,day", "2024-03-01"),
        ({"Yr": MONTHS.year % 100, "Mo": MONTHS.month}, "Yr,Mo", "2019-01-01"),
        ({"year": QUARTERS.year, "qtr": QUARTERS.quarter}, "year,qtr", "1998-10-01"),
        ({"Date": HOURS.strftime("%d/%m/%Y"), "Time": HOURS.strftime("%H.%M.%S")}, "Date,Time",
         "2024-01-30 22:00"),
        ({"day": HOURS.strftime("%Y-%m-%d"), "hr": HOURS.hour}, "day,hr", "2024-01-30 22:00"),
    ],
)  # fmt: skip
def test_parts_of_dates_in_several_columns(columns, time_col, first):
    table = pd.DataFrame({**columns, "sales": np.arange(len(next(iter(columns.values()))))})
    panel = read_panel(table, time_col=time_col, target_col="sales")
    assert panel.frame["ds"].iloc[0] == pd.Timestamp(first)
    assert panel.frame["y"].tolist() == table["sales"].tolist()


def test_the_error_names_the_columns_that_make_the_dates():
    parts = pd.DataFrame({"year": DAYS.year, "month": DAYS.month, "day": DAYS.day, "sales": 1.0})
    with pytest.raises(UserError, match="give --time-col year,month,day"):
        read_panel(parts, target_col="sales")
    hours = pd.DataFrame({"date": HOURS.date.astype(str), "hr": HOURS.hour, "sales": 1.0})
    with pytest.raises(UserError, match="give --time-col date,hr"):
        read_panel(hours, target_col="sales")


def test_periods_of_pandas_and_weeks_as_text():
    weeks = pd.period_range("2020-12-28", periods=20, freq="W-SUN")
    for cells in (weeks, weeks.astype(str)):
        panel = read_panel(pd.DataFrame({"week": cells, "y": np.arange(20.0)}))
        assert (panel.freq, panel.season_length) == ("W-MON", 52)
        assert panel.frame["ds"].iloc[0] == pd.Timestamp("2020-12-28")


def test_dates_without_a_year_are_no_years():
    days = pd.date_range("2024-01-01", periods=24)
    with pytest.raises(UserError, match="seem to have no year"):
        as_read(days.strftime("%d/%m"))


def test_zeros_at_the_start_belong_to_the_date():
    days = pd.date_range("2024-01-01", periods=60)
    assert as_read(days.strftime("%d%m%Y")) == days.strftime("%Y-%m-%dT00:00:00").tolist()
    assert as_read(days.strftime("%Y-%d-%m")) == days.strftime("%Y-%m-%dT00:00:00").tolist()
