"""Tables written as files of whole series: the same rows, in order, and what is wrong with them."""

from __future__ import annotations

import gzip
import json
import tempfile
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st
from profiles import draws
from typer.testing import CliRunner

from keras_rnn_recipes import UserError
from keras_rnn_recipes.cli.commands import app
from keras_rnn_recipes.data.frames import read_panel
from keras_rnn_recipes.shards.manifest import MANIFEST, read_manifest
from keras_rnn_recipes.shards.panels import open_panel
from keras_rnn_recipes.shards.sketch import Piece, Sketch
from keras_rnn_recipes.shards.writing import write_shards

NAMES = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=4)


@st.composite
def tables(draw):
    """A long table in any order: series of different lengths, gaps, missing values."""
    names = draw(st.lists(NAMES, min_size=1, max_size=6, unique=True))
    days = [
        draw(st.lists(st.integers(0, 400), min_size=1, max_size=30, unique=True)) for _ in names
    ]
    frame = pd.DataFrame(
        {
            "unique_id": [name for name, dates in zip(names, days, strict=True) for _ in dates],
            "ds": pd.Timestamp("2024-01-01") + pd.to_timedelta(np.concatenate(days), "D"),
        }
    )
    values = st.one_of(st.none(), st.integers(-1000, 10**6).map(lambda number: number / 8))
    frame["y"] = draw(st.lists(values, min_size=len(frame), max_size=len(frame)))
    frame["y"] = frame["y"].astype("float64")
    order = np.random.default_rng(draw(st.integers(0, 99))).permutation(len(frame))
    return frame.iloc[order].reset_index(drop=True)


def split_into(frame: pd.DataFrame, folder: Path, parts: int, kind: str) -> Path:
    """Write the rows into several files of a folder."""
    folder.mkdir()
    for number, rows in enumerate(np.array_split(np.arange(len(frame)), parts)):
        part, path = frame.iloc[rows], folder / f"{number}.{kind}"
        part.to_parquet(path, index=False) if kind == "parquet" else part.to_csv(path, index=False)
    return folder


def read_back(folder: Path) -> list[pd.DataFrame]:
    """The rows of each file, in the order of the manifest."""
    return [pd.read_parquet(folder / shard.name) for shard in read_manifest(folder).files]


