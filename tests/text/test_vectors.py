"""Vector files in every format, written byte by byte, and the matrix that a vocabulary gets."""

from __future__ import annotations

import codecs
import gzip
import io
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, strategies as st
from profiles import draws

from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.text.vectors import load_vectors, words_of_vectors
from keras_rnn_recipes.text.vocabulary import SPECIALS

WORDS = {"the": (1.0, -2.0, 0.5), "Bonn": (3.0, 4.0, 5.0), "été": (0.25, 0.0, -1.0), "x": (9, 9, 9)}
VOCABULARY = (*SPECIALS, "The", "été", "nowhere", "Bonn")


def lines(words=WORDS):
    return "".join(f"{word} {' '.join(map(str, row))}\n" for word, row in words.items())


def binary(line_break=b""):
    rows = (word.encode() + b" " + np.array(row, "<f4").tobytes() for word, row in WORDS.items())
    return b"4 3\n" + b"".join(row + line_break for row in rows)


def zipped(name, content):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, content)
    return buffer.getvalue()


FILES = {
    "glove.txt": lines().encode(),
    "fasttext.vec": f"4 3\n{lines()}".replace("\n", " \n").replace("3 \n", "3\n", 1).encode(),
    "word2vec.txt": f"4 3\n{lines()}".encode(),
    "word2vec.bin": binary(),
    "gensim.bin": binary(b"\n"),
    "glove.txt.gz": gzip.compress(lines().encode(), mtime=0),
    "word2vec.bin.gz": gzip.compress(binary(), mtime=0),
    "tabs.txt": lines().replace(" ", "\t").encode(),
    "word-tab.txt": lines().replace(" ", "\t", 1).encode(),
    "mixed.txt": "".join(
        line.replace(" ", "\t", 1) + "\n" for line in lines().splitlines()
    ).encode(),
    "two spaces.txt": lines().replace(" ", "  ").encode(),
    "windows.txt": lines().replace("\n", "\r\n").encode(),
    "bom.txt": codecs.BOM_UTF8 + lines().encode(),
    "bom.vec": codecs.BOM_UTF8 + f"4 3\n{lines()}".encode(),
    "commas.csv": lines().replace(" ", ",").encode(),
    "glove.zip": zipped("glove.txt", lines().encode()),
    "word2vec.bin.zip": zipped("word2vec.bin", binary()),
}


@pytest.mark.parametrize("name", FILES)
def test_every_format_gives_the_same_rows(tmp_path, name):
    (tmp_path / name).write_bytes(FILES[name])
    vectors = load_vectors(tmp_path / name, VOCABULARY)
    assert vectors.matrix.shape == (8, 3) and vectors.matrix.dtype == np.float32
    assert vectors.matrix[0].tolist() == [0, 0, 0]
    assert vectors.matrix[[4, 5, 7]].tolist() == [
        [1.0, -2.0, 0.5],
        [0.25, 0.0, -1.0],
        [3.0, 4.0, 5.0],
    ]
    assert (vectors.found, vectors.lowered, vectors.missing) == (2, 1, ("nowhere",))
    assert vectors.report().startswith("3 of 4 words (75.0%) have a vector, 1 of them")
    assert vectors.report().endswith("The vectors have the width 3.")


@pytest.mark.parametrize("name", FILES)
def test_the_words_of_every_format_come_in_their_order(tmp_path, name):
    (tmp_path / name).write_bytes(FILES[name])
    lowered = words_of_vectors(tmp_path / name, lambda words: [word.lower() for word in words])
    assert lowered == {"the": "the", "bonn": "Bonn", "été": "été", "x": "x"}


