"""Tables as people bring them: columns, headers, kinds of files, and rows beside their steps."""

from __future__ import annotations

import gzip
import zipfile

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st
from profiles import draws

from keras_rnn_recipes.data.frames import read_panel
from keras_rnn_recipes.errors import UserError

DAYS = pd.date_range("2024-01-01", periods=28)


def daily(**columns) -> pd.DataFrame:
    return pd.DataFrame({"date": DAYS.astype(str), "sales": np.arange(28.0), **columns})


@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz", "t.zip", "t.xlsx", "t.parquet", "t.feather"])
def test_kinds_of_files(tmp_path, name):
    path, text = tmp_path / name, daily().to_csv(index=False)
    if name.endswith(".gz"):
        path.write_bytes(gzip.compress(text.encode()))
    elif name.endswith(".zip"):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("__MACOSX/._t.csv", "")
            archive.writestr("t.csv", text)
    elif name.endswith("xlsx"):
        daily().assign(date=DAYS).to_excel(path, index=False)
    elif name.endswith("csv"):
        path.write_text(text)
    else:
        getattr(daily(), f"to_{name.split('.')[1]}")(path)
    panel = read_panel(path)
    assert panel.freq == "D" and panel.frame["y"].tolist() == list(range(28))
    assert panel.frame["ds"].tolist() == DAYS.tolist()


def test_an_archive_of_several_files_is_asked_about(tmp_path):
    with zipfile.ZipFile(tmp_path / "t.zip", "w") as archive:
        archive.writestr("a.csv", "x")
        archive.writestr("b.csv", "x")
    with pytest.raises(UserError, match=r"2 files \(a.csv, b.csv\)"):
        read_panel(tmp_path / "t.zip")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sep=;\ndate;sales\n{}", None),
        ("Sales report\n\ndate;sales\n{}", "header is line 3"),
        ("# made by a robot\ndate;sales\n{}", "header is line 2"),
        ("Price;Close\nTicker;XYZ\nDate;\n{}", "2 more lines of the header"),
    ],
)
def test_lines_around_the_header(tmp_path, text, said):
    rows = "\n".join(f"{day:%Y-%m-%d};{n}" for n, day in enumerate(DAYS))
    (tmp_path / "t.csv").write_text(text.format(rows))
    panel = read_panel(tmp_path / "t.csv")
    assert panel.frame["y"].tolist() == list(range(28))
    assert said is None or said in panel.notes[0]


def test_names_of_series_from_two_columns():
    table = pd.concat([daily(store=s, item=i) for s in (1, 2) for i in ("a", "b")])
    with pytest.raises(UserError, match="give --id-col store,item"):
        read_panel(table, target_col="sales")
    panel = read_panel(table, id_col="store,item", target_col="sales")
    assert panel.frame["unique_id"].unique().tolist() == ["1/a", "1/b", "2/a", "2/b"]


def test_every_column_of_a_wide_table_is_a_series():
    table = daily(tea=np.arange(28.0) + 100)
    with pytest.raises(UserError, match="--wide"):
        read_panel(table)
    panel = read_panel(table, wide=True)
    assert panel.frame.groupby("unique_id")["y"].first().to_dict() == {"sales": 0, "tea": 100}


def test_white_space_around_names_is_no_other_series():
    table = daily(shop=["North ", "North"] * 14)
    panel = read_panel(table, id_col="shop")
    assert panel.num_series == 1 and "White space" in panel.notes[0]


def test_products_that_follow_each_other_are_told():
    panel = read_panel(daily(product=["A"] * 14 + ["B"] * 14))
    assert any("give --id-col product if they are different series" in n for n in panel.notes)
    assert not any("--id-col" in n for n in read_panel(daily(kind=["A", "B"] * 14)).notes)
    assert read_panel(daily(product=["A"] * 14 + ["B"] * 14), id_col="product").num_series == 2


@pytest.mark.parametrize(
    ("how", "values"),
    [("sum", [3, 0, 7]), ("mean", [1.5, None, 3.5]), ("count", [2, 0, 2]), ("max", [2, None, 4])],
)
def test_transactions_are_summarized(how, values):
    moments = ["2024-01-01 10:00", "2024-01-01 10:30", "2024-01-03 09:00", "2024-01-03 23:59:59"]
    table = pd.DataFrame({"ts": moments, "amount": [1.0, 2, 3, 4]})
    with pytest.raises(UserError, match="--aggregate sum --freq D"):
        read_panel(table)
    panel = read_panel(table, aggregate=how, freq="D")
    expected = [np.nan if value is None else value for value in values]
    np.testing.assert_array_equal(panel.frame["y"], expected)


