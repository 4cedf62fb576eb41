"""Texts from files: tables of texts and labels, plain text, and pairs of line-aligned files."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from keras_rnn_recipes.data.files import broken_file, check_file, empty_file, not_utf8, open_text
from keras_rnn_recipes.errors import UserError

# A cell may contain a whole book; Python's csv module stops at 128 KiB by default.
_LONGEST_CELL = 1 << 30


@dataclass(frozen=True)
class LabelledTexts:
    """Texts and their labels, both ``(examples,)``."""

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
    """Source texts and target texts, both ``(examples,)``."""

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
        separator: between cells; None: a tab in a ``.tsv`` file, else the most frequent of comma,
            semicolon and tab in the first line.
        quotes: whether cells may be quoted (with doubled quotation marks inside); None: only where
            the separator is not a tab.
        columns: names of the columns of a file without a header line.

    Returns:
        Texts unchanged, labels without leading and trailing white space.

    Raises:
        UserError: a missing file or column, no rows, a line with another number of cells, a row
            without a label, or text that is not UTF-8.
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
    """Read the column of texts of a table, without labels.

    Args:
        path, text_col, separator, quotes, columns: as in `read_labelled`.

    Returns:
        The texts ``(examples,)``.

    Raises:
        UserError: as `read_labelled`.
    """
    form = _Form(separator, quotes, columns)
    return tuple(text for _, (text,) in _cells(Path(path), (text_col,), form))


def read_text(path: str | Path) -> str:
    """Read a whole text file; every line break becomes a line feed.

    Args:
        path: of a file in UTF-8, gzipped (``.gz``) or not.

    Raises:
        UserError: a missing file, a file without text, or not UTF-8.
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
    """Read the lines of a text file, without line breaks; an empty line is an empty text.

    Args:
        path: as in `read_text`.

    Raises:
        UserError: as `read_text`.
    """
    return tuple(read_text(path).removesuffix("\n").split("\n"))


def read_parallel(source: str | Path, target: str | Path) -> ParallelTexts:
    """Read two text files whose lines correspond to each other.

    Args:
        source: file of the source texts.
        target: file of the target texts.

    Raises:
        UserError: as `read_text`; also different numbers of lines, or a line that is empty in one
            file only.
    """
    sources, targets = read_lines(source), read_lines(target)
    names = Path(source).name, Path(target).name
    if len(sources) != len(targets):
        raise UserError(
            f"{names[0]} has {len(sources)} lines and {names[1]} has {len(targets)}.",
            "the same number of lines in both, each line the same sentence.",
            "find the first line that does not correspond, and correct it.",
        )
    for number, pair in enumerate(zip(sources, targets, strict=True), start=1):
        given = [bool(text.strip()) for text in pair]
        if given[0] != given[1]:
            raise UserError(
                f"Line {number} is empty in {names[given[0]]} and not in {names[given[1]]}.",
                "a text in both files, or in neither.",
                "fill it in, or remove the line from both files.",
            )
    return ParallelTexts(sources, targets)


def class_names(labels: Sequence[str], name: str = "The training part") -> tuple[str, ...]:
    """The distinct labels of the training part, sorted.

    Args:
        labels: ``(examples,)``.
        name: of the part, for the message.

    Raises:
        UserError: fewer than two classes.

    Example:
        >>> class_names(["ham", "spam", "ham"])
        ('ham', 'spam')
    """
    classes = tuple(sorted(set(labels)))
    if len(classes) < 2:
        held = f"one class only, {classes[0]!r}" if classes else "no labels"
        raise UserError(
            f"{name} has {held}.",
            "at least two classes.",
            "give examples of another class, or name another label_col.",
        )
    return classes


def number_labels(
    labels: Sequence[str], classes: Sequence[str], name: str = "the data"
) -> np.ndarray:
    """Class numbers of labels, int32 ``(examples,)``.

    Args:
        labels: ``(examples,)``.
        classes: names of the classes by number, from `class_names`.
        name: of the data, for the message.

    Raises:
        UserError: a label that does not occur in training.

    Example:
        >>> number_labels(["spam", "ham"], ("ham", "spam")).tolist()
        [1, 0]
    """
    numbers = {label: number for number, label in enumerate(classes)}
    for row, label in enumerate(labels, start=1):
        if label not in numbers:
            raise UserError(
                f"The label {label!r} of example {row} of {name} does not occur in training.",
                f"one of: {', '.join(classes)}.",
                "correct it, or train on examples with this label.",
            )
    return np.array([numbers[label] for label in labels], "int32")


@dataclass(frozen=True)
class _Form:
    """The format of a table; see `read_labelled`."""

    separator: str | None
    quotes: bool | None
    columns: Sequence[str] | None


def _cells(path: Path, wanted: Sequence[str], form: _Form) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Line number and the wanted cells of every non-blank row."""
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
            # In a table of one column an empty pair of quotation marks is an empty text.
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
                    "correct it, or quote a text that contains the separator.",
                )
            number += 1
            yield line, tuple(row[names.index(name)] for name in wanted)
    except csv.Error as error:
        raise UserError(
            f"Line {rows.line_num} of {path.name} could not be read: {error}.",  # type: ignore[attr-defined]
            "cells with paired quotation marks, doubled within a cell.",
            "correct the marks, or give quotes=False if cells are not quoted.",
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
                "name the columns with text_col and label_col.",
            )
