"""Pretrained word vectors: word2vec (text and binary), GloVe, fastText ``.vec``; gzipped or zipped.

GloVe files have one line per word; the others begin with a line of the number of words and the
width. Words and numbers are separated by spaces or tabs, or by commas where there is no other
white space. Only the vectors of the vocabulary are kept, so that large files can be read.
"""

from __future__ import annotations

import itertools
import re
import zipfile
import zlib
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from keras_rnn_recipes.data.files import (
    broken_file,
    check_file,
    is_number,
    not_utf8,
    open_bytes,
)
from keras_rnn_recipes.errors import UserError, counted
from keras_rnn_recipes.text.vocabulary import SPECIALS

_WIDEST = 1_000_000  # numbers of a vector
_MOST_WORDS = 1_000_000  # that `words_of_vectors` reads
_LONGEST_WORD = 10_000  # bytes of a word in a binary file


@dataclass(frozen=True)
class PretrainedVectors:
    """Word vectors for every id of a vocabulary, with their coverage.

    Args:
        matrix: float32 ``(vocabulary, width)``, for `text_classifier`'s ``embeddings``.
        found: number of words with their own vector.
        lowered: number of words with the vector of another form of theirs: in lower case, or one
            of ``forms``.
        missing: words without a vector, in the order of the vocabulary: most frequent first.
        num_fixed: number of words at the end that are in the file and not in the training texts.
    """

    matrix: np.ndarray
    found: int
    lowered: int
    missing: tuple[str, ...]
    num_fixed: int = 0

    def options(self) -> dict[str, Any]:
        """The arguments ``embeddings`` and ``num_fixed`` of the builders."""
        return {"embeddings": self.matrix, "num_fixed": self.num_fixed}

    def report(self) -> str:
        """Sentences about the width and the coverage."""
        total = self.found + self.lowered + len(self.missing)
        covered = self.found + self.lowered
        some = ", ".join(self.missing[:5]) + (", …" if len(self.missing) > 5 else "")
        have = "has" if covered == 1 else "have"
        share = f"{covered / max(total, 1):.1%}"
        return (
            f"{covered} of {total} words ({share}) {have} a vector, {self.lowered} of them by "
            f"their lower-case form; without a vector: {some or 'none'}. The vectors have the "
            f"width {self.matrix.shape[1]}."
        )


def load_vectors(
    path: str | Path,
    vocabulary: Sequence[str],
    *,
    binary: bool | None = None,
    seed: int = 0,
    forms: Mapping[str, str] | None = None,
) -> PretrainedVectors:
    r"""Read the vectors of the words of a vocabulary.

    Args:
        path: of the file, gzipped (``.gz``), zipped (``.zip``, with one file in it) or not.
        vocabulary: tokens by id, beginning with ``SPECIALS``.
        binary: whether the file is in word2vec's binary format; None: if its name ends in ``.bin``.
        seed: of the rows for words and specials without a vector, which are normally distributed
            with the mean and standard deviation of the vectors found. The row of padding is zeros.
        forms: a word of the file by token, for tokens that neither are in the file nor are there in
            lower case; from `words_of_vectors`.

    Returns:
        The vectors, ``matrix`` ``(vocabulary, width)``, and their coverage.

    Raises:
        UserError: a missing file, lines of different widths or without numbers (the message names
            the line), a truncated file, or no vector for any word.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "tiny.vec"
        >>> _ = path.write_text("2 3\ngood 1 2 3\nbad -1 -2 -3\n")
        >>> vectors = load_vectors(path, (*SPECIALS, "Good", "bad", "ugly"))
        >>> vectors.matrix[4].tolist(), vectors.found, vectors.lowered, vectors.missing
        ([1.0, 2.0, 3.0], 1, 1, ('ugly',))
    """
    path = Path(path)
    words, forms = list(vocabulary[len(SPECIALS) :]), forms or {}
    wanted = {*words, *(word.lower() for word in words), *(forms.get(word, "") for word in words)}
    known: dict[str, np.ndarray] = {}
    for word, vector in _pairs(path, binary, wanted):
        known.setdefault(word, vector)
    if not known:
        raise UserError(
            f"{path.name} has no vector for any of the {counted(len(words), 'word')} of the "
            "vocabulary.",
            "vectors of the same language and tokenization.",
            "choose another file, or other tokens.",
        )
    return _for_vocabulary(words, known, forms, seed)


def words_of_vectors(
    path: str | Path,
    prepare: Callable[[Sequence[str]], Sequence[str]],
    *,
    binary: bool | None = None,
) -> dict[str, str]:
    r"""The words of a file of vectors by their token, in the order of the file.

    Args:
        path, binary: as in `load_vectors`.
        prepare: function from words to the token of each, empty for a word that is no single token.

    Returns:
        The first word of the file by token, of its first million words: files begin with the most
        frequent ones.

    Raises:
        UserError: as `load_vectors`.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "tiny.txt"
        >>> _ = path.write_text("Good 1 2\ngood 3 4\nbad 5 6\n")
        >>> words_of_vectors(path, lambda words: [word.lower() for word in words])
        {'good': 'Good', 'bad': 'bad'}
    """
    pairs = itertools.islice(_pairs(Path(path), binary, None), _MOST_WORDS)
    words = [word for word, _ in pairs]
    found: dict[str, str] = {}
    for token, word in zip(prepare(words), words, strict=True):
        if token:
            found.setdefault(token, word)
    return found