@draws(50)
@given(st.sampled_from(["D", "W-SUN", "W-WED", "MS", "ME", "h", "QS"]), st.integers(0, 2**32 - 1))
def test_sums_are_those_of_pandas(freq, seed):
    rng = np.random.default_rng(seed)
    ts = pd.Timestamp("2024-01-01") + pd.to_timedelta(
        np.sort(rng.integers(0, 10**7, 200)), unit="s"
    )
    table = pd.DataFrame({"ts": ts.astype(str), "amount": rng.integers(1, 100, 200)})
    panel = read_panel(table, aggregate="sum", freq=freq)
    right = pd.Series(table["amount"].to_numpy(), index=ts).resample(freq).sum()
    assert panel.frame["y"].tolist() == right.tolist()
    assert panel.frame["ds"].tolist() == right.index.tolist()


@pytest.mark.parametrize(
    ("dates", "freq", "read"),
    [
        (["2024-01-03", "2024-01-10", "2024-01-18", "2024-01-24"], "W-WED",
         ["2024-01-03", "2024-01-10", "2024-01-17", "2024-01-24"]),
        (["2024-01-31", "2024-02-29", "2024-03-28", "2024-04-30"], "BME",
         ["2024-01-31", "2024-02-29", "2024-03-29", "2024-04-30"]),
        (["2024-01-30", "2024-02-28", "2024-03-30"], "ME",
         ["2024-01-31", "2024-02-29", "2024-03-31"]),
    ],
)  # fmt: skip
def test_dates_beside_their_steps_are_moved_and_told(dates, freq, read):
    panel = read_panel(pd.DataFrame({"ds": dates, "y": np.arange(float(len(dates)))}))
    assert panel.freq == freq
    assert panel.frame["ds"].dt.strftime("%Y-%m-%d").tolist() == read
    assert "moved to the nearest step" in panel.notes[0] or freq == "BME"


@pytest.mark.parametrize("freq", ["ME", "BME", "BMS", "QE", "W-FRI"])
def test_dates_on_their_steps_stay(freq):
    dates = pd.date_range("2020-01-01", periods=40, freq=freq)
    panel = read_panel(pd.DataFrame({"ds": dates.astype(str), "y": np.arange(40.0)}))
    assert panel.freq == freq and panel.frame["ds"].tolist() == dates.tolist()
    assert panel.notes == ()


def test_one_saturday_among_business_days_is_left_out_and_told():
    days = pd.bdate_range("2024-01-01", periods=120)
    days = days.append(pd.DatetimeIndex(["2024-03-09"])).sort_values()
    panel = read_panel(pd.DataFrame({"ds": days, "y": np.arange(121.0)}))
    assert panel.freq == "B" and len(panel.frame) == 120
    assert "1 row on weekends was left out" in panel.notes[0]


def test_times_that_jitter_are_moved_to_regular_steps():
    rng = np.random.default_rng(0)
    hours = pd.date_range("2024-01-01", periods=60, freq="h")
    jitter = pd.to_timedelta(rng.integers(-90, 90, 60), unit="s")
    panel = read_panel(pd.DataFrame({"ds": hours + jitter, "y": np.arange(60.0)}))
    assert panel.freq == "h" and panel.frame["ds"].tolist() == hours.tolist()


def test_columns_without_a_role_are_named():
    panel = read_panel(daily(weather=["dry", "wet"] * 14, n=range(28)), target_col="sales")
    assert "Columns that are not used: weather, n." in panel.notes


