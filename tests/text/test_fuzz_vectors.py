"""Whatever is in a file of word vectors: finite vectors or a `UserError`."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from data.damage import damaged, only_user_errors
from hypothesis import given, strategies as st
from profiles import draws

from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.text.tokenizer import SPECIALS
from keras_rnn_recipes.text.vectors import load_vectors

VOCABULARY = (*SPECIALS, "a", "b", "new york", "é")
CELLS = st.sampled_from(
    ["a", "b", "é", "new", "york", "1", "-2.5", "nan", "1e99", "", "\0", "3e38"]
)
WHOLE_TEXT = b"3 2\na 1 2\nnew york 3 4\n\xc3\xa9 -1 0.5\n"
WHOLE_BINARY = b"2 2\n" + b"a " + np.float32([1, 2]).tobytes() + b"\nb " + bytes(8)


def read(path: Path, content: bytes, **options) -> None:
    path.write_bytes(content)
    with only_user_errors():
        vectors = load_vectors(path, VOCABULARY, **options)
        assert vectors.matrix.shape[0] == len(VOCABULARY) and np.isfinite(vectors.matrix).all()
        assert vectors.found + vectors.lowered >= 1


@pytest.mark.parametrize("name", ["v.txt", "v.bin", "v.txt.gz", "v.bin.gz"])
def test_any_bytes(tmp_path, name):
    @draws(200)
    @given(st.binary(max_size=120))
    def each(content):
        read(tmp_path / name, content)
        if name.endswith(".gz"):
            read(tmp_path / name, gzip.compress(content))

    each()


def test_any_cells(tmp_path):
    @draws(400)
    @given(st.lists(st.lists(CELLS, max_size=4), max_size=6), st.sampled_from([" ", "\t", "  "]))
    def each(rows, separator):
        read(tmp_path / "v.txt", "\n".join(map(separator.join, rows)).encode())

    each()


@pytest.mark.parametrize("name", ["v.txt", "v.bin", "v.txt.gz"])
def test_files_with_damage(tmp_path, name):
    whole = WHOLE_BINARY if name == "v.bin" else WHOLE_TEXT
    whole = gzip.compress(whole) if name.endswith(".gz") else whole

    @draws(400)
    @given(st.randoms(use_true_random=False), st.binary(min_size=1, max_size=4))
    def each(random, junk):
        read(tmp_path / name, damaged(whole, random, (junk, b"\n", b" ", b"9")))

    each()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("v.bin", b"9999999999999999999 9999999999999999999\na "),
        ("v.bin", b"1 99999999999\na 1234"),
        ("v.bin", b"99999999999 1\na 1234"),
        ("v.txt", b"9" * 5000 + b" 2\na 1 2\n"),
        ("v.txt", b"2 99999999999999\na 1 2\n"),
        ("v.txt", b"a 3e38 3e38\nb 3e38 -3e38\n"),
    ],
)
def test_numbers_out_of_proportion(tmp_path, name, content):
    read(tmp_path / name, content)


@pytest.mark.parametrize("name", ["v.txt", "v.bin"])
def test_a_line_of_200_megabytes(tmp_path, name):
    path = tmp_path / name
    with path.open("wb") as file:
        file.write(b"1 2\n")
        for _ in range(200):
            file.write(b"x" * 2**20)
    with pytest.raises(UserError):
        load_vectors(path, VOCABULARY)
