"""Pretrained word vectors: word2vec (text and binary), GloVe, fastText ``.vec``, also gzipped.

GloVe files have one line per word; the others begin with a line of the number of words and the
width. Only the vectors of the vocabulary are kept, so that large files can be read.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from keras_rnn_recipes.data.files import broken_file, check_file, is_number
from keras_rnn_recipes.data.text.vocabulary import SPECIALS
from keras_rnn_recipes.errors import UserError


@dataclass(frozen=True)
class PretrainedVectors:
    """Word vectors for every id of a vocabulary, with their coverage.

    Args:
        matrix: float32 ``(vocabulary, width)``, for `text_classifier`'s ``embeddings``.
        found: number of words with their own vector.
        lowered: number of words with the vector of their lower-case form.
        missing: words without a vector, in the order of the vocabulary: most frequent first.
    """

    matrix: np.ndarray
    found: int
    lowered: int
    missing: tuple[str, ...]

    def report(self) -> str:
        """One sentence about the coverage."""
        total = self.found + self.lowered + len(self.missing)
        covered = self.found + self.lowered
        some = ", ".join(self.missing[:5]) + (", …" if len(self.missing) > 5 else "")
        share = f"{covered / max(total, 1):.1%}"
        return (
            f"{covered} of {total} words ({share}) have a vector, {self.lowered} of them by their "
            f"lower-case form; without a vector: {some or 'none'}."
        )


def load_vectors(
    path: str | Path,
    vocabulary: Sequence[str],
    *,
    binary: bool | None = None,
    seed: int = 0,
) -> PretrainedVectors:
    r"""Read the vectors of the words of a vocabulary.

    Args:
        path: of the file, gzipped (``.gz``) or not.
        vocabulary: tokens by id, beginning with ``SPECIALS``.
        binary: whether the file is in word2vec's binary format; None: if its name ends in ``.bin``.
        seed: of the rows for words and specials without a vector, which are normally distributed
            with the mean and standard deviation of the vectors found. The row of padding is zeros.

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
    check_file(path, "a file of word vectors")
    if binary is None:
        binary = path.name.removesuffix(".gz").endswith(".bin")
    words = list(vocabulary[len(SPECIALS) :])
    wanted = {*words, *(word.lower() for word in words)}
    known: dict[str, np.ndarray] = {}
    try:
        with _open(path) as file:
            pairs = _read_binary(file, path, wanted) if binary else _read_text(file, path, wanted)
            for word, vector in pairs:
                known.setdefault(word, vector)
    except (OSError, EOFError) as error:
        raise broken_file(path, error) from error
    if not known:
        raise UserError(
            f"{path.name} has no vector for any of the {len(words)} words of the vocabulary.",
            "vectors of the same language and tokenization.",
            "choose another file, or other tokens.",
        )
    return _for_vocabulary(words, known, seed)


def _for_vocabulary(words: list[str], known: dict[str, np.ndarray], seed: int) -> PretrainedVectors:
    vectors = np.stack(list(known.values()))
    shape = (len(SPECIALS) + len(words), vectors.shape[1])
    random = np.random.default_rng(seed)
    matrix = random.normal(vectors.mean(), vectors.std(), shape).astype("float32")
    matrix[0] = 0.0
    found, lowered, missing = 0, 0, []
    for number, word in enumerate(words, start=len(SPECIALS)):
        if word in known:
            found += 1
            matrix[number] = known[word]
        elif word.lower() in known:
            lowered += 1
            matrix[number] = known[word.lower()]
        else:
            missing.append(word)
    return PretrainedVectors(matrix, found, lowered, tuple(missing))


def _open(path: Path) -> IO[bytes]:
    return gzip.open(path) if path.suffix == ".gz" else path.open("rb")  # type: ignore[return-value]


def _read_text(file: IO[bytes], path: Path, wanted: set[str]) -> Iterator[tuple[str, np.ndarray]]:
    count, width, number = None, None, 0
    for number, line in enumerate(file, start=1):
        if not line.strip():
            continue
        cells = line.decode("utf-8", "replace").rstrip().split(" ")
        if number == 1 and len(cells) == 2 and all(cell.isdecimal() for cell in cells):
            count, width = int(cells[0]), int(cells[1])
            continue
        width = width or len(cells) - 1
        word = _word(cells, width, f"Line {number} of {path.name}")
        if word in wanted:
            yield word, _numbers(cells[-width:], f"Line {number} of {path.name}")
    if count is not None and number - 1 < count:
        raise _cut_off(path, number - 1, count)


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


def _read_binary(file: IO[bytes], path: Path, wanted: set[str]) -> Iterator[tuple[str, np.ndarray]]:
    header = file.readline(100).split()
    if len(header) != 2 or not all(part.isdigit() for part in header) or int(header[1]) < 1:
        raise UserError(
            f"{path.name} does not begin with the number of its vectors and their width.",
            "word2vec's binary format.",
            "give binary=False if it is a text file.",
        )
    count, width = int(header[0]), int(header[1])
    for number in range(count):
        word = _binary_word(file)
        vector = file.read(4 * width)
        if len(vector) < 4 * width:
            raise _cut_off(path, number, count)
        if word in wanted:
            where = f"Vector {number + 1} of {path.name}"
            yield word, _finite(np.frombuffer(vector, "<f4"), where)


def _binary_word(file: IO[bytes]) -> str:
    """Read a word up to the next space; some writers put a line break before it."""
    word = bytearray()
    while (byte := file.read(1)) not in (b" ", b""):
        word += byte
    return word.decode("utf-8", "replace").lstrip("\n")


def _cut_off(path: Path, found: int, count: int) -> UserError:
    return UserError(
        f"{path.name} ends after {found} vectors.",
        f"{count}, as its first line says.",
        "get the file again.",
    )