def test_future_covariates_from_a_file_of_their_own(tmp_path):
    ahead = pd.DataFrame(
        {"shop": ["N", "N"], "date": ["2024-01-29", "2024-01-30"], "price": [7, 8]}
    )
    ahead.to_csv(tmp_path / "ahead.csv", index=False)
    daily(shop="N", price=5.5).to_csv(tmp_path / "t.csv", index=False)
    options = {"id_col": "shop", "target_col": "sales", "future_cols": ["price"]}
    panel = read_panel(tmp_path / "t.csv", future_file=tmp_path / "ahead.csv", **options)
    assert len(panel.frame) == 28 and panel.future is not None
    assert panel.future["price"].tolist() == [7, 8]
    assert panel.future["ds"].dt.day.tolist() == [29, 30]
    ahead.assign(price="?x").to_csv(tmp_path / "wrong.csv", index=False)
    with pytest.raises(UserError, match="line 2 of wrong.csv"):
        read_panel(tmp_path / "t.csv", future_file=tmp_path / "wrong.csv", categories=(), **options)
    ahead.rename(columns={"price": "cost"}).to_csv(tmp_path / "named.csv", index=False)
    with pytest.raises(UserError, match="no column 'price'.*--future-file"):
        read_panel(tmp_path / "t.csv", future_file=tmp_path / "named.csv", **options)
    with pytest.raises(UserError, match="--future-cols"):
        read_panel(daily(), future_file=tmp_path / "ahead.csv")


@pytest.mark.parametrize("name", ["", "index", "No", "Unnamed: 0"])
def test_a_column_that_numbers_the_rows_is_not_forecast(tmp_path, name):
    table = pd.DataFrame({name: range(28), **daily()})
    table.to_csv(tmp_path / "t.csv", index=False)
    for wide in (False, True):
        assert read_panel(tmp_path / "t.csv", wide=wide).frame["unique_id"].unique() == ["sales"]


def test_years_are_dates_where_the_user_says_so():
    table = pd.DataFrame({"year": range(1990, 2010), "y": np.arange(20.0)})
    with pytest.raises(UserError, match="--date-format %Y"):
        read_panel(table, freq="YS")
    panel = read_panel(table, date_format="%Y")
    assert panel.freq == "YS" and panel.frame["ds"].iloc[0] == pd.Timestamp("1990-01-01")


def test_roles_name_the_columns_that_were_found():
    table = pd.concat([daily(shop="N"), daily(shop="S")])
    assert read_panel(table).roles == {"id_col": "shop", "time_col": "date", "target_col": "sales"}
    wide = read_panel(daily(tea=1.0), wide=True)
    assert wide.roles == {"time_col": "date"}


def test_the_style_of_numbers_is_found_for_more_data(tmp_path):
    """A short file does not tell what 95.661 is; the data of the run do."""
    (tmp_path / "long.csv").write_text("ds;y\n2024-01-01;95.661\n2024-01-02;7.5\n")
    (tmp_path / "short.csv").write_text("ds;y\n2024-01-03;95.661\n2024-01-04;96.125\n")
    with pytest.raises(UserError, match="--thousands . or --decimal ."):
        read_panel(tmp_path / "short.csv")
    roles = read_panel(tmp_path / "long.csv").roles
    assert (roles["decimal"], roles["thousands"]) == (".", "none")
    assert read_panel(tmp_path / "short.csv", **roles).frame["y"].tolist() == [95.661, 96.125]
    assert "decimal" not in read_panel(daily()).roles


def lines(rows: int = 28) -> list[str]:
    return [f"{day:%Y-%m-%d},{n}" for n, day in enumerate(DAYS[:rows])]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("date,sales\n{}\nTotal,378\n", "'Total'"),
        ("date,sales\n{}\nSource: the office of statistics,\n", "'Source: the office"),
        (
            "date,sales\n{}\ndate,sales\n2024-01-29,28",
            "1 row that repeats the header was left",
        ),
        ('"Order\ndate","sales, EUR"\n{}', None),
        ('Report of 1 May\n"Order\ndate","sales, EUR"\n{}', "the header is line 2"),
    ],
)
def test_rows_that_are_no_steps(tmp_path, text, said):
    (tmp_path / "t.csv").write_text(text.format("\n".join(lines())))
    panel = read_panel(tmp_path / "t.csv")
    assert panel.frame["y"].tolist() == list(range(29 if "29" in text else 28))
    assert said is None and not panel.notes or said in panel.notes[0]


def test_a_total_without_a_word_is_asked_about(tmp_path):
    (tmp_path / "t.csv").write_text("date,sales\n" + "\n".join(lines()) + "\n,378\n")
    with pytest.raises(UserError, match="'date' is empty, in line 30"):
        read_panel(tmp_path / "t.csv")


