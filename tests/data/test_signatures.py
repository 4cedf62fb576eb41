"""Formats by their first bytes: those that other programs write."""

from __future__ import annotations

import bz2
import gzip
import lzma
import sqlite3
import zipfile

import pandas as pd
import pytest

from keras_rnn_recipes.data.files import check_kind
from keras_rnn_recipes.data.signatures import FORMATS, find_format
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.text.other_formats import refuse_binary

TABLE = pd.DataFrame({"ds": ["2024-01-01", "2024-01-02"], "y": [1.0, 2.0]})


def write_database(path):
    with sqlite3.connect(path) as connection:
        TABLE.to_sql("sales", connection)
    connection.close()


def write_archive(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.csv", TABLE.to_csv())


WRITERS = {
    "gzip": lambda path: path.write_bytes(gzip.compress(b"ds,y", mtime=0)),
    "bzip2": lambda path: path.write_bytes(bz2.compress(b"ds,y")),
    "xz": lambda path: path.write_bytes(lzma.compress(b"ds,y")),
    "zip": write_archive,
    "parquet": lambda path: TABLE.to_parquet(path),
    "feather": lambda path: TABLE.to_feather(path),
    "sqlite": write_database,
    "markup": lambda path: TABLE.to_html(path),
    "json": lambda path: TABLE.to_json(path, orient="records"),
}
# No program that writes these is at hand: the numbers are those of the descriptions of the formats.
WRITERS |= {
    name: lambda path, start=start: path.write_bytes(bytes.fromhex(start) + b"rest of it")
    for name, start in {
        "zstd": "28b52ffd",
        "7z": "377abcaf271c",
        "xls": "d0cf11e0a1b11ae1",
        "pdf": "255044462d",
    }.items()
}


def test_every_format_is_tried():
    assert WRITERS.keys() == FORMATS.keys()


@pytest.mark.parametrize("name", WRITERS)
def test_a_file_of_another_format_is_refused_by_its_name(tmp_path, name):
    if name in ("parquet", "feather"):
        pytest.importorskip("pyarrow")
    WRITERS[name](tmp_path / "a.csv")
    data = (tmp_path / "a.csv").read_bytes()
    assert find_format(data) == find_format(data[:8]) == name
    with pytest.raises(UserError) as refused:
        check_kind(tmp_path / "a.csv")
    assert f"a.csv is {FORMATS[name].name}." == refused.value.what
    assert len(refused.value.fix) > 5
    for ending in FORMATS[name].endings:
        check_kind((tmp_path / "a.csv").rename(tmp_path / f"a{ending}"))
        (tmp_path / f"a{ending}").rename(tmp_path / "a.csv")
    if name in ("markup", "json"):  # these are texts, whose lines are looked at later
        return refuse_binary(tmp_path / "a.csv", data)
    with pytest.raises(UserError, match="a.csv is ") as refused:
        refuse_binary(tmp_path / "a.csv", data)
    assert len(refused.value.fix) > 5


def test_a_table_in_text_is_of_no_other_format():
    for start in (b"ds,y", b"\xef\xbb\xbfds,y", b"", b"1,2", b'"PAR1",y'):
        assert find_format(start) is None
