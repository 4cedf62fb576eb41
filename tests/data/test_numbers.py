"""Numbers in the styles of the world: the right value, or a question."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st
from profiles import draws

from keras_rnn_recipes.data.frames import read_panel
from keras_rnn_recipes.data.numbers import (
    NumberStyle,
    looks_like_number,
    parse_numbers,
    removed_signs,
    style_of,
)
from keras_rnn_recipes.errors import UserError


def values(separator: str, *cells: str, **options) -> list[float]:
    column = pd.Series(cells, name="y")
    style, _ = style_of([column], separator, **options)
    return parse_numbers(column, style).tolist()


@pytest.mark.parametrize(
    ("separator", "cells", "meant"),
    [
        (";", ["1.025", "963", "1.074"], [1025, 963, 1074]),
        (",", ["1,234", "87"], [1234, 87]),
        (",", ["1.025", "1.5"], [1.025, 1.5]),
        (",", ["1.025", "1.074"], [1.025, 1.074]),
        (",", ["1.125", "2", "3.375"], [1.125, 2, 3.375]),
        (";", ["1,025", "1,074"], [1.025, 1.074]),
        (";", ["1.025,50", "963,2"], [1025.5, 963.2]),
        (",", ["1,025.50", "963.20"], [1025.5, 963.2]),
        (",", ["1 025.5", "12"], [1025.5, 12]),
        (";", ["1\u202f025,5", "12"], [1025.5, 12]),
        (",", ["1'025.50", "3"], [1025.5, 3]),
        (",", ["1.234.567", "5"], [1234567, 5]),
        (",", ["0.125", "0.375"], [0.125, 0.375]),
        (",", ["1025", "1.074"], [1025, 1.074]),
        (",", ["$1,234.50", "-$3", "$ 7"], [1234.5, -3, 7]),
        (";", ["1.234,50 €", "3,00 €"], [1234.5, 3]),
        (",", ["12%", "7.5 %"], [12, 7.5]),
        (",", ["12,34,567.5", "99,999"], [1234567.5, 99999]),
        (",", ["(1,234)", "5-", "\u22127"], [-1234, -5, -7]),
        (",", ["1e-9", "2.5E12"], [1e-9, 2.5e12]),
    ],
)
def test_a_column_as_it_is_meant(separator, cells, meant):
    assert values(separator, *cells) == meant


@pytest.mark.parametrize("cell", ["", "NA", "n/a", "-", "?", "null", "#N/A", ".", "--"])
def test_signs_of_a_missing_value(cell):
    assert np.isnan(parse_numbers(pd.Series(["1.5", cell]), NumberStyle())[1])
    assert not looks_like_number(cell)


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_what_nothing_tells_is_asked(separator):
    with pytest.raises(UserError, match=r"1025 or 1.025.*--thousands . or --decimal .") as error:
        values(separator, "1.025", "1.074")
    assert "'1.025'" in str(error.value)
    assert values(separator, "1.025", "1.074", thousands=".") == [1025, 1074]
    assert values(separator, "1.025", "1.074", decimal=".") == [1.025, 1.074]


def test_other_columns_tell():
    prices, counts = pd.Series(["3,5", "2,25"]), pd.Series(["1.025", "1.074"])
    assert style_of([prices, counts], ";")[0] == NumberStyle(",", ".")
    years = pd.Series(["2023", "2024"])  # without a separator, although above 999
    assert style_of([years, pd.Series(["1.025", "963"])], ";")[0] == NumberStyle(",", ".")


def test_two_styles_in_one_table_are_refused():
    with pytest.raises(UserError, match="two styles, such as '1.234.567' and '1.5'"):
        style_of([pd.Series(["1.234.567", "2"]), pd.Series(["1.5", "2"])], ",")


@pytest.mark.parametrize("options", [{"decimal": ";"}, {"decimal": ",", "thousands": ","}])
def test_options_that_cannot_be(options):
    with pytest.raises(UserError, match="--decimal , --thousands ."):
        values(",", "1", **options)


def test_what_is_left_out_is_said():
    assert removed_signs([pd.Series(["12%", "3%"], name="share")]) == (
        "Percent signs of column 'share' were left out: 12% is 12.",
    )
    assert "Currency signs of column 'price'" in removed_signs([pd.Series(["€3"], name="price")])[0]
    assert removed_signs([pd.Series(["3", "x"], name="y"), pd.Series([1.5])]) == ()


@draws(300)
@given(
    st.lists(st.integers(-(10**9), 10**9), min_size=2, max_size=8),
    st.sampled_from([(".", ""), (",", ""), (".", ","), (",", "."), (".", " "), (",", " ")]),
    st.integers(1, 2),
)
def test_numbers_written_in_a_style_are_read_in_it(numbers, signs, places):
    decimal, thousands = signs
    exact = [number / 10**places for number in numbers]
    cells = [
        f"{x:,.{places}f}".replace(",", "\0").replace(".", decimal).replace("\0", thousands)
        for x in exact
    ]
    np.testing.assert_allclose(values(";", *cells), exact, rtol=1e-15)


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["12.-", "8.50", "1'000.--"], [12, 8.5, 1000]),
        (["Rs. 1,234", "Rs. 950"], [1234, 950]),
        (["₱1,234.50", "-A$2.00", "(RM 3.00)"], [1234.5, -2, -3]),
        (['="950"', '="1002"'], [950, 1002]),
        (["#DIV/0!", "n.a.", ":", "\\N", "3"], [np.nan, np.nan, np.nan, np.nan, 3]),
        (["990", "1,015", "1002"], [990, 1015, 1002]),  # a separator in some cells only
    ],
)
def test_other_ways_to_write_a_number(cells, values):
    column = pd.Series(cells)
    style, _ = style_of([column], ",")
    np.testing.assert_array_equal(parse_numbers(column, style), values)


def test_thousands_in_some_cells_only_are_asked_about_where_commas_may_be_decimal():
    with pytest.raises(UserError, match="1.015.*two ways"):
        style_of([pd.Series(["990", "1.015", "1002"])], ";")


def test_a_number_that_often_means_missing_is_told():
    days = pd.date_range("2024-01-01", periods=9)
    for number, told in ((-999, True), (-9999.0, True), (-998, False)):
        table = pd.DataFrame({"ds": days, "y": [number, *range(8)]})
        notes = read_panel(table).notes
        assert any(f"contains {number:g} (1 row)" in note for note in notes) is told
    mixed = pd.DataFrame({"ds": days, "y": [-999, -3, *range(7)]})
    assert not read_panel(mixed).notes
