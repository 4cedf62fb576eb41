"""Texts from files: tables with a text and a label, plain text, two files line by line."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from keras_rnn_recipes.data.files import broken_file, check_file, empty_file, not_utf8, open_text
from keras_rnn_recipes.errors import UserError

# A cell may hold a whole book; Python's reader stops at 128 KiB unless told otherwise.
_LONGEST_CELL = 1 << 30


@dataclass(frozen=True)
class LabelledTexts:
    """Texts with a label each, both ``(examples,)``."""

    texts: tuple[str, ...]
    labels: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.texts)

    def rows(self, numbers: Sequence[int] | np.ndarray) -> LabelledTexts:
        """The examples with these numbers, in this order."""
        texts, labels = self.texts, self.labels
        return LabelledTexts(tuple(texts[n] for n in numbers), tuple(labels[n] for n in numbers))


@dataclass(frozen=True)
class ParallelTexts:
    """Texts and what each is to become, both ``(examples,)``."""

    sources: tuple[str, ...]
    targets: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.sources)

    def rows(self, numbers: Sequence[int] | np.ndarray) -> ParallelTexts:
        """The examples with these numbers, in this order."""
        sources, targets = self.sources, self.targets
        return ParallelTexts(tuple(sources[n] for n in numbers), tuple(targets[n] for n in numbers))


def read_labelled(
    path: str | Path,
    *,
    text_col: str = "text",
    label_col: str = "label",
    separator: str | None = None,
    quotes: bool | None = None,
    columns: Sequence[str] | None = None,
) -> LabelledTexts:
    """Read a table with a column of texts and one of labels.

    Args:
        path: a CSV or TSV file in UTF-8, gzipped (``.gz``) or not.
        text_col, label_col: names of the columns.
        separator: between cells; None: a tab where the file's name says ``.tsv``, else whichever
            of comma, semicolon and tab the first line has most of.
        quotes: whether cells may stand in quotation marks (doubled within); None: not where the
            separator is a tab.
        columns: names of the columns of a file that has no first line with them.

    Returns:
        Texts as they stand, labels without white space around them.

    Raises:
        UserError: no such file or column, no rows, a line with more or fewer cells, a row without
            a label, text that is not UTF-8.
    """
    form = _Form(separator, quotes, columns)
    texts, labels = [], []
    for line, (text, label) in _cells(Path(path), (text_col, label_col), form):
        if not label.strip():
            raise UserError(
                f"Line {line} of {Path(path).name} has no {label_col!r}.",
                "a label in every row.",
                "fill it in, or remove the row.",
            )
        texts.append(text)
        labels.append(label.strip())
    return LabelledTexts(tuple(texts), tuple(labels))


def read_texts(
    path: str | Path,
    *,
    text_col: str = "text",
    separator: str | None = None,
    quotes: bool | None = None,
    columns: Sequence[str] | None = None,
) -> tuple[str, ...]:
    """Read the column of texts of a table, as `read_labelled` does, without labels.

    Raises:
        UserError: as `read_labelled`.
    """
    form = _Form(separator, quotes, columns)
    return tuple(text for _, (text,) in _cells(Path(path), (text_col,), form))


def read_text(path: str | Path) -> str:
    """Read a plain text as a whole, with a line feed for every line break.

    Args:
        path: in UTF-8, gzipped (``.gz``) or not.

    Raises:
        UserError: no such file, nothing in it, or not UTF-8.
    """
    path = Path(path)
    check_file(path, "a text file")
    try:
        with open_text(path) as file:
            text = file.read()
    except UnicodeDecodeError as error:
        raise not_utf8(path) from error
    except (OSError, EOFError) as error:
        raise broken_file(path, error) from error
    if not text.strip():
        raise empty_file(path, "some text")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_lines(path: str | Path) -> tuple[str, ...]:
    """Read a plain text line by line, without the line breaks; an empty line is an empty text.

    Raises:
        UserError: as `read_text`.
    """
    return tuple(read_text(path).removesuffix("\n").split("\n"))


def read_parallel(source: str | Path, target: str | Path) -> ParallelTexts:
    """Read two plain texts whose lines belong together.

    Raises:
        UserError: as `read_text`; or not as many lines in both, or a line that is empty in one.
    """
    sources, targets = read_lines(source), read_lines(target)
    names = Path(source).name, Path(target).name
    if len(sources) != len(targets):
        raise UserError(
            f"{names[0]} has {len(sources)} lines and {names[1]} has {len(targets)}.",
            "as many lines in both, the same line the same sentence.",
            "find the line from which on they differ, and correct it.",
        )
    for number, pair in enumerate(zip(sources, targets, strict=True), start=1):
        given = [bool(text.strip()) for text in pair]
        if given[0] != given[1]:
            raise UserError(
                f"Line {number} of {names[given[0]]} is empty, that of {names[given[1]]} is not.",
                "a text in both, or in neither.",
                "fill it in, or remove the line from both.",
            )
    return ParallelTexts(sources, targets)


def class_names(labels: Sequence[str], name: str = "The training part") -> tuple[str, ...]:
    """The classes of training labels, sorted.

    Raises:
        UserError: fewer than two.

    Example:
        >>> class_names(["ham", "spam", "ham"])
        ('ham', 'spam')
    """
    classes = tuple(sorted(set(labels)))
    if len(classes) < 2:
        held = f"one class only, {classes[0]!r}" if classes else "no labels"
        raise UserError(
            f"{name} holds {held}.",
            "at least two classes, so that there is something to tell apart.",
            "give examples of another class, or name another label_col.",
        )
    return classes


def number_labels(
    labels: Sequence[str], classes: Sequence[str], name: str = "the data"
) -> np.ndarray:
    """Numbers of labels among the classes of training, int32 ``(examples,)``.

    Raises:
        UserError: a label that training has not seen.

    Example:
        >>> number_labels(["spam", "ham"], ("ham", "spam")).tolist()
        [1, 0]
    """
    numbers = {label: number for number, label in enumerate(classes)}
    for row, label in enumerate(labels, start=1):
        if label not in numbers:
            raise UserError(
                f"Example {row} of {name} has the label {label!r}, which training has not seen.",
                f"one of: {', '.join(classes)}.",
                "correct it, or train on examples of it.",
            )
    return np.array([numbers[label] for label in labels], "int32")


@dataclass(frozen=True)
class _Form:
    """How a table is written; see `read_labelled`."""

    separator: str | None
    quotes: bool | None
    columns: Sequence[str] | None


def _cells(path: Path, wanted: Sequence[str], form: _Form) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Line number and wanted cells of every row that is not blank."""
    check_file(path)
    csv.field_size_limit(_LONGEST_CELL)
    try:
        with open_text(path) as file:
            separator = form.separator or _separator(path, file.readline())
            file.seek(0)
            quoted = separator != "\t" if form.quotes is None else form.quotes
            rows = csv.reader(
                file,
                delimiter=separator,
                quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE,
                strict=True,
            )
            yield from _chosen(rows, path, wanted, form.columns)
    except UnicodeDecodeError as error:
        raise not_utf8(path) from error
    except (OSError, EOFError) as error:
        raise broken_file(path, error) from error


