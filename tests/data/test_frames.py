"""Tables of every sort read as panels: corrections are noted, what cannot be used is refused."""

from __future__ import annotations

import gzip

import numpy as np
import pandas as pd
import pytest
from counting import count_calls
from hypothesis import given, strategies as st
from profiles import draws

from keras_rnn_recipes.data.frames import Panel, read_panel, series_bounds
from keras_rnn_recipes.errors import UserError

DAYS = [f"2024-01-{day:02}" for day in range(1, 15)]
ROWS = "".join(f"{day},{number}\n" for number, day in enumerate(DAYS))
LONG = "unique_id,ds,y\n" + "".join(f"{name},{day},1\n" for name in "ba" for day in DAYS)


def read(folder, text: str | bytes, name: str = "t.csv", **options) -> Panel:
    """Read a file that holds the text."""
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_panel(path, **options)


def test_a_long_file_becomes_a_sorted_panel(tmp_path):
    panel = read(tmp_path, LONG)
    frame = panel.frame
    assert frame.columns.tolist() == ["unique_id", "ds", "y"]
    assert frame["unique_id"].tolist() == ["a"] * 14 + ["b"] * 14
    assert frame["ds"].astype(str).tolist() == DAYS * 2
    assert (panel.freq, panel.season_length, panel.num_series, panel.notes) == ("D", 7, 2, ())


@pytest.mark.parametrize(
    ("text", "name", "options", "values"),
    [
        ("day,sales\n2024-01-01,1.5\n2024-01-02,\n2024-01-03,3\n", "t.csv", {}, [1.5, None, 3]),
        ("day\tsales\n2024-01-01\t1\n2024-01-02\t2\n", "t.tsv", {}, [1, 2]),
        ("day;sales\n2024-01-01;1,5\n2024-01-02;2,5\n", "t.csv", {}, [1.5, 2.5]),
        ("\ufeffds,y\n2024-01-01,1\n2024-01-02,2\n", "t.csv", {}, [1, 2]),
        ("\n\nds, y\n\n2024-01-01, 1\n2024-01-02 , 2\n\n", "t.csv", {}, [1, 2]),
        ("ds,y,\n2024-01-01,1,\n2024-01-02,2,\n", "t.csv", {}, [1, 2]),
        ("ds,y\n2024-01-01,7\n2024-01-02,7\n2024-01-03,7\n", "t.csv", {}, [7, 7, 7]),
        ("ds,y\n2024-01-01,1e-9\n2024-01-02,1e12\n", "t.csv", {}, [1e-9, 1e12]),
        ("ds,y\n2024-01-01,NA\n2024-01-02,2\n", "t.csv", {}, [None, 2]),
        ("ds,y\n2024-01-01,5\n", "t.csv", {"freq": "D"}, [5]),
        ("a,b,c\n2024-01-01,1,8\n2024-01-02,2,9\n", "t.csv", {"target_col": "c"}, [8, 9]),
        ("a,b,c\n2024-01-01,1,8\n2024-01-02,2,9\n", "t.csv", {"target_col": "c,b"}, [1, 2, 8, 9]),
        (gzip.compress(b"ds,y\n2024-01-01,1\n2024-01-02,2\n", mtime=0), "t.csv.gz", {}, [1, 2]),
    ],
)  # fmt: skip
def test_files_as_they_come(tmp_path, text, name, options, values):
    panel = read(tmp_path, text, name, **options)
    np.testing.assert_array_equal(panel.frame["y"], np.array(values, float))