def test_a_token_gets_the_vector_of_the_word_that_becomes_it(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("BERLIN 1 2\nBerlin 3 4\nparis 5 6\n")
    forms = words_of_vectors(path, lambda words: [word.lower() for word in words])
    vectors = load_vectors(path, (*SPECIALS, "berlin", "paris", "rom"), forms=forms)
    assert vectors.matrix[4:6].tolist() == [[1, 2], [5, 6]]
    assert (vectors.found, vectors.lowered, vectors.missing) == (1, 1, ("rom",))


def test_a_zip_of_several_files_names_them(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.txt", "the 1 2")
        archive.writestr("b.txt", "the 1 2")
    with pytest.raises(UserError, match=r"contains 2 files \(a.txt, b.txt\)"):
        load_vectors(tmp_path / "a.zip", VOCABULARY)


def test_missing_words_get_rows_with_the_mean_and_spread_of_those_found(tmp_path):
    random = np.random.default_rng(0)
    known = {f"w{n}": random.normal(3.0, 0.5, 20) for n in range(300)}
    path = tmp_path / "a.vec"
    path.write_text(lines(known))
    vocabulary = (*SPECIALS, *known, *(f"m{n}" for n in range(300)))
    first, again, other = (load_vectors(path, vocabulary, seed=seed).matrix for seed in (0, 0, 1))
    assert np.array_equal(first, again)
    assert not np.allclose(first[304:], other[304:]) and np.array_equal(first[4:304], other[4:304])
    assert abs(first[304:].mean() - 3.0) < 0.05 and abs(first[304:].std() - 0.5) < 0.02


def test_words_with_spaces_and_blank_lines_are_taken_as_glove_writes_them(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("the 1 2\n. . . 3 4\n\n")
    assert load_vectors(path, (*SPECIALS, ". . .")).matrix[4].tolist() == [3, 4]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.txt", b"the 1 2 3\na 1 2\n", "Line 2 of a.txt has 2 numbers. Expected: 3"),
        ("a.txt", b"the 1 2\na 1 2 3\n", "Line 2 of a.txt has 3 numbers. Expected: 2"),
        ("a.vec", b"2 3\nthe 1 2\na 1 2 3\n", "Line 2 of a.vec has 2 numbers. Expected: 3"),
        ("a.txt", b"the\n", "Line 1 of a.txt has 0 numbers"),
        ("a.txt", b"the 1 nan\n", "Line 1 of a.txt has a value that is not a finite number"),
        ("a.txt", b"of 1 2\nthe 1 x\n", "Line 2 of a.txt has a value"),
        ("a.vec", b"3 2\nthe 1 2\n", "ends after 1 vector. Expected: 3"),
        ("a.txt", b"der 1 2\n", "no vector for any of the 4 words"),
        ("a.txt", b"", "is empty"),
        ("a.bin", b"the 1 2 3\n", "does not begin with"),
        ("a.bin", binary()[:-5], "ends after 3 vectors. Expected: 4"),
        ("a.txt.gz", b"the 1 2\n", "could not be read"),
        ("a.zip", b"the 1 2\n", "could not be read"),
        ("a.txt", "the 1 2".encode("utf-16"), "UTF-8"),
        ("a.bin", b"3 99999999999\nthe ", "does not begin with"),
        ("a.txt", b"the 1 1e99\n", "not a finite number"),
    ],
)
def test_what_is_wrong_is_told(tmp_path, name, content, said):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=said):
        load_vectors(tmp_path / name, (*SPECIALS, "the", "été", "nowhere", "Bonn"))


def test_a_binary_file_may_have_any_name(tmp_path):
    (tmp_path / "vectors").write_bytes(binary())
    assert load_vectors(tmp_path / "vectors", VOCABULARY, binary=True).found == 2


@st.composite
def damaged(draw):
    """A name and bytes: of a valid file with some bytes replaced, cut out or put in."""
    name = draw(st.sampled_from([*FILES]))
    content = bytearray(FILES[name])
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(content)))
        length = draw(st.integers(0, 6))
        content[place : place + length] = draw(st.binary(max_size=6))
    return name, bytes(content)


ANY = st.tuples(st.sampled_from(["a.txt", "a.bin", "a.gz", "a.zip"]), st.binary(max_size=80))


@given(damaged() | ANY)
@draws(300)
def test_whatever_stands_in_a_file_the_answer_is_vectors_or_an_error_for_users(case):
    name, content = case
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        try:
            vectors = load_vectors(path, VOCABULARY)
        except UserError:
            return
        assert vectors.matrix.shape[0] == len(VOCABULARY) and np.isfinite(vectors.matrix).all()