def in_order(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.sort_values(["unique_id", "ds"], ignore_index=True)


def same_rows(one: pd.DataFrame, other: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(one, other, check_dtype=False, check_index_type=False)


@draws(60)
@given(
    table=tables(),
    parts=st.integers(1, 3),
    kind=st.sampled_from(["csv", "parquet"]),
    rows=st.integers(1, 40),
)
def test_shards_hold_the_same_rows_in_order_each_series_in_one_file(table, parts, kind, rows):
    with tempfile.TemporaryDirectory() as folder:
        source = split_into(table, Path(folder, "in"), parts, kind)
        manifest, _ = write_shards(source, Path(folder, "out"), rows_per_file=rows)
        files = read_back(Path(folder, "out"))
    same_rows(pd.concat(files, ignore_index=True), in_order(table))
    names = [set(file["unique_id"]) for file in files]
    assert sum(map(len, names)) == len(set().union(*names)) == table["unique_id"].nunique()
    for file, shard in zip(files, manifest.files, strict=True):
        assert (shard.rows, shard.series) == (len(file), file["unique_id"].nunique())
        assert [shard.first, shard.last] == list(file["unique_id"].iloc[[0, -1]])
        # A file is closed with the series that reaches the number of rows, and not before.
        assert len(file) - (file["unique_id"] == shard.last).sum() < rows
    assert all(shard.rows >= rows for shard in manifest.files[:-1])


@draws(60)
@given(table=tables(), cut=st.integers(1, 9))
def test_the_sketch_of_pieces_counts_what_a_whole_table_shows(table, cut):
    """Pieces of a few rows each, which cut series in the middle, against brute force."""
    rows = in_order(table)
    rows = pd.concat([rows, rows.iloc[:: max(len(rows) // 3, 1)]])  # some rows twice
    rows = rows.sort_values(["unique_id", "ds"], kind="stable", ignore_index=True)
    sketch, last = Sketch(("y",)), None
    sketch.freq = "D"
    sketch._find_frequency = lambda piece: None
    for at in range(0, len(rows), cut):
        part = rows.iloc[at : at + cut]
        names = part["unique_id"].to_numpy(dtype=object)
        starts = np.append(0, np.flatnonzero(names[1:] != names[:-1]) + 1)
        values = part[["y"]].to_numpy()
        piece = Piece(
            list(names[starts]), starts, part["ds"].to_numpy(), values, goes_on=last == names[0]
        )
        sketch.add(piece)
        last = names[-1]
    steps = rows.groupby("unique_id")["ds"].diff().dt.days
    lengths = rows.groupby("unique_id").size()
    found = sketch.to_dict()
    assert found["rows"] == len(rows)
    assert found["series"] == len(lengths)
    assert found["duplicates"]["rows"] == (steps == 0).sum()
    assert found["gaps"]["steps"] == (steps[steps > 1] - 1).sum()
    assert found["gaps"]["series"] == rows["unique_id"][steps > 1].nunique()
    assert found["rows_per_series"] == {
        "min": lengths.min(),
        "mean": pytest.approx(lengths.mean()),
        "max": lengths.max(),
    }
    assert found["values"]["y"]["missing"] == rows["y"].isna().sum()
    if rows["y"].notna().any():
        assert found["values"]["y"]["mean"] == pytest.approx(rows["y"].mean())
        assert found["values"]["y"]["min"] == rows["y"].min()
    assert found["time"]["first"] == str(rows["ds"].min().date())


@pytest.fixture
def sales() -> pd.DataFrame:
    days = pd.date_range("2024-01-01", periods=20)
    return pd.DataFrame(
        {
            "unique_id": np.repeat(["b", "a", "c"], 20),
            "ds": np.tile(days, 3),
            "y": np.arange(60) + 0.5,
        }
    )


def test_the_bytes_do_not_depend_on_the_order_of_the_rows_or_files(sales, tmp_path):
    contents = []
    for seed, parts in ((0, 1), (1, 3)):
        source = split_into(
            sales.sample(frac=1, random_state=seed), tmp_path / f"{seed}", parts, "csv"
        )
        write_shards(source, tmp_path / f"out{seed}", rows_per_file=25)
        names = sorted(file.name for file in (tmp_path / f"out{seed}").iterdir())
        contents.append([(tmp_path / f"out{seed}" / name).read_bytes() for name in names])
    assert contents[0] == contents[1]


@pytest.mark.parametrize(
    ("dates", "numbers", "options"),
    [
        ("%Y-%m-%d %H:%M", str, {}),
        ("%d.%m.%Y", lambda y: str(y).replace(".", ","), {}),
        ("%d/%m/%y", lambda y: f"{y + 1000:,}", {"thousands": ",", "date_format": "%d/%m/%y"}),
        ("%Y%m%d", lambda y: f" {y} ", {}),
    ],
)
def test_dates_and_numbers_are_read_as_read_panel_reads_them(
    sales, tmp_path, dates, numbers, options
):
    written = sales.assign(ds=sales["ds"].dt.strftime(dates), y=sales["y"].map(numbers))
    written.to_csv(tmp_path / "sales.csv", index=False, sep=";")
    write_shards(tmp_path / "sales.csv", tmp_path / "out", **options)
    ours = pd.concat(read_back(tmp_path / "out"), ignore_index=True)
    theirs = read_panel(tmp_path / "sales.csv", **options).frame
    same_rows(ours, theirs)
    assert ours["ds"].min() == pd.Timestamp("2024-01-01")


def test_whole_numbers_as_time_missing_cells_and_other_columns_stay(tmp_path):
    text = "store,step,sales,price,note\nx,2,n/a,1.5,é\nx,1,3,,\nx,10,4,2.5,b\n"
    with gzip.open(tmp_path / "sales.csv.gz", "wt", encoding="utf-8") as file:
        file.write(text)
    manifest, _ = write_shards(
        tmp_path / "sales.csv.gz", tmp_path / "out", by="store", target_col="sales"
    )
    rows = read_back(tmp_path / "out")[0]
    assert rows["step"].tolist() == [1, 2, 10]
    assert rows["sales"].isna().tolist() == [False, True, False]
    assert rows["price"].tolist()[1:] == [1.5, 2.5]
    assert list(rows["note"].fillna("")) == ["", "é", "b"]
    assert (manifest.ids, manifest.time, manifest.targets) == (("store",), "step", ("sales",))


def test_hive_partitions_become_columns_and_may_name_the_series(sales, tmp_path):
    for name, part in sales.groupby("unique_id"):
        for month, rows in part.groupby(part["ds"].dt.day > 10):
            folder = tmp_path / "in" / f"region=north {name}" / f"late={month}"
            folder.mkdir(parents=True)
            rows.to_parquet(folder / "part [0].parquet", index=False)
    write_shards(tmp_path / "in", tmp_path / "out", by="region,unique_id", target_col="y")
    rows = pd.concat(read_back(tmp_path / "out"), ignore_index=True)
    assert len(rows) == 60
    assert rows["region"].tolist() == [f"north {name}" for name in "abc" for _ in range(20)]
    assert set(rows["late"]) == {"True", "False"}


def test_types_of_parquet_files_stay(tmp_path):
    times = pd.date_range("2024-03-30", periods=4, freq="D", tz="Europe/Berlin")
    frame = pd.DataFrame({"item": [7, 7, 10, 10], "ds": times[[1, 0, 3, 2]], "y": [1, 2, 3, 4]})
    frame.to_parquet(tmp_path / "in.parquet", index=False)
    write_shards(tmp_path / "in.parquet", tmp_path / "out", by="item")
    rows = read_back(tmp_path / "out")[0]
    assert rows["item"].tolist() == [10, 10, 7, 7]  # in order of their names, as text
    assert rows["y"].tolist() == [4, 3, 2, 1]
    assert rows["ds"].dt.tz_convert("UTC").tolist() == list(times[[2, 3, 0, 1]].tz_convert("UTC"))


def test_problems_are_told_and_stand_in_the_manifest(sales, tmp_path):
    broken = pd.concat([sales.drop([3, 4]), sales.iloc[[50]]])
    broken.loc[7, "y"] = np.nan
    broken.to_csv(tmp_path / "sales.csv", index=False)
    done = CliRunner().invoke(
        app, ["shard", str(tmp_path / "sales.csv"), "--to", str(tmp_path / "out")]
    )
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert lines[0].startswith("1 row has the series and the time of another row, the first for")
    assert "series 'c' at 2024-01-11" in lines[0]
    assert lines[1].startswith("2 steps have no row in 1 series (steps of D); the first gap is in")
    assert lines[2] == "1 row has no value in column 'y'."
    assert lines[3] == f"3 series, 59 rows, steps of D, 1 file: {tmp_path / 'out'}"
    manifest = json.loads((tmp_path / "out" / MANIFEST).read_text(encoding="utf-8"))
    assert manifest["problems"] == lines[:3]
    assert manifest["schema"] == {"unique_id": "string", "ds": "timestamp[us]", "y": "double"}
    assert (manifest["freq"], manifest["season_length"]) == ("D", 7)


def no_folder(folder: Path, sales: pd.DataFrame) -> None:
    (folder / "in").rmdir()


def cut_short(folder: Path, sales: pd.DataFrame) -> None:
    for name in "ab":
        sales.to_parquet(folder / "in" / f"{name}.parquet")
    path = folder / "in" / "b.parquet"
    path.write_bytes(path.read_bytes()[:-20])


def other_columns(folder: Path, sales: pd.DataFrame) -> None:
    sales.to_parquet(folder / "in" / "a.parquet", index=False)
    sales.rename(columns={"y": "sales"}).to_parquet(folder / "in" / "b.parquet", index=False)


def other_types(folder: Path, sales: pd.DataFrame) -> None:
    sales.to_parquet(folder / "in" / "a.parquet", index=False)
    sales.assign(y=sales["y"].astype("int64")).to_parquet(folder / "in" / "b.parquet", index=False)


def both_kinds(folder: Path, sales: pd.DataFrame) -> None:
    sales.to_parquet(folder / "in" / "a.parquet", index=False)
    sales.to_csv(folder / "in" / "b.csv", index=False)


def missing_column(folder: Path, sales: pd.DataFrame) -> None:
    sales.rename(columns={"unique_id": "shop"}).to_csv(folder / "in" / "a.csv", index=False)


def not_a_number(folder: Path, sales: pd.DataFrame) -> None:
    sales.to_csv(folder / "in" / "a.csv", index=False)
    sales.astype({"y": object}).replace({"y": {7.5: "7;5"}}).to_csv(
        folder / "in" / "b.csv", index=False
    )


def not_a_date(folder: Path, sales: pd.DataFrame) -> None:
    sales.to_csv(folder / "in" / "a.csv", index=False)
    sales.astype({"ds": str}).replace({"ds": {"2024-01-09": "soon"}}).to_csv(
        folder / "in" / "b.csv", index=False
    )


def no_name(folder: Path, sales: pd.DataFrame) -> None:
    sales.assign(unique_id=sales["unique_id"].where(sales["y"] != 9.5)).to_csv(
        folder / "in" / "b.csv", index=False
    )


def long_line(folder: Path, sales: pd.DataFrame) -> None:
    sales.to_csv(folder / "in" / "a.csv", index=False)
    with open(folder / "in" / "a.csv", "a", encoding="utf-8") as file:
        file.write("a,2024-03-01,5,6,7\n")


def no_rows(folder: Path, sales: pd.DataFrame) -> None:
    sales.head(0).to_csv(folder / "in" / "a.csv", index=False)


def output_in_use(folder: Path, sales: pd.DataFrame) -> None:
    sales.to_csv(folder / "in" / "a.csv", index=False)
    (folder / "out").mkdir()
    (folder / "out" / "mine.txt").touch()


def output_in_a_file(folder: Path, sales: pd.DataFrame) -> None:
    sales.to_csv(folder / "in" / "a.csv", index=False)
    (folder / "out").touch()


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (no_folder, ["There is no file", "in"]),
        (cut_short, ["b.parquet could not be read", "cut short", "remove it"]),
        (other_columns, ["a.parquet has a column 'y'", "b.parquet lacks"]),
        (other_types, ["column 'y' is double in a.parquet and int64 in b.parquet"]),
        (both_kinds, ["1 Parquet file and 1 CSV file"]),
        (missing_column, ["There is no column 'unique_id' in a.csv", "--by"]),
        (not_a_number, ["Column 'y' contains '7;5' in", "b.csv", "not a finite number"]),
        (not_a_date, ["Column 'ds' contains 'soon' in", "b.csv", "--date-format"]),
        (no_name, ["Column 'unique_id' is empty in a row of", "b.csv"]),
        (long_line, ["a.csv", "62"]),
        (no_rows, ["a.csv", "a few rows"]),
        (output_in_use, ["out is not empty", "--to"]),
        (output_in_a_file, ["out is a file", "--to"]),
    ],
)
def test_a_mistake_is_one_message_and_leaves_nothing(sales, tmp_path, damage, words):
    (tmp_path / "in").mkdir()
    damage(tmp_path, sales)
    before = sorted(tmp_path.rglob("*"))
    done = CliRunner().invoke(app, ["shard", str(tmp_path / "in"), "--to", str(tmp_path / "out")])
    assert done.exit_code == 2, done.output
    assert [line.split(":")[0] for line in done.stderr.splitlines()] == ["Error", "Expected", "Fix"]
    assert [word for word in words if word not in done.stderr] == []
    assert sorted(tmp_path.rglob("*")) == before


def test_a_folder_that_cannot_be_written_is_refused(sales, tmp_path):
    sales.to_csv(tmp_path / "a.csv", index=False)
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="file is a file, so the folder"):
        write_shards(tmp_path / "a.csv", tmp_path / "file" / "out")


def test_without_the_extra_the_message_names_it(monkeypatch, tmp_path):
    monkeypatch.setattr("keras_rnn_recipes.extras.find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"duckdb and pyarrow.*keras-rnn-recipes\[shards\]"):
        write_shards(tmp_path / "a.csv", tmp_path / "out")


def test_a_series_in_two_files_is_refused_with_a_manifest_and_without(sales, tmp_path):
    folder = split_into(sales.sort_values("unique_id"), tmp_path / "in", 4, "parquet")
    with pytest.raises(UserError, match=r"Series 'a' is in two files .*0\.parquet and 1\.parquet"):
        open_panel(folder)
    write_shards(folder, tmp_path / "out", rows_per_file=20)
    assert len(open_panel(tmp_path / "out").files) == 3
    path = tmp_path / "out" / MANIFEST
    path.write_text(path.read_text(encoding="utf-8").replace('"first": "b"', '"first": "a"'))
    with pytest.raises(UserError, match="Series 'a' is in two files"):
        open_panel(tmp_path / "out")


def test_a_folder_of_whole_series_needs_no_manifest(sales, tmp_path):
    for name, part in sales.groupby("unique_id"):
        folder = tmp_path / "in" / f"unique_id={name}"
        folder.mkdir(parents=True)
        part.drop(columns="unique_id").to_parquet(folder / "0.parquet", index=False)
    (tmp_path / "in" / "README.md").touch()
    panel = open_panel(tmp_path / "in")
    assert [file.name for file in panel.files] == [f"unique_id={n}/0.parquet" for n in "abc"]
    assert "README.md" in panel.notes[0]
    same_rows(
        panel.files[1].read()[["unique_id", "ds", "y"]],
        sales.head(20),
    )
    with pytest.raises(UserError, match="contains no Parquet file"):
        open_panel(tmp_path)
        split_into(sales, tmp_path / "csv", 1, "csv")
        open_panel(tmp_path / "csv")


def test_files_come_in_order(sales, tmp_path):
    manifest, _ = write_shards(
        split_into(sales, tmp_path / "in", 2, "csv"), tmp_path / "out", rows_per_file=1
    )
    assert [shard.name for shard in manifest.files] == sorted(s.name for s in manifest.files)
    assert all(one.last < other.first for one, other in pairwise(manifest.files))
    assert manifest == read_manifest(tmp_path / "out")


def test_help_of_shard_does_not_wait_for_duckdb(run_python):
    code = "import sys, keras_rnn_recipes.cli.commands; print('duckdb' in sys.modules)"
    assert run_python(code).stdout.strip() == "False"