def test_five_points_are_enough(tmp_path):
    text = "ds,y\n" + "".join(f"2024-0{month}-01,{month}\n" for month in range(1, 6))
    panel = read(tmp_path, text)
    assert (panel.freq, panel.season_length, len(panel.frame)) == ("MS", 12, 5)


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        ("", {}, "t.csv is empty"),
        (" \n\n", {}, "t.csv is empty"),
        ("ds,y\n", {}, "t.csv has a header and no rows"),
        ("2024-01-01,5\n2024-01-02,6\n", {}, "no header line"),
        ("ds,y,y\n2024-01-01,1,2\n", {}, "two columns with the name 'y'"),
        ("day,sales\n" + ROWS, {"target_col": "sale"}, "'sale'.*did you mean 'sales'"),
        ("day,sales\n" + ROWS, {"time_col": "Day"}, "did you mean 'day'.*--time-col day"),
        ("day,sales\n" + ROWS, {"past_cols": ["rain"]}, "no column 'rain'.*--past-cols"),
        ("ds,y\n" + ROWS + "2024-13-45,3\n", {}, "'ds' contains '2024-13-45'.*line 16 of t.csv"),
        ("\nds,y\n\n" + ROWS + "\n,3\n", {}, "'ds' is empty, in line 19 of t.csv"),
        ("ds,y\n" + ROWS + "2024-01-03,3\n", {}, "'y' at 2024-01-03.*line 4 .*line 16 of t.csv"),
        ("ds,y\n" + ROWS + "2024-01-15,none today\n", {}, "'none today'.*line 16 of t.csv"),
        ("ds,y\n" + ROWS + "2024-01-15,-inf\n", {}, "'-inf', which is infinite, in line 16"),
        ("ds,y,rain\n2024-01-01,1,2\n2024-01-02,1,wet\n", {"past_cols": ["rain"]}, "'wet'.*line 3"),
        ("ds,y\n2024-01-01,\n2024-01-02,NA\n", {}, "Every value of t.csv is missing .series: y"),
        ("ds,y\n" + ROWS + "2024-01-15 07:30,3\n", {}, "steps are irregular.*07:30:00 .line 16 of"),
        ("ds,y\n" + ROWS + "2042-01-15,3\n", {}, "a date is wrong.*2042-01-15 .line 16.*--freq D"),
        ("unique_id,ds,y\n,2024-01-01,3\n", {}, "'unique_id' is empty in line 2 of t.csv"),
        ("ds,y\n2024-01-01,1\n2024-01-02,2,3\n", {}, "Line 3 of t.csv has 3 cells"),
        ("ds,y\n2024-01-01,1,2\n2024-01-02,2,3\n", {}, "more cells than the header"),
        ('ds,y\n2024-01-01,"1\n2024-01-02,2\n', {}, "quotation mark that is not closed"),
        ("ds,y\n2024-01-01,1\n", {}, "frequency cannot be inferred.*--freq"),
        ("ds,a,b\n2024-01-01,1,2\n", {}, "Several columns of t.csv.*a, b.*--target-col a,b"),
        ("d1,d2,y\n2024-01-01,2024-01-02,2\n", {}, "could contain dates: d1, d2.*--time-col"),
        ("a,b\nx,2\n", {}, "No column of t.csv contains dates"),
        ("ds,a,b\n2024-01-01,x,z\n", {}, "No column of t.csv contains numbers"),
        ("ds,y\n" + ROWS, {"id_col": "ds", "time_col": "ds"}, "'ds' has two roles"),
        ("ds,y\n" + ROWS, {"freq": "fortnight"}, "frequency 'fortnight' is unknown"),
        ("ds,y\n" + ROWS, {"freq": "W"}, "not a whole number of steps.*the given frequency"),
        ("ds,y\n1,1\n2,2\n", {"freq": "D"}, "the times are whole numbers"),
        ("ds,y\n" + ROWS, {"start": "2030"}, "No row of t.csv.*from 2024-01-01 to 2024-01-14"),
        ("ds,y\n" + ROWS, {"end": "soon"}, "end is 'soon'"),
        ("ds,y\n" + ROWS, {"season_length": 0}, "season_length is 0"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_refused_and_located(tmp_path, text, options, said):
    with pytest.raises(UserError, match=f"(?s){said}") as caught:
        read(tmp_path, text, **options)
    assert caught.value.expected and caught.value.fix


def test_bytes_that_are_not_utf8_are_located(tmp_path):
    lines = "name,ds,y\n" + "x,2024-01-01,1\n" * 5000 + "Köln,2024-01-01,1\n"
    with pytest.raises(UserError, match="Line 5002 of t.csv has the byte 0xf6"):
        read(tmp_path, lines.encode("latin-1"))
    with pytest.raises(UserError, match="iconv -f CP1252"):  # LATIN1 has no euro sign
        read(tmp_path, lines.replace("ö", "€").encode("cp1252"))


@pytest.mark.parametrize(
    ("name", "said"), [("", "is a folder"), ("nowhere.csv", "There is no file")]
)
def test_a_path_that_is_no_file_is_refused(tmp_path, name, said):
    with pytest.raises(UserError, match=said):
        read_panel(tmp_path / name)


@pytest.mark.parametrize("body", [gzip.compress(b"ds,y\n" * 99, mtime=0)[:-9], b"ds,y\n"])
def test_a_damaged_archive_is_refused(tmp_path, body):
    with pytest.raises(UserError, match="could not be read"):
        read(tmp_path, body, "t.csv.gz")


def test_series_of_different_frequencies_are_refused(tmp_path):
    monthly = "".join(f"c,2024-{month:02}-01,1\n" for month in range(1, 13))
    with pytest.raises(UserError, match="frequencies are mixed.*series 'c'.*--freq D"):
        read(tmp_path, LONG + monthly)
    panel = read(tmp_path, LONG + monthly, freq="D")
    assert panel.frame["unique_id"].value_counts()["c"] == 336


def test_rows_out_of_order_are_sorted_and_noted_but_mixed_series_are_ordinary(tmp_path):
    panel = read(tmp_path, "ds,y\n2024-01-03,3\n2024-01-01,1\n2024-01-02,2\n")
    assert panel.frame["y"].tolist() == [1, 2, 3]
    assert panel.notes == ("The rows were out of order in 1 series and were sorted by time.",)
    mixed = "unique_id,ds,y\n" + "".join(f"{n},{day},1\n" for day in DAYS for n in "ba")
    assert read(tmp_path, mixed).notes == ()


def test_gaps_become_missing_values_and_are_noted(tmp_path):
    panel = read(tmp_path, "ds,y\n2024-01-01,1\n2024-01-02,2\n2024-01-05,5\n2024-01-06,6\n")
    np.testing.assert_array_equal(panel.frame["y"], [1, 2, np.nan, np.nan, 5, 6])
    assert "missing values: 2 in 1 series (the first: 'y')" in panel.notes[0]


def test_a_series_without_values_is_left_out_and_noted(tmp_path):
    panel = read(tmp_path, LONG + "c,2024-01-01,\nc,2024-01-02,\n")
    assert panel.frame["unique_id"].unique().tolist() == ["a", "b"]
    assert panel.notes == (
        "1 series without an observed value was left out, and is forecast as missing: c.",
    )
    assert panel.unobserved == ("c",)


def test_text_names_the_series_where_dates_repeat_without_it(tmp_path):
    stores = "".join(f"{day},{store},1\n" for day in DAYS for store in ("N", "S"))
    panel = read(tmp_path, "day,store,sales\n" + stores)
    assert panel.num_series == 2
    assert panel.notes == ("The column 'store' was taken as the name of the series.",)


@pytest.mark.parametrize("name", ["NA", "null", "007", "1.50", "2024-01-01"])
def test_names_of_series_are_kept_as_they_are_written(tmp_path, name):
    panel = read(tmp_path, f"unique_id,ds,y\n{name},2024-01-01,1\n{name},2024-01-02,2\n")
    assert panel.frame["unique_id"].tolist() == [name, name]


def test_several_targets_of_named_series_become_a_series_each(tmp_path):
    text = "unique_id,ds,a,b\n" + "".join(f"{n},{day},1,2\n" for n in "xw" for day in DAYS)
    frame = read(tmp_path, text, target_col="b,a").frame
    assert frame["unique_id"].unique().tolist() == ["w/a", "w/b", "x/a", "x/b"]
    assert frame.groupby("unique_id")["y"].first().tolist() == [1, 2, 1, 2]


def test_past_columns_follow_their_rows(tmp_path):
    text = "ds,y,rain\n2024-01-04,4,40\n2024-01-01,1,10\n2024-01-02,2,\n"
    panel = read(tmp_path, text, past_cols=["rain"])
    assert panel.past_cols == ("rain",)
    np.testing.assert_array_equal(panel.frame["rain"], [10, np.nan, np.nan, 40])


@pytest.mark.parametrize(
    ("cut", "kept"),
    [
        ({"start": "2024-01-05", "end": "2024-01-07"}, 3),
        ({"end": "2024-01-03"}, 3 * 24),
        ({"start": "2024-01"}, 14),
        ({"end": pd.Timestamp("2024-01-02")}, 2),
    ],
)
def test_start_and_end_are_inclusive_and_a_date_is_the_whole_day(cut, kept):
    freq = "h" if kept > 14 else "D"
    table = pd.DataFrame({"ds": pd.date_range("2024-01-01", periods=14 * 24, freq="h"), "y": 1.0})
    if freq == "D":
        table = table.iloc[::24]
    assert len(read_panel(table, **cut).frame) == kept


def test_whole_numbers_are_times():
    frame = pd.DataFrame({"ds": [10, 30, 20, 50], "y": [1.0, 3, 2, 5]})
    panel = read_panel(frame)
    assert (panel.freq, panel.season_length) == ("10", 1)
    assert panel.frame["ds"].tolist() == [10, 20, 30, 40, 50]
    assert read_panel(frame, start=20, end=30).frame["y"].tolist() == [2, 3]


def test_a_datetime_index_counts_as_a_column():
    series = pd.Series([1.0, 2.0], index=pd.date_range("2024", periods=2, name="day"), name="sales")
    assert read_panel(series.to_frame()).frame["unique_id"].tolist() == ["sales", "sales"]
    periods = pd.DataFrame({"y": [1.0, 2.0]}, index=pd.period_range("2024-01", periods=2, freq="M"))
    assert read_panel(periods).freq == "MS"


def test_the_source_frame_is_left_as_it_was():
    table = pd.DataFrame({"ds": ["2024-01-02", "2024-01-01"], "y": [2, 1]})
    before = table.copy()
    read_panel(table)
    pd.testing.assert_frame_equal(table, before)


FREQS = ["D", "h", "15min", "W-WED", "MS", "ME", "QS", "QE", "YS", "YE", "B", "2D", "6h"]


@draws(60)
@given(
    st.sampled_from(FREQS),
    st.lists(st.sets(st.integers(0, 30), min_size=16), min_size=1, max_size=4),
    st.randoms(use_true_random=False),
)
def test_regularising_equals_asfreq_of_each_series(freq, kept, random):
    grid = pd.date_range("2020-01-01", periods=31, freq=freq)
    rows = [(f"s{n}", grid[i], 31.0 * n + i) for n, steps in enumerate(kept) for i in steps]
    random.shuffle(rows)
    table = pd.DataFrame(rows, columns=["unique_id", "ds", "y"])
    frame = read_panel(table, freq=freq).frame
    for name, series in table.groupby("unique_id"):
        expected = series.set_index("ds")["y"].sort_index().asfreq(freq)
        got = frame[frame["unique_id"] == name].set_index("ds")["y"]
        pd.testing.assert_series_equal(got, expected, check_freq=False, check_index_type=False)


def test_series_bounds():
    frame = pd.DataFrame({"unique_id": ["a", "a", "c", "b", "b", "b"]})
    assert series_bounds(frame).tolist() == [0, 2, 3, 6]
    assert series_bounds(frame.iloc[:0]).tolist() == [0]
    with pytest.raises(UserError, match="not contiguous"):
        series_bounds(pd.DataFrame({"unique_id": ["a", "b", "a"]}))


def full_table(number: int, steps: int = 100) -> pd.DataFrame:
    """So many series of ``steps`` days, with a hole every week."""
    return pd.DataFrame(
        {
            "unique_id": np.repeat([f"s{n}" for n in range(number)], steps),
            "ds": np.tile(pd.date_range("2024-01-01", periods=steps), number),
            "y": 1.0,
        }
    ).drop(index=range(3, number * steps, 7))


def test_ten_thousand_series_are_read_with_little_work_for_each():
    number, steps = 10_000, 100
    few, _ = count_calls(lambda: read_panel(full_table(100, steps)))
    many, panel = count_calls(lambda: read_panel(full_table(number, steps)))
    assert many - few < 10 * number, "far less than a call for each row"
    assert panel.num_series == number
    assert len(panel.frame) > 0.99 * number * steps


def test_the_only_column_with_the_name_of_a_time_is_the_time():
    table = pd.DataFrame({"year": [1, 2, 3], "count": [5.0, 6.0, 7.0]})
    panel = read_panel(table)
    assert panel.frame["ds"].tolist() == [1, 2, 3] and panel.frame["y"].tolist() == [5, 6, 7]


def test_dates_of_which_some_lie_within_their_month_are_moved_to_its_start():
    days = pd.to_datetime(["2024-01-01", "2024-02-15", "2024-03-10"])
    panel = read_panel(pd.DataFrame({"ds": days, "y": [1.0, 2.0, 3.0]}), freq="MS")
    assert panel.frame["ds"].dt.strftime("%m-%d").tolist() == ["01-01", "02-01", "03-01"]
    assert "2 of 3 dates were moved to the nearest step of MS" in panel.notes[0]
    assert "2024-02-15 (row 1 of the table) to 2024-02-01" in panel.notes[0]


def with_empty_end(name: str, observed: int, empty: int) -> str:
    days = pd.date_range("2024-01-01", periods=observed + empty).strftime("%Y-%m-%d")
    values = [*map(str, range(1, observed + 1)), *[""] * empty]
    return "".join(f"{name},{day},{value}\n" for day, value in zip(days, values, strict=True))


@pytest.mark.parametrize("empty", [1, 12, 60])
def test_empty_rows_at_the_end_are_the_steps_to_forecast(tmp_path, empty):
    panel = read(tmp_path, "unique_id,ds,y\n" + with_empty_end("a", 20, empty))
    assert panel.frame["y"].tolist() == list(range(1, 21))
    assert panel.notes == (
        "Rows without a value at the end of 1 series are the steps to forecast, from 2024-01-21 "
        f"on (the first: 'a'): {empty} row{'s' * (empty > 1)}.",
    )


def test_every_series_ends_at_its_own_last_value(tmp_path):
    text = "unique_id,ds,y\n" + with_empty_end("a", 20, 0) + with_empty_end("b", 12, 8)
    panel = read(tmp_path, text)
    ends = panel.frame.groupby("unique_id")["ds"].max().dt.strftime("%Y-%m-%d")
    assert ends.to_dict() == {"a": "2024-01-20", "b": "2024-01-12"}
    assert "'b'" in panel.notes[0] and "8 rows" in panel.notes[0]


def test_gaps_and_empty_rows_at_the_start_stay(tmp_path):
    text = "ds,y\n2024-01-01,\n2024-01-02,2\n2024-01-03,\n2024-01-04,4\n2024-01-05,\n"
    np.testing.assert_array_equal(read(tmp_path, text).frame["y"], [np.nan, 2, np.nan, 4])


def test_a_season_of_one_step_is_given_for_data_without_one(tmp_path):
    path = tmp_path / "y.csv"
    path.write_text("ds,y\n" + "".join(f"2024-01-{day:02d},{day}\n" for day in range(1, 30)))
    assert read_panel(path).season_length == 7
    assert read_panel(path, season_length=1).season_length == 1
