"""Files that are too large: a message before they are read, in little memory."""

from __future__ import annotations

import gzip
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from keras_rnn_recipes.data import sizes
from keras_rnn_recipes.data.files import check_file
from keras_rnn_recipes.data.frames import read_panel
from keras_rnn_recipes.errors import UserError


def big_csv(path: Path, megabytes: int) -> Path:
    """Valid rows, written line by line, gzipped where the name says so."""
    line = b"2024-01-01,1\n"
    with gzip.open(path, "wb", 1) if path.suffix == ".gz" else path.open("wb") as file:
        file.write(b"ds,y\n")
        for _ in range(megabytes):
            file.write(line * (2**20 // len(line)))
    return path


def refused(path: Path, said: str, most_memory: int = 80 * 2**20) -> None:
    """Reading it is refused, and takes less memory than given."""
    tracemalloc.start()
    try:
        with pytest.raises(UserError, match=said):
            read_panel(path)
        assert tracemalloc.get_traced_memory()[1] < most_memory
    finally:
        tracemalloc.stop()


def test_a_million_columns(tmp_path):
    path = tmp_path / "wide.csv"
    names = ",".join(f"series{number}" for number in range(1_000_000))
    path.write_text(f"ds,{names}\n2024-01-01{',1' * 1_000_000}\n")
    refused(path, "wide.csv has 1000001 columns.*one row for each series and date")


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_most_columns_are_allowed(tmp_path, separator):
    path = tmp_path / "wide.csv"
    path.write_text(separator.join(f"s{n}" for n in range(sizes.MOST_COLUMNS)) + "\n1\n")
    check_file(path)


@pytest.mark.parametrize("place", ["header", "row"])
def test_a_field_of_200_megabytes(tmp_path, place):
    path = tmp_path / "field.csv"
    with path.open("wb") as file:
        file.write(b"ds,y\n2024-01-01,1\n" if place == "row" else b"ds,")
        for _ in range(200):
            file.write(b"x" * 2**20)
        file.write(b"\n")
    refused(path, "a line or a cell of more than 16 MB")


def test_a_gzip_that_unpacks_to_a_thousand_times_its_size(tmp_path):
    path = tmp_path / "bomb.csv.gz"
    with gzip.open(path, "wb", 9) as file:
        for _ in range(300):
            file.write(b"1\n" * 2**19)
    assert path.stat().st_size < 2**20
    refused(path, "bomb.csv.gz unpacks to more than 500 times its size")
    with pytest.raises(UserError, match="unpacks to more than 500 times"):
        check_file(path, "a text file")


@pytest.mark.parametrize("suffix", [".zip", ".xlsx"])
def test_an_archive_that_unpacks_to_a_thousand_times_its_size(tmp_path, suffix):
    path = tmp_path / f"bomb{suffix}"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("bomb.csv", "w", force_zip64=True) as file,
    ):
        for _ in range(300):
            file.write(b"1\n" * 2**19)
    refused(path, "unpacks to more than 500 times its size")


@pytest.mark.parametrize("name", ["y.csv", "y.csv.gz"])
def test_a_table_larger_than_the_memory(tmp_path, monkeypatch, name):
    monkeypatch.setattr(sizes, "_of_system", lambda: 2**20)
    refused(big_csv(tmp_path / name, 3), f"{name} needs more than .* GB of memory")
    with pytest.raises(UserError, match="of memory"):
        check_file(tmp_path / name, "a text file")


def test_a_parquet_file_of_few_bytes_and_many_rows(tmp_path, monkeypatch):
    pytest.importorskip("pyarrow", reason="Parquet needs the extra 'parquet'")
    path = tmp_path / "y.parquet"
    pd.DataFrame({"ds": range(100_000), "y": 1.0}).assign(ds=0).to_parquet(path)
    assert path.stat().st_size < 100_000
    monkeypatch.setattr(sizes, "_of_system", lambda: 2**20)
    refused(path, "y.parquet needs more than")


def test_ordinary_files_pass_and_damaged_ones_are_left_to_the_reader(tmp_path):
    check_file(big_csv(tmp_path / "y.csv", 2))
    check_file(big_csv(tmp_path / "y.csv.gz", 2))
    for name in ("broken.zip", "broken.xlsx", "broken.parquet"):
        (tmp_path / name).write_bytes(b"nothing of the kind")
        sizes.check_table_size(tmp_path / name)
    whole = (tmp_path / "y.csv.gz").read_bytes()
    for number, damaged in enumerate([whole[:-9], whole[:50] + b"\0" * 20 + whole[70:], b"ds,y\n"]):
        path = tmp_path / f"damaged{number}.csv.gz"
        path.write_bytes(damaged)
        with pytest.raises(UserError, match="could not be read"):
            check_file(path)


def test_two_dates_a_thousand_years_apart_at_a_frequency_of_minutes(tmp_path):
    path = tmp_path / "y.csv"
    path.write_text("ds,y\n1024-01-01 00:00,1\n1024-01-01 00:01,2\n2024-01-01 00:00,3\n")
    for options in ({}, {"freq": "min"}):
        tracemalloc.start()
        with pytest.raises(UserError):
            read_panel(path, **options)
        assert tracemalloc.get_traced_memory()[1] < 80 * 2**20
        tracemalloc.stop()


def test_the_limit_of_a_container_counts(tmp_path, monkeypatch):
    monkeypatch.setattr(sizes, "_of_system", lambda: 10 * 2**30)
    monkeypatch.setattr(sizes, "_of_container", lambda: 2**30)
    assert sizes.available_memory() == 2**30
    monkeypatch.setattr(sizes, "_of_container", lambda: None)
    assert sizes.available_memory() == 10 * 2**30
    monkeypatch.setattr(sizes, "_of_system", lambda: None)
    assert sizes.available_memory() is None
    check_file(big_csv(tmp_path / "y.csv", 1))


@pytest.mark.slow
def test_five_million_rows_are_read(tmp_path):
    path = tmp_path / "rows.csv"
    minutes = pd.date_range("2015-01-01", periods=2_500_000, freq="min")
    frame = pd.DataFrame({"ds": np.tile(minutes.astype(str), 2), "y": np.arange(5_000_000) % 1000})
    frame.insert(0, "unique_id", np.repeat(["a", "b"], 2_500_000))
    frame.to_csv(path, index=False)
    panel = read_panel(path)
    assert (panel.num_series, len(panel.frame), panel.freq) == (2, 5_000_000, "min")
    assert panel.frame["y"].tolist() == frame["y"].tolist()