def _pairs(
    path: Path, binary: bool | None, wanted: set[str] | None
) -> Iterator[tuple[str, np.ndarray]]:
    """The wanted words and their vectors; all words, with no numbers, where ``wanted`` is None."""
    check_file(path, "a file of word vectors")
    if binary is None:
        binary = path.name.removesuffix(".gz").removesuffix(".zip").endswith(".bin")
    try:
        with open_bytes(path, "file of word vectors") as file:
            yield from (_read_binary if binary else _read_text)(file, path, wanted)
    # A damaged archive is a BadZipFile or a zlib.error; an encrypted one is a RuntimeError, and a
    # compression that Python lacks is a NotImplementedError.
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, RuntimeError) as error:
        raise broken_file(path, error) from error


def _for_vocabulary(
    words: list[str], known: dict[str, np.ndarray], forms: Mapping[str, str], seed: int
) -> PretrainedVectors:
    vectors = np.stack(list(known.values()))
    shape = (len(SPECIALS) + len(words), vectors.shape[1])
    mean, spread = vectors.mean(dtype="float64"), vectors.std(dtype="float64")
    random = np.random.default_rng(seed)
    largest = np.finfo("float32").max
    matrix = random.normal(mean, spread, shape).clip(-largest, largest).astype("float32")
    matrix[0] = 0.0
    found, lowered, missing = 0, 0, []
    for number, word in enumerate(words, start=len(SPECIALS)):
        if word in known:
            found += 1
            matrix[number] = known[word]
        elif (other := word.lower()) in known or (other := forms.get(word, "")) in known:
            lowered += 1
            matrix[number] = known[other]
        else:
            missing.append(word)
    return PretrainedVectors(matrix, found, lowered, tuple(missing))


def _read_text(
    file: IO[bytes], path: Path, wanted: set[str] | None
) -> Iterator[tuple[str, np.ndarray]]:
    count, width, number = None, None, 0
    for number, line in enumerate(file, start=1):
        if number == 1 and line.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
            raise not_utf8(path)
        cells = _cells(line.removeprefix(BOM_UTF8) if number == 1 else line)
        if not cells:
            continue
        if number == 1 and len(cells) == 2 and all(map(_is_size, cells)):
            count, width = int(cells[0]), int(cells[1])
            continue
        width = width or len(cells) - 1
        word = _word(cells, width, f"Line {number} of {path.name}")
        if wanted is None:
            yield word, np.empty(0)
        elif word in wanted:
            yield word, _numbers(cells[-width:], f"Line {number} of {path.name}")
    if count is not None and number - 1 < count:
        raise _cut_off(path, number - 1, count)


def _is_size(cell: str) -> bool:
    return cell.isdecimal() and len(cell) < 16


def _cells(line: bytes) -> list[str]:
    """The word and the numbers of a line; a line without white space is cut at commas."""
    text = line.decode("utf-8", "replace").rstrip()
    if "\t" in text or "  " in text:
        return re.split("[ \t]+", text)
    cells = text.split(" ") if text else []
    return text.split(",") if len(cells) == 1 and "," in text else cells


def _word(cells: list[str], width: int, where: str) -> str:
    """The text before the last ``width`` cells: one cell, or several in some GloVe files."""
    beyond = cells[1:-width] if width else cells
    if width < 1 or len(cells) <= width or (beyond and all(map(is_number, beyond))):
        raise UserError(
            f"{where} has {len(cells) - 1} numbers.",
            f"{width or 'some'}, as in the lines before.",
            "correct that line, or get the file again.",
        )
    return " ".join(cells[:-width])


def _numbers(cells: list[str], where: str) -> np.ndarray:
    try:
        with np.errstate(over="ignore"):  # an infinite number is told
            vector = np.array(cells, "float32")
    except ValueError:
        vector = np.array([np.nan])
    return _finite(vector, where)


def _finite(vector: np.ndarray, where: str) -> np.ndarray:
    if np.isfinite(vector).all():
        return vector
    raise UserError(
        f"{where} has a value that is not a finite number.",
        "a word, then numbers such as 0.418.",
        "correct it, or get the file again.",
    )


def _read_binary(
    file: IO[bytes], path: Path, wanted: set[str] | None
) -> Iterator[tuple[str, np.ndarray]]:
    header = file.readline(100).split()
    sizes = [int(part) for part in header if _is_size(part.decode("ascii", "replace"))]
    if len(header) != 2 or len(sizes) != 2 or not 1 <= sizes[1] <= _WIDEST:
        raise UserError(
            f"{path.name} does not begin with the number of its vectors and their width.",
            f"word2vec's binary format, with a width of at most {_WIDEST:,}.",
            "give binary=False if it is a text file.",
        )
    count, width = sizes
    for number in range(count):
        word = _binary_word(file)
        vector = file.read(4 * width)
        if len(vector) < 4 * width:
            raise _cut_off(path, number, count)
        if wanted is None:
            yield word, np.empty(0)
        elif word in wanted:
            where = f"Vector {number + 1} of {path.name}"
            yield word, _finite(np.frombuffer(vector, "<f4"), where)


def _binary_word(file: IO[bytes]) -> str:
    """Read a word up to the next space; some writers put a line break before it."""
    word = bytearray()
    while (byte := file.read(1)) not in (b" ", b"") and len(word) < _LONGEST_WORD:
        word += byte
    return word.decode("utf-8", "replace").lstrip("\n")


def _cut_off(path: Path, found: int, count: int) -> UserError:
    return UserError(
        f"{path.name} ends after {counted(found, 'vector')}.",
        f"{count}, as its first line says.",
        "get the file again.",
    )
