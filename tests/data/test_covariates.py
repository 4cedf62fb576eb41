"""Columns beside the target: read, checked, coded from the training part, carried ahead."""

from __future__ import annotations

import datetime
import json
import sys
import types

import numpy as np
import pandas as pd
import pytest

from keras_rnn_recipes.data.calendar import calendar_columns, calendar_values
from keras_rnn_recipes.data.coding import apply_covariates, learn_covariates
from keras_rnn_recipes.data.covariates import SERIES, Covariate, Covariates
from keras_rnn_recipes.data.frames import read_panel
from keras_rnn_recipes.errors import UserError

NAMES = {
    "past_cols": ["open"],
    "future_cols": ["promo", "price"],
    "static_cols": ["town", "size"],
}


def table(steps: int = 8, ahead: int = 2, shops: str = "ab") -> pd.DataFrame:
    """Two shops, the last ``ahead`` rows without a value."""
    parts = [
        pd.DataFrame(
            {
                "unique_id": shop,
                "ds": pd.date_range("2024-01-01", periods=steps),
                "y": [*map(float, range(1, steps - ahead + 1)), *[np.nan] * ahead],
                "open": [step % 3 > 0 for step in range(steps)],
                "promo": ["none", "leaflet"] * (steps // 2),
                "price": np.arange(steps) + place / 10,
                "town": "Graz" if place else "Linz",
                "size": 100.0 + place,
            }
        )
        for place, shop in enumerate(shops)
    ]
    return pd.concat(parts, ignore_index=True)


def changed(frame: pd.DataFrame, row: int, **cells) -> pd.DataFrame:
    frame = frame.copy()
    for name, value in cells.items():
        frame[name] = frame[name].astype(object)
        frame.loc[row, name] = value
    return frame.infer_objects()


def test_rows_after_the_last_value_are_the_known_future():
    panel = read_panel(table(), **NAMES)
    assert panel.frame.groupby("unique_id").size().tolist() == [6, 6]
    assert list(panel.frame) == ["unique_id", "ds", "y", "open", "promo", "price", "town", "size"]
    assert list(panel.future) == ["unique_id", "ds", "promo", "price"]
    assert panel.future["price"].tolist() == [6.0, 7.0, 6.1, 7.1]
    assert panel.future["promo"].tolist() == ["none", "leaflet"] * 2
    assert panel.columns == {key: tuple(value) for key, value in NAMES.items()}


def test_without_future_columns_the_last_rows_are_the_steps_to_forecast():
    panel = read_panel(table(), static_cols=["town"])
    assert panel.future is None
    assert panel.frame.groupby("unique_id").size().tolist() == [6, 6]
    assert any("steps to forecast" in note for note in panel.notes)


def test_a_file_and_a_frame_are_read_alike(tmp_path):
    table().to_csv(tmp_path / "t.csv", index=False)
    from_file, from_frame = read_panel(tmp_path / "t.csv", **NAMES), read_panel(table(), **NAMES)
    pd.testing.assert_frame_equal(from_file.frame, from_frame.frame, check_categorical=False)
    known = learn_covariates(from_frame)
    assert learn_covariates(from_file) == known
    assert known.past == (Covariate("open", ("False", "True")),)
    assert known.static == (Covariate("town", ("Graz", "Linz")), Covariate("size"))


def test_numbers_may_be_categories():
    frame = table().assign(size=pd.Categorical([3, 7] * 8).reorder_categories([7, 3]))
    frame["size"] = frame.groupby("unique_id")["size"].transform("first")
    assert learn_covariates(read_panel(frame, static_cols=["size"])).static[0].values == ("3",)
    text = table().assign(size=["8"] * 8 + ["9"] * 8)
    known = learn_covariates(read_panel(text, static_cols=["size"], categories=["size"]))
    assert known.static[0].values == ("8", "9")


def test_gaps_are_filled_with_what_is_constant_and_with_nothing_else():
    panel = read_panel(table().drop(index=[2, 10]), **NAMES)
    gap = panel.frame[panel.frame["ds"] == "2024-01-03"]
    assert gap["town"].tolist() == ["Linz", "Graz"] and gap["size"].tolist() == [100, 101]
    assert gap[["y", "open", "promo", "price"]].isna().all(axis=None)


def test_after_the_end_only_what_is_known_ahead_is_kept():
    whole = table(10, 0)
    panel = read_panel(whole, **NAMES, end="2024-01-06")
    cut = read_panel(whole.assign(y=whole["y"].where(whole["ds"] <= "2024-01-06")), **NAMES)
    pd.testing.assert_frame_equal(panel.frame, cut.frame)
    pd.testing.assert_frame_equal(panel.future, cut.future)
    assert len(panel.future) == 8
    assert len(read_panel(whole, past_cols=["open"], end="2024-01-06").frame) == 12


@pytest.mark.parametrize(
    ("frame", "options", "said"),
    [
        (table(), {"future_cols": ["promp"]}, "no column 'promp'.*--future-cols promo"),
        (table(), {"static_cols": ["twon"]}, "no column 'twon'.*--static-cols town"),
        (table(), {"future_cols": ["price"], "static_cols": ["price"]}, "'price'.*two roles"),
        (table(), {"static_cols": ["unique_id"]}, "'unique_id'.*two roles"),
        (
            changed(table(), 3, town="Wien"),
            {"static_cols": ["town"]},
            "'town' changes within a series: it is 'Linz' for series 'a' at 2024-01-03.*'Wien' "
            "for series 'a' at 2024-01-04",
        ),
        (changed(table(), 9, size=7.5), {"static_cols": ["size"]}, "it is 101.*'b'.*and 7.5"),
        (changed(table(), 3, price="dear"), {"future_cols": ["price"]}, "'price'.*'dear'.*row 3"),
        (
            table().assign(due=table()["ds"].astype(str)),
            {"future_cols": ["due"]},
            "'due'.*contains dates",
        ),
        (
            table(104, 2).assign(note=[f"note {n}" for n in range(208)]),
            {"past_cols": ["note"]},
            "208 different texts in 208 rows",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_refused(frame, options, said):
    with pytest.raises(UserError, match=f"(?s){said}"):
        read_panel(frame, time_col="ds", target_col="y", **options)


def test_codes_are_those_of_the_training_part():
    frame = table(10, 2)
    late = changed(changed(frame, 6, promo="radio"), 19, promo="tv")
    panel = read_panel(late, **NAMES)
    known = learn_covariates(panel, held_out=2)
    assert known.future[0].values == ("leaflet", "none")
    coded = apply_covariates(panel, known, horizon=2)
    assert coded.frame["promo"].tolist() == [2, 1, 2, 1, 2, 1, 0, 1, *[2, 1] * 4]
    assert coded.future["promo"].tolist() == [2, 1, 2, 0]
    assert learn_covariates(panel).future[0].values == ("leaflet", "none", "radio")
    numbers = coded.frame.drop(columns=["unique_id", "ds"])
    assert all(dtype.kind == "f" for dtype in numbers.dtypes)


def test_a_series_has_a_code_and_a_new_one_the_code_nought():
    known = learn_covariates(read_panel(table(), **NAMES), series=True)
    assert known.static[-1] == Covariate(SERIES, ("a", "b"))
    assert known.sizes == {
        "past_codes": (3,),
        "num_future": 2,
        "future_codes": (3, 0),
        "num_static": 3,
        "static_codes": (3, 0, 3),
    }
    other = apply_covariates(read_panel(table(shops="bx"), **NAMES), known)
    assert other.frame.groupby("unique_id")[SERIES].unique().explode().to_dict() == {"b": 2, "x": 0}
    assert other.sizes == {"num_features": 2, **known.sizes} and other.future is None


def test_a_missing_future_value_names_series_and_date():
    panel = read_panel(changed(table(), 15, price=np.nan), **NAMES)
    known = learn_covariates(panel)
    assert apply_covariates(panel, known, horizon=1).future["price"].tolist() == [6.0, 6.1]
    with pytest.raises(UserError, match="'price'.*series 'b' at 2024-01-08, step 2 of the 2"):
        apply_covariates(panel, known, horizon=2)
    with pytest.raises(UserError, match="'promo'.*'a' at 2024-01-09, step 3.*in 1 more series"):
        apply_covariates(panel, known, horizon=3)


def test_nothing_beside_the_target_changes_nothing():
    panel = read_panel(table().drop(columns=["town"]), time_col="ds", target_col="y")
    known = learn_covariates(panel)
    assert not known and known.sizes == {}
    assert apply_covariates(panel, known, horizon=3) is panel


def test_what_was_learnt_is_plain_data():
    known = learn_covariates(read_panel(table(), **NAMES), calendar=["month"], series=True)
    assert Covariates.from_dict(json.loads(json.dumps(known.to_dict()))) == known


def test_the_calendar_agrees_with_the_standard_library():
    days = pd.date_range("2019-12-25", periods=900)
    features = ["day_of_week", "day_of_month", "week_of_year", "month", "quarter"]
    values = calendar_values(days.to_numpy(), "D", features, None)
    categories = {column.name: column.values for column in calendar_columns(features, None)}
    for name, told in {
        "day_of_week": lambda day: day.strftime("%A"),
        "day_of_month": lambda day: str(day.day),
        "week_of_year": lambda day: str(day.isocalendar()[1]),
        "month": lambda day: str(day.month),
        "quarter": lambda day: str((day.month + 2) // 3),
    }.items():
        found = [categories[name][int(code) - 1] for code in values[name]]
        assert found == [told(datetime.date(d.year, d.month, d.day)) for d in days]


def test_hours_minutes_and_the_turn_of_the_year():
    times = np.array(["2024-12-31T23:30", "2025-01-01T00:00"], "datetime64[us]")
    values = calendar_values(times, "30min", ["hour", "minute", "day_of_year"], None)
    assert values["hour"].tolist() == [24, 1] and values["minute"].tolist() == [31, 1]
    for name, at_new_year in (("day_of_year_sin", 0), ("day_of_year_cos", 1)):
        assert values[name][1] == at_new_year
        assert abs(values[name][0] - values[name][1]) < 0.02  # no jump between the years


def test_a_calendar_is_known_for_the_steps_ahead():
    panel = read_panel(table()[["unique_id", "ds", "y"]].dropna())
    known = learn_covariates(panel, calendar=["day_of_week"])
    future = apply_covariates(panel, known, horizon=3).future
    assert future["day_of_week"].tolist() == [7, 1, 2] * 2  # from Sunday, 7 January, on
    assert future["ds"].dt.day.tolist() == [7, 8, 9] * 2


@pytest.fixture
def two_holidays(monkeypatch):
    """In the place of the package: New Year's Day, and the fifth of January in leap years."""

    def country_holidays(country, years):
        if country != "XX":
            raise NotImplementedError(country)
        days = [datetime.date(year, 1, 1) for year in years]
        return dict.fromkeys([*days, datetime.date(2024, 1, 5)], "")

    module = types.ModuleType("holidays")
    module.country_holidays = country_holidays
    monkeypatch.setitem(sys.modules, "holidays", module)


@pytest.mark.parametrize(
    ("freq", "dates", "expected"),
    [
        ("D", ["2023-12-31", "2024-01-01", "2024-01-02", "2024-01-05"], [0, 1, 0, 1]),
        ("h", ["2023-12-31T23", "2024-01-01T00", "2024-01-01T23", "2024-01-02T00"], [0, 1, 1, 0]),
        ("W-SUN", ["2023-12-24", "2023-12-31", "2024-01-07"], [0, 2, 0]),
        ("MS", ["2023-12-01", "2024-01-01", "2025-01-01"], [0, 2, 1]),
        ("ME", ["2023-12-31", "2024-01-31", "2025-01-31"], [0, 2, 1]),
        ("B", ["2023-12-29", "2024-01-01", "2024-01-05"], [0, 1, 1]),
    ],
)
def test_holidays_are_counted_within_each_step(two_holidays, freq, dates, expected):
    ds = np.array(dates, "datetime64[us]")
    assert calendar_values(ds, freq, [], "XX")["holiday"].tolist() == expected


def test_the_real_holidays():
    pytest.importorskip("holidays", reason="pip install 'keras-rnn-recipes[holidays]'")
    ds = np.array(["2024-07-03", "2024-07-04"], "datetime64[us]")
    assert calendar_values(ds, "D", [], "US")["holiday"].tolist() == [0, 1]
    with pytest.raises(UserError, match="no country 'ZZ'"):
        calendar_values(ds, "D", [], "ZZ")


def test_a_calendar_that_cannot_be_had_is_refused(two_holidays, monkeypatch):
    ds = np.array(["2024-07-03"], "datetime64[us]")
    with pytest.raises(UserError, match="no country 'YY'"):
        calendar_values(ds, "D", [], "YY")
    with pytest.raises(UserError, match="whole numbers"):
        calendar_values(np.arange(3), "1", ["month"], None)
    with pytest.raises(UserError, match="no calendar feature 'moon'"):
        calendar_columns(["moon"], None)
    with pytest.raises(UserError, match="'month' is in the table.*derived"):
        frame = table().assign(month=1.0)
        learn_covariates(read_panel(frame, static_cols=["month"]), calendar=["month"])
    monkeypatch.setitem(sys.modules, "holidays", None)
    with pytest.raises(UserError, match=r"pip install 'keras-rnn-recipes\[holidays\]'"):
        calendar_values(ds, "D", [], "XX")


def test_calendar_features_have_as_many_categories_as_the_calendar():
    sizes = {"minute": 60, "hour": 24, "day_of_week": 7, "day_of_month": 31, "week_of_year": 53}
    sizes |= {"month": 12, "quarter": 4}
    columns = calendar_columns([*sizes], None)
    assert {column.name: len(column.values) for column in columns} == sizes