def _separator(path: Path, first_line: str) -> str:
    if path.name.removesuffix(".gz").endswith(".tsv"):
        return "\t"
    return max(",;\t", key=first_line.count)


def _chosen(
    rows: Iterator[list[str]], path: Path, wanted: Sequence[str], columns: Sequence[str] | None
) -> Iterator[tuple[int, tuple[str, ...]]]:
    names, number = list(columns or ()), 0
    try:
        for row in rows:
            blank = not any(cell.strip() for cell in row)
            # Nothing in quotation marks, in a table of one column, is an empty text.
            if blank and not len(row) == len(names) == 1:
                continue
            if not names:
                names = [name.strip() for name in row]
                _check_columns(path, names, wanted)
                continue
            line = rows.line_num  # type: ignore[attr-defined]
            if len(row) != len(names):
                raise UserError(
                    f"Line {line} of {path.name} has {len(row)} cells.",
                    f"{len(names)}, as in the first line ({', '.join(names)}).",
                    "correct it, or put a text that holds the separator in quotes.",
                )
            number += 1
            yield line, tuple(row[names.index(name)] for name in wanted)
    except csv.Error as error:
        raise UserError(
            f"Line {rows.line_num} of {path.name} could not be read: {error}.",  # type: ignore[attr-defined]
            "cells whose quotation marks come in pairs, doubled within a cell.",
            "correct the marks, or say quotes=False if they mean nothing.",
        ) from error
    if not number:
        raise UserError(
            f"{path.name} has no rows.", "a text in every row.", "give a file with data."
        )


def _check_columns(path: Path, names: list[str], wanted: Sequence[str]) -> None:
    for name in wanted:
        if names.count(name) != 1:
            many = "two columns" if name in names else "no column"
            raise UserError(
                f"{path.name} has {many} {name!r}.",
                f"a first line that names each column once; it names {', '.join(names)[:200]}.",
                "name the right ones with text_col and label_col.",
            )
