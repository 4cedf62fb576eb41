"""Dates as people write them, zones and changing clocks among them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st

from keras_rnn_recipes.data.dates import looks_like_dates, parse_dates
from keras_rnn_recipes.data.frames import read_panel
from keras_rnn_recipes.errors import UserError


def read(*texts: str) -> list[str]:
    return parse_dates(pd.Series(texts)).values.astype("datetime64[m]").astype(str).tolist()


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (["2024-01-31", "2024-02-29"], ["2024-01-31", "2024-02-29"]),
        (["2024-01", "2024-02"], ["2024-01-01", "2024-02-01"]),
        (["20240131", "20240229"], ["2024-01-31", "2024-02-29"]),
        (["01/31/2024", "02/01/2024"], ["2024-01-31", "2024-02-01"]),
        (["31/01/2024", "01/02/2024"], ["2024-01-31", "2024-02-01"]),
        (["31.1.2024", "1.2.2024"], ["2024-01-31", "2024-02-01"]),
        (["Jan 2024", "Feb 2024"], ["2024-01-01", "2024-02-01"]),
        (["2024Q1", "2024Q2"], ["2024-01-01", "2024-04-01"]),
        (["1600-01-01", "2300-01-01"], ["1600-01-01", "2300-01-01"]),
    ],
)
def test_dates_are_read_as_they_are_meant(written, meant):
    if meant[0] == "1600-01-01" and pd.DatetimeIndex(["2024"]).unit == "ns":
        pytest.skip("this pandas keeps nanoseconds, which do not reach so far")
    assert read(*written) == [f"{day}T00:00" for day in meant]


@given(st.lists(st.dates(min_value=pd.Timestamp("1900-01-01").date()), min_size=1))
def test_one_order_holds_for_the_whole_column(dates):
    dates = [date for date in dates if date.year < 2200] or [pd.Timestamp("2024-01-13").date()]
    dates.append(pd.Timestamp("2024-01-13").date())  # settles the order: there is no 13th month
    for form in ("%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%m-%d-%Y"):
        parsed = parse_dates(pd.Series([date.strftime(form) for date in dates]))
        assert not parsed.bad.any()
        assert parsed.values.astype("datetime64[D]").tolist() == dates


def test_where_both_orders_fit_the_more_even_one_is_taken_and_said():
    daily = parse_dates(pd.Series(["03/05/2021", "04/05/2021", "05/05/2021", "06/05/2021"]))
    assert daily.values.astype("datetime64[D]").astype(str)[0] == "2021-05-03"
    assert "day/month/year" in daily.notes[0] and daily.day_first


def test_where_both_orders_give_regular_steps_the_user_is_asked():
    """Four days from the 7th of January on, or four months from July on."""
    cells = pd.Series(["01/07/2021", "01/08/2021", "01/09/2021", "01/10/2021"], name="when")
    with pytest.raises(UserError, match="2021-07-01 to 2021-10-01.*2021-01-07 to 2021-01-10") as e:
        parse_dates(cells)
    assert "--day-first or --month-first" in str(e.value)
    for day_first, last in ((True, "2021-10-01"), (False, "2021-01-10")):
        read = parse_dates(cells, day_first=day_first)
        assert read.values.astype("datetime64[D]").astype(str)[-1] == last
    assert parse_dates(cells.rename("month")).day_first  # the name says it


@pytest.mark.parametrize("wrong", ["2024-02-30", "hello", "01/31/2024", "", None])
def test_what_does_not_fit_the_column_is_marked(wrong):
    parsed = parse_dates(pd.Series(["2024-01-01", wrong, "2024-01-02", "2024-01-03"]))
    assert parsed.bad.tolist() == [False, True, False, False]


def test_plain_numbers_are_no_dates_but_may_be_times():
    assert not looks_like_dates(pd.Series(["1", "2"]))
    assert not looks_like_dates(pd.Series([30312095, 27397633]))
    assert not looks_like_dates(pd.Series(["NN5-001", "NN5-002"]))
    assert looks_like_dates(pd.Series([20240131, 20240229]))
    assert parse_dates(pd.Series(["7", "8"])).values.tolist() == [7, 8]


CHANGES = {"spring": "2024-03-30 20:00", "autumn": "2024-10-26 20:00"}


@pytest.mark.parametrize("season", CHANGES)
@pytest.mark.parametrize("as_text", [True, False])
def test_no_hour_is_lost_or_doubled_when_the_clocks_change(season, as_text):
    hours = pd.date_range(CHANGES[season], periods=30, freq="h", tz="Europe/Berlin")
    ds = [str(hour) for hour in hours] if as_text else hours
    panel = read_panel(pd.DataFrame({"ds": ds, "y": np.arange(30.0)}))
    assert panel.frame["y"].tolist() == list(range(30))
    assert (panel.frame["ds"].diff().iloc[1:] == pd.Timedelta("1h")).all()
    assert panel.frame["ds"].iloc[0] == hours[0].tz_convert("UTC").tz_localize(None)
    assert "converted to UTC" in panel.notes[0]


@pytest.mark.parametrize("as_text", [True, False])
def test_days_keep_their_dates_when_the_clocks_change(as_text):
    days = pd.date_range("2024-03-25", periods=14, freq="D", tz="Europe/Berlin")
    ds = [str(day) for day in days] if as_text else days
    panel = read_panel(pd.DataFrame({"ds": ds, "y": 1.0}))
    assert panel.freq == "D"
    assert panel.frame["ds"].tolist() == days.tz_localize(None).tolist()
    assert "local time was kept" in panel.notes[0]


def test_a_fixed_offset_is_dropped_and_the_clock_kept():
    panel = read_panel(
        pd.DataFrame({"ds": ["2024-01-01T00:00+05:30", "2024-01-01T01:00+05:30"], "y": [1.0, 2.0]})
    )
    assert panel.frame["ds"].astype(str).tolist() == ["2024-01-01 00:00:00", "2024-01-01 01:00:00"]


def test_an_hour_that_stands_twice_without_offsets_is_explained():
    hours = pd.date_range(CHANGES["autumn"], periods=12, freq="h", tz="Europe/Berlin")
    with pytest.raises(UserError, match="daylight saving time ended.*UTC offset"):
        read_panel(pd.DataFrame({"ds": hours.tz_localize(None), "y": 1.0}))


def test_eight_digits_beyond_the_years_1700_to_2200_are_numbers():
    for digits in (12340101, 22010101):
        parsed = parse_dates(pd.Series([digits, digits + 1]))
        assert parsed.values.tolist() == [digits, digits + 1]
    assert parse_dates(pd.Series([17000101, 22001231])).values.dtype.kind == "M"