@pytest.mark.parametrize("separator", [",", "\t", " ", "    "])
@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_encodings_that_the_first_bytes_name(tmp_path, encoding, separator):
    text = "date,sales\n" + "\n".join(lines())
    (tmp_path / "t.txt").write_bytes(text.replace(",", separator).encode(encoding))
    assert read_panel(tmp_path / "t.txt").frame["y"].tolist() == list(range(28))


@pytest.mark.parametrize(
    ("start", "name", "said"),
    [
        (gzip.compress(b"ds,y", mtime=0), "t.csv", "rename it so that its name ends in .gz"),
        (b"\xd0\xcf\x11\xe0", "t.xls", "save it as .xlsx or CSV"),
        (b'[{"ds": "2024-01-01"}]', "t.json", "pandas.read_json"),
        (b"<html>", "t.csv", "a page or document in HTML"),
        (b"BZh9", "t.csv.bz2", "unpack it"),
    ],
)
def test_other_kinds_of_files_are_named(tmp_path, start, name, said):
    (tmp_path / name).write_bytes(start + bytes(40))
    with pytest.raises(UserError, match=said):
        read_panel(tmp_path / name)


def test_a_cell_longer_than_the_limit_of_the_csv_module_is_refused(tmp_path):
    (tmp_path / "t.csv").write_text("ds,y\n" + '"' + "x" * 200_000 + '",1\n')
    with pytest.raises(UserError, match="not those of a table: field larger"):
        read_panel(tmp_path / "t.csv")


def test_excel_sheets_and_titles(tmp_path):
    rows = [["Sales", None], [None, None], ["date", "sales"], *daily().to_numpy().tolist()]
    with pd.ExcelWriter(tmp_path / "t.xlsx") as book:
        pd.DataFrame({"read me": ["x", "y"]}).to_excel(book, sheet_name="notes", index=False)
        pd.DataFrame(rows).to_excel(book, sheet_name="data", header=False, index=False)
        daily().to_excel(book, sheet_name="more", startrow=2, index=False)
    panel = read_panel(tmp_path / "t.xlsx")
    assert panel.frame["y"].tolist() == list(range(28)) and panel.freq == "D"
    assert (
        "Sheet 'data' of t.xlsx was read; the others were left out: notes, more" in panel.notes[0]
    )
    assert read_panel(pd.read_excel(tmp_path / "t.xlsx", "more", header=2)).freq == "D"


def test_an_archive_of_an_excel_file_is_to_be_unpacked(tmp_path):
    with zipfile.ZipFile(tmp_path / "t.zip", "w") as archive:
        archive.writestr("data/t.xlsx", b"PK")
    with pytest.raises(UserError, match="unpack it, and give t.xlsx"):
        read_panel(tmp_path / "t.zip")


def test_a_series_of_pandas_is_read_and_arrays_are_refused():
    series = pd.Series(np.arange(28.0), index=DAYS)
    for name in (None, "sales"):
        panel = read_panel(series.rename(name))
        assert panel.frame["unique_id"].unique().tolist() == [name or "y"]
        assert panel.frame["y"].tolist() == list(range(28)) and panel.freq == "D"
    for source in (series.to_numpy(), series.tolist(), {"y": [1]}):
        with pytest.raises(UserError, match=r"given as (ndarray|list|dict).*pandas.DataFrame"):
            read_panel(source)


@pytest.mark.parametrize(
    ("dates", "advice"),
    [
        (["2024-01-01", "2024-02-01", "2024-02-01", "2024-03-01"], "--aggregate sum --freq MS"),
        (["2024-01-01", "2024-01-15", "2024-02-01", "2024-02-15", "2024-03-01", "2024-03-15"],
         "--aggregate sum --freq MS"),
        (pd.date_range("2024-10-26", periods=48, freq="h", tz="UTC").tz_convert("Europe/Berlin")
         .tz_localize(None), "--aggregate mean --freq h"),
    ],
)  # fmt: skip
def test_the_advised_summary_fits_the_steps_and_works(dates, advice):
    table = pd.DataFrame({"ds": dates, "y": 1.0})
    with pytest.raises(UserError, match=advice):
        read_panel(table)
    _, how, _, freq = advice.split()
    assert read_panel(table, aggregate=how, freq=freq).frame["y"].notna().all()
