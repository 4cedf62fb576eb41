"""A Parquet file is read, planned for, forecast and predicted from as a CSV file is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from families.command import krr

from keras_rnn_recipes.data.frames import read_panel
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.workflows.forecast import ForecastOptions, plan_forecast

pytest.importorskip("pyarrow", reason="needs the extra parquet")


def sales() -> pd.DataFrame:
    """Two shops with a gap, missing values, whole numbers and text."""
    rng = np.random.default_rng(0)
    parts = [
        pd.DataFrame(
            {
                "shop": name,
                "day": pd.date_range("2024-01-01", periods=length),
                "sold": rng.normal(level, 2, length).round(3),
                "staff": rng.integers(1, 4, length),
            }
        ).drop(index=[7])
        for name, length, level in (("north", 90, 20.0), ("søuth", 70, 300.0))
    ]
    frame = pd.concat(parts, ignore_index=True)
    frame.loc[[3, 100], "sold"] = np.nan
    return frame


COLUMNS = {"id_col": "shop", "time_col": "day", "target_col": "sold", "past_cols": ["staff"]}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("sales")
    sales().to_csv(folder / "sales.csv", index=False)
    sales().to_parquet(folder / "sales.parquet")
    return folder


def test_it_is_read_as_the_csv_is(folder):
    one, other = (read_panel(folder / f"sales.{kind}", **COLUMNS) for kind in ("csv", "parquet"))
    pd.testing.assert_frame_equal(one.frame, other.frame)
    assert (one.freq, one.season_length) == (other.freq, other.season_length)
    assert set(one.frame["unique_id"]) == {"north", "søuth"}
    assert one.frame["y"].isna().sum() == 4  # two that are missing, two gaps


@pytest.mark.parametrize("kind", ["date", "text", "zone", "index", "categories", "arrow"])
def test_every_way_to_store_a_column_is_read(folder, tmp_path, kind):
    frame = sales()
    if kind == "date":
        frame["day"] = frame["day"].dt.date
    if kind == "text":
        frame["day"] = frame["day"].dt.strftime("%Y-%m-%d")
    if kind == "zone":
        frame["day"] = frame["day"].dt.tz_localize("UTC")
    if kind == "index":
        frame = frame.set_index(["shop", "day"])
    if kind == "categories":
        frame["shop"] = frame["shop"].astype("category")
    if kind == "arrow":
        frame = frame.convert_dtypes(dtype_backend="pyarrow")
    frame.to_parquet(tmp_path / "other.parquet")
    found = read_panel(tmp_path / "other.parquet", **COLUMNS)
    expected = read_panel(folder / "sales.csv", **COLUMNS)
    pd.testing.assert_frame_equal(found.frame, expected.frame)


def test_a_forecast_is_planned_as_for_the_csv(folder):
    options = {"id_col": "shop", "time_col": "day", "target_col": "sold"}
    one, other = (
        plan_forecast(ForecastOptions(folder / f"sales.{kind}", 5, **options)).config
        for kind in ("csv", "parquet")
    )
    assert other.data.source.endswith("sales.parquet")
    same = one.data.model_copy(update={"source": other.data.source})
    assert one.model_copy(update={"data": same}) == other


def test_a_file_that_is_none_is_refused(tmp_path):
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(
        UserError, match=r"broken\.parquet could not be read.*a complete Parquet file"
    ):
        read_panel(tmp_path / "broken.parquet")


def test_without_pyarrow_it_says_how_to_get_it(folder, monkeypatch):
    def no_reader(path):
        raise ImportError("Unable to find a usable engine; tried using: 'pyarrow', 'fastparquet'.")

    monkeypatch.setattr(pd, "read_parquet", no_reader)
    with pytest.raises(UserError, match=r"pip install 'keras-rnn-recipes\[parquet\]'"):
        read_panel(folder / "sales.parquet", **COLUMNS)


@pytest.mark.slow
def test_the_command_line_forecasts_it_and_predicts_from_it(folder, tmp_path):
    run, columns = tmp_path / "run", ["--id-col", "shop", "--time-col", "day"]
    columns += ["--target-col", "sold", "--horizon", "3", "--units", "2"]
    file = str(folder / "sales.parquet")
    told = krr("forecast", file, *columns, "--run-dir", str(run), "--smoke")
    assert "2 series" in told
    for kind in ("parquet", "csv"):
        data = str(folder / f"sales.{kind}")
        krr("predict", str(run), "--input", data, "--output", str(tmp_path / f"{kind}.csv"))
    found = pd.read_csv(run / "forecasts.csv")
    assert found["unique_id"].tolist() == ["north"] * 3 + ["søuth"] * 3
    for kind in ("parquet", "csv"):
        again = pd.read_csv(tmp_path / f"{kind}.csv")
        pd.testing.assert_frame_equal(again, found, rtol=1e-4)
    assert np.isfinite(found["lstm"]).all()
