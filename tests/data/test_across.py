"""Tables with dates in their header."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from keras_rnn_recipes.data.across import with_dates_down
from keras_rnn_recipes.data.frames import read_panel
from keras_rnn_recipes.data.reading import open_table
from keras_rnn_recipes.errors import UserError

MONTHS = pd.date_range("2018-01-01", periods=24, freq="MS")


def across(header, **first) -> str:
    """Two rows, a (0, 1, ...) and b (100, 101, ...), with a cell for each name of the header."""
    columns = {**first, **{name: [n, 100 + n] for n, name in enumerate(header)}}
    return pd.DataFrame(columns).to_csv(index=False)


@pytest.mark.parametrize(
    ("header", "freq"),
    [(MONTHS.strftime("%Y-%m"), "MS"), (MONTHS.strftime("%b %Y"), "MS"),
     (MONTHS.strftime("%d/%m/%Y"), "MS"), (MONTHS[::-1].strftime("%Y-%m-%d"), "MS")],
)  # fmt: skip
def test_a_column_for_each_date(tmp_path, header, freq):
    (tmp_path / "t.csv").write_text(across(header, product=["a", "b"]))
    panel = read_panel(tmp_path / "t.csv")
    assert panel.freq == freq and panel.num_series == 2
    found = panel.frame.set_index(["unique_id", "ds"])["y"]
    order = list(MONTHS) if header[0] < header[-1] or "/" in header[0] else list(MONTHS[::-1])
    if header[0] == "Jan 2018":
        order = list(MONTHS)
    assert [found["b", month] for month in order] == [100 + n for n in range(24)]
    assert any("header of t.csv holds dates" in note for note in panel.notes)


@pytest.mark.parametrize("form", ["{}", "{} [YR{}]"])
def test_years_in_the_header_with_a_name_and_a_code(tmp_path, form):
    names = {"Country Name": ["Austria", "Brazil"], "Country Code": ["AUT", "BRA"]}
    header = [form.format(year, year) for year in range(1990, 2020)]
    (tmp_path / "t.csv").write_text(across(header, **names, Indicator=["GDP", "GDP"]))
    panel = read_panel(tmp_path / "t.csv")
    first = panel.frame.groupby("unique_id")[["ds", "y"]].first()
    assert first.loc["Brazil"].tolist() == [1990, 100] and panel.frame["ds"].max() == 2019


def test_excel_files_with_years_or_dates_in_the_header(tmp_path):
    for header in (list(range(1990, 2010)), list(MONTHS)):
        frame = pd.DataFrame([["a", *range(len(header))]], columns=["shop", *header])
        frame.to_excel(tmp_path / "t.xlsx", index=False)
        assert read_panel(tmp_path / "t.xlsx").frame["y"].tolist() == list(range(len(header)))


@pytest.mark.parametrize("unit", ["months", "quarters"])
def test_a_row_for_each_year(tmp_path, unit):
    size = 12 if unit == "months" else 4
    names = [f"{m:%b}" for m in MONTHS[:12]] if unit == "months" else ["Q1", "Q2", "Q3", "Q4"]
    values = np.arange(8 * size).reshape(8, size)
    table = pd.DataFrame(values, columns=names).assign(Total=values.sum(axis=1))
    table.insert(0, "Year", range(2010, 2018))
    table.to_csv(tmp_path / "t.csv", index=False)
    panel = read_panel(tmp_path / "t.csv")
    assert panel.freq == ("MS" if size == 12 else "QS")
    assert panel.frame["y"].tolist() == list(range(8 * size))
    assert panel.frame["ds"].iloc[[0, -1]].dt.year.tolist() == [2010, 2017]


@pytest.mark.parametrize("names", [[f"{h}" for h in range(24)], [f"H{h}" for h in range(1, 25)]])
def test_a_row_for_each_day(tmp_path, names):
    days = pd.date_range("2024-01-25", periods=14)
    table = pd.DataFrame(np.arange(14 * 24).reshape(14, 24), columns=names)
    for cells in (days.strftime("%d/%m/%Y"), days):
        panel = read_panel(table.assign(day=cells))
        assert panel.freq == "h" and panel.frame["y"].tolist() == list(range(14 * 24))
        first = "2024-01-25 00:00" if names[0] == "0" else "2024-01-25 01:00"
        assert panel.frame["ds"].iloc[0] == pd.Timestamp(first)


@pytest.mark.parametrize(
    "months",
    [
        "Jan Feb Mär Apr Mai Jun Jul Aug Sep Okt Nov Dez",
        "janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc.",
    ],
)
def test_months_of_other_languages(months):
    table = pd.DataFrame(np.arange(60.0).reshape(5, 12), columns=months.split())
    table.insert(0, "Jahr", [str(year) for year in range(2010, 2015)])
    assert read_panel(table).frame["y"].tolist() == list(range(60))


def test_numbered_steps_of_named_series():
    """The layout of the M4 and M5 competitions; shorter series end early."""
    table = pd.DataFrame({"V1": ["Y1", "Y2"], **{f"V{n + 2}": [n, 2.0 * n] for n in range(20)}})
    table.loc[0, ["V20", "V21"]] = np.nan
    panel = read_panel(table)
    assert panel.freq == "1" and panel.frame.groupby("unique_id").size().tolist() == [18, 20]
    assert panel.frame["y"].tolist() == [*range(18), *range(0, 40, 2)]
    features = table.drop(columns="V1")
    with pytest.raises(UserError, match="No column of the table contains dates"):
        read_panel(features)  # numbers without names are no series


def test_names_of_which_some_are_numbers_name_series():
    numbers = {f"d_{n + 1}": [n, 2.0 * n, 3.0 * n] for n in range(20)}
    panel = read_panel(pd.DataFrame({"shop": ["a", "7", "b"], **numbers}))
    assert panel.frame["unique_id"].unique().tolist() == ["7", "a", "b"]
    seven = panel.frame[panel.frame["unique_id"] == "7"]
    assert seven["y"].tolist() == list(range(0, 40, 2))


def test_tabs_separate_where_commas_stand_in_the_first_cell(tmp_path):
    header = "freq,unit,geo\\TIME_PERIOD\t" + "\t".join(f"{m:%Y-%m} " for m in MONTHS)
    rows = [f"M,EUR,{geo}\t" + "\t".join(": " if n == 3 else f"{n} " for n in range(24))
            for geo in ("AT", "BE")]  # fmt: skip
    (tmp_path / "t.tsv").write_text("\n".join([header, *rows]))
    panel = read_panel(tmp_path / "t.tsv")
    assert panel.frame["unique_id"].unique().tolist() == ["M,EUR,AT", "M,EUR,BE"]
    expected = [np.nan if n == 3 else n for n in range(24)]
    np.testing.assert_array_equal(panel.frame["y"], expected * 2)


def test_a_cell_that_is_no_number_is_located_in_the_first_table(tmp_path):
    text = across(MONTHS.strftime("%Y-%m"), product=["a", "b"]).replace(",110,", ",many,")
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(UserError, match="'many', which is not a number, in line 3 of t.csv"):
        read_panel(tmp_path / "t.csv")


def test_series_with_numbers_as_names_are_no_dates():
    days = pd.date_range("2024-01-01", periods=9).astype(str)
    shops = pd.DataFrame({"date": days, **{str(n): 1.0 for n in range(1990, 2000)}})
    table = open_table(shops)
    assert with_dates_down(table) is table
    assert read_panel(shops, wide=True).num_series == 10
