"""Whatever is in a file: a panel or a `UserError` comes out, and nothing else."""

from __future__ import annotations

import contextlib
import gzip

import numpy as np
import pandas as pd
import pytest
from data.damage import damaged, only_user_errors
from data.table_styles import tables
from hypothesis import given, strategies as st
from profiles import draws

from keras_rnn_recipes.data.dates import parse_dates
from keras_rnn_recipes.data.frames import read_panel
from keras_rnn_recipes.data.numbers import looks_like_number, parse_numbers, style_of
from keras_rnn_recipes.errors import UserError

# The random draws are made within the tests, which pytest does not see.
pytestmark = pytest.mark.hypothesis

CELLS = st.text("0123456789-/:.,; TWQZapm%$€()'\"?JanFebé\u00a0\0", max_size=14)


def read(path, content: bytes, **options) -> None:
    path.write_bytes(content)
    with only_user_errors():
        panel = read_panel(path, **options)
        assert len(panel.frame) and np.isfinite(panel.frame["y"].dropna()).all()


@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz", "t.zip", "t.xlsx", "t.parquet", "t.feather"])
def test_any_bytes(tmp_path, name):
    @draws(150)
    @given(st.binary(max_size=300))
    def each(content):
        read(tmp_path / name, content)
        if name.endswith(".gz"):
            read(tmp_path / name, gzip.compress(content))

    each()


def test_any_cells(tmp_path):
    @draws(500)
    @given(
        st.lists(st.lists(CELLS, min_size=1, max_size=4), min_size=1, max_size=12),
        st.sampled_from(",;\t|"),
        st.sampled_from([{}, {"freq": "D"}, {"wide": True}, {"aggregate": "sum", "freq": "MS"}]),
    )
    def each(rows, separator, options):
        text = "ds,y\n".replace(",", separator)
        read(tmp_path / "t.csv", (text + "\n".join(map(separator.join, rows))).encode(), **options)

    each()


def test_files_with_damage(tmp_path):
    """Valid tables of which a piece is cut, doubled or replaced."""

    @draws(400)
    @given(tables(), st.randoms(use_true_random=False), st.binary(min_size=1, max_size=4))
    def each(written, random, junk):
        content = damaged(written.text.encode(), random, (junk, b"\n", b'"', b",", b";"))
        read(tmp_path / "t.csv", content, **written.options)

    each()


@draws(500)
@given(st.lists(CELLS, min_size=1, max_size=10))
def test_any_column_is_parsed_or_refused(cells):
    column = pd.Series(cells, dtype=object, name="x")
    with contextlib.suppress(UserError):
        dates = parse_dates(column)
        assert len(dates.values) == len(dates.bad) == len(cells)
    with contextlib.suppress(UserError):
        style, _ = style_of([column], ",")
        values = parse_numbers(column, style)
        known = [not looks_like_number(cell) for cell in cells]
        assert np.isnan(values[np.array(known) & ~np.isinf(values)]).all()
