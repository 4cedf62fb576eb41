"""Texts from files: tables of texts and labels, plain text, and pairs of line-aligned files."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Unpack

import numpy as np

from keras_rnn_recipes.data.files import empty_file, is_number
from keras_rnn_recipes.errors import UserError, counted
from keras_rnn_recipes.text.encoded import (
    Tell,
    ignore,
    read_existing,
    split_lines,
    without_carriage_returns,
)
from keras_rnn_recipes.text.number_cells import read_weights
from keras_rnn_recipes.text.other_formats import refuse_other_text
from keras_rnn_recipes.text.tables import FileFormat, FileOptions, Row, read_rows

# What programs write in place of a missing value, and what nobody calls a class.
NO_LABEL = frozenset({"NaN", "nan", "NAN", "<NA>", "#N/A", "NULL", "null"})


# White space, and the marks without width that copying from web pages adds.
_INVISIBLE = " \t\r\n\u00a0\u200b\u200e\u200f\ufeff"


@dataclass(frozen=True)
class LabelledTexts:
    """Texts, their labels, and their weights if they have some, each ``(examples,)``.

    A label may also be several labels or a number, as text; see `label_tables`.
    """

    texts: tuple[str, ...]
    labels: tuple[str, ...]
    weights: tuple[float, ...] | None = None

    def __len__(self) -> int:
        return len(self.texts)

    def rows(self, numbers: Sequence[int] | np.ndarray) -> LabelledTexts:
        """The examples with these numbers, in this order."""
        texts, labels, weights = self.texts, self.labels, self.weights
        return LabelledTexts(
            tuple(texts[n] for n in numbers),
            tuple(labels[n] for n in numbers),
            None if weights is None else tuple(weights[n] for n in numbers),
        )


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
    weight_col: str | None = None,
    tell: Tell = ignore,
    **options: Unpack[FileOptions],
) -> LabelledTexts:
    """Read a table with a column of texts and one of labels.

    Args:
        path: a text file with a separator between cells, gzipped (``.gz``) or not.
        text_col, label_col: names of the columns.
        weight_col: name of the column of weights; None: no weights.
        tell: called with each assumption about the file.
        options: of `FileFormat`: ``separator``, ``quotes``, ``columns``, ``encoding``.

    Returns:
        Texts unchanged; labels without white space at either end, and with single spaces within.

    Raises:
        UserError: as `read_rows`; also no rows, a row without a label or with a sign of a missing
            value in its place, several labels in a cell, or a weight below 0 or that is no number.
    """
    name = Path(path).name
    rows = read_some(path, (text_col, label_col), weight_col, options, tell=tell)
    labels = tuple(clean_label(row.cells[1]) for row in rows)
    for row, label in zip(rows, labels, strict=True):
        if not label or label in NO_LABEL:
            raise UserError(
                f"Line {row.line} of {name} has no {label_col!r}{f' but {label!r}' * bool(label)}.",
                "a label in every row.",
                "fill it in, or remove the row.",
            )
    refuse_several_labels(labels, name)
    for note in similar_label_notes(labels, name):
        tell(note)
    return with_labels(path, rows, labels, weight_col, tell=tell)


def read_some(
    path: str | Path,
    wanted: Sequence[str],
    weight_col: str | None,
    options: FileOptions,
    *,
    tell: Tell = ignore,
) -> list[Row]:
    """Read the wanted columns of a table, and last that of the weights if one is named.

    Args:
        path, tell, options: as in `read_labelled`.
        wanted: names of columns, that of the texts first.
        weight_col: name of the column of weights; None: no weights.

    Raises:
        UserError: as `read_rows`; also no rows.
    """
    columns = (*wanted, weight_col) if weight_col is not None else wanted
    return _some(path, read_rows(path, columns, FileFormat(**options), tell=tell))


def clean_label(cell: str) -> str:
    """A label without white space at either end, and with single spaces within.

    Example:
        >>> clean_label(" very  good ")
        'very good'
    """
    return " ".join(cell.strip(_INVISIBLE).split())


def with_labels(
    path: str | Path,
    rows: Sequence[Row],
    labels: tuple[str, ...],
    weight_col: str | None,
    *,
    tell: Tell = ignore,
) -> LabelledTexts:
    """Texts of `read_some` with their labels, and with the weights of the last column.

    Args:
        path, weight_col, tell: as in `read_some`.
        rows: from there.
        labels: ``(rows,)``.

    Raises:
        UserError: a weight that is no number of at least 0, or no weight above 0.
    """
    name = Path(path).name
    empty = sum(not row.cells[0].strip() for row in rows)
    if empty:
        tell(f"{name}: {counted(empty, 'text')} of {len(rows):,} without any characters.")
    weights = None if weight_col is None else read_weights(rows, name, weight_col)
    return LabelledTexts(tuple(row.cells[0] for row in rows), labels, weights)


def read_texts(
    path: str | Path,
    *,
    text_col: str = "text",
    tell: Tell = ignore,
    **options: Unpack[FileOptions],
) -> tuple[str, ...]:
    """Read the column of texts of a table, without labels, or a text from each line.

    A file whose name has no ending or ends in ``.txt`` has a text in each line if its first line
    does not name the column and its lines cannot be rows: they have no tabs, and not all the same
    number of commas, semicolons or vertical bars.

    Args:
        path, text_col, tell, options: as in `read_labelled`.

    Returns:
        The texts ``(examples,)``; none for a header without rows.

    Raises:
        UserError: as `read_rows`.
    """
    form = FileFormat(**options)
    if Path(path).suffix in ("", ".txt") and (form.columns is None or len(form.columns) > 1):
        lines = read_lines(path, encoding=form.encoding, adjustable=form.adjustable)
        if not names_column(lines, text_col) and not _may_be_rows(lines, form.separator):
            refuse_other_text(Path(path), "\n".join(lines))
            tell(f"{Path(path).name}: a text in each line.")
            return read_lines(path, encoding=form.encoding, adjustable=form.adjustable, tell=tell)
    return tuple(row.cells[0] for row in read_rows(path, (text_col,), form, tell=tell))


def read_pairs(
    path: str | Path,
    *,
    source_col: str = "source",
    target_col: str = "target",
    tell: Tell = ignore,
    **options: Unpack[FileOptions],
) -> ParallelTexts:
    """Read a table with a column of source texts and one of target texts.

    A file from Tatoeba (tab-separated, no header, the attribution in the third column) is known by
    its attributions.

    Args:
        path, tell, options: as in `read_labelled`.
        source_col, target_col: names of the columns.

    Raises:
        UserError: as `read_rows`; also no rows, or a row with a text on one side only.
    """
    form = FileFormat(**options)
    if form.columns is None and is_tatoeba(path, form):
        form = replace(form, separator="\t", quotes=False)
        form = replace(form, columns=(source_col, target_col, "attribution"))
        tell(f"{Path(path).name} is a file from Tatoeba: two texts and an attribution in each row.")
    rows = _some(path, read_rows(path, (source_col, target_col), form, tell=tell))
    for row in rows:
        given = [bool(cell.strip()) for cell in row.cells]
        if given[0] != given[1]:
            raise UserError(
                f"Line {row.line} of {Path(path).name} has no "
                f"{(source_col, target_col)[given[0]]!r}.",
                "a text on both sides.",
                "fill it in, or remove the row.",
            )
    sources, targets = zip(*(row.cells for row in rows), strict=True)
    return ParallelTexts(sources, tuple(target.strip() for target in targets))


def names_column(lines: Sequence[str], name: str) -> bool:
    """Whether the first line with content is a header that names a column, in any case.

    Example:
        >>> names_column(['"Text","Label"'], "text"), names_column(["a text"], "text")
        (True, False)
    """
    first = next((line for line in lines if line.strip()), "")
    return name.casefold() in [cell.strip(' "').casefold() for cell in re.split(r"[,;\t|]", first)]


def _may_be_rows(lines: Sequence[str], separator: str | None) -> bool:
    """Whether lines have tabs, or all the same number of some separator, which is not 0."""
    if any("\t" in line for line in lines):
        return True
    filled = [line for line in lines if line.strip()]
    counts = ({line.count(one) for line in filled} for one in (separator or ",", ",", ";", "|"))
    return len(filled) > 1 and any(len(found) == 1 and found != {0} for found in counts)


def is_tatoeba(path: str | Path, form: FileFormat) -> bool:
    """Whether every row has three cells between tabs, the last of which is an attribution."""
    path = Path(path)
    text = read_existing(path, "a CSV file", form.encoding, form.adjustable, ignore)
    rows = [line.split("\t") for line in split_lines(text) if line.strip()]
    return all(len(row) == 3 and row[2].startswith("CC-BY") for row in rows) and bool(rows)


def read_text(
    path: str | Path, *, encoding: str | None = None, adjustable: bool = True, tell: Tell = ignore
) -> str:
    """Read a whole text file; every line break becomes a line feed.

    Args:
        path: of the file, gzipped (``.gz``) or not.
        encoding, adjustable, tell: as in `read_decoded`.

    Raises:
        UserError: as `read_decoded`; also a file without text.
    """
    path = Path(path)
    text = read_existing(path, "a text file", encoding, adjustable, tell)
    if not text.strip():
        raise empty_file(path, "some text")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_lines(
    path: str | Path,
    *,
    encoding: str | None = None,
    adjustable: bool = True,
    empty: bool = False,
    tell: Tell = ignore,
) -> tuple[str, ...]:
    """Read the lines of a text file, without line breaks; an empty line is an empty text.

    A carriage return within a line becomes a space.

    Args:
        path, encoding, adjustable, tell: as in `read_text`.
        empty: whether a file without any text may be read.

    Raises:
        UserError: as `read_text`.
    """
    path = Path(path)
    if empty and path.is_file() and path.stat().st_size == 0:
        return ()
    text = read_existing(path, "a text file", encoding, adjustable, tell)
    if not empty and not text.strip():
        raise empty_file(path, "some text")
    return tuple(without_carriage_returns(path, split_lines(text), tell))


def read_parallel(
    source: str | Path,
    target: str | Path,
    *,
    encoding: str | None = None,
    adjustable: bool = True,
    tell: Tell = ignore,
) -> ParallelTexts:
    """Read two text files whose lines correspond to each other.

    Args:
        source: file of the source texts.
        target: file of the target texts. Lines that are blank in both files are left out, and so
            are blank lines at the end of one.
        encoding, adjustable, tell: as in `read_text`.

    Raises:
        UserError: as `read_text`; also different numbers of lines, or a line that is empty in one
            file only.
    """
    sources, targets = (
        read_lines(path, encoding=encoding, adjustable=adjustable, tell=tell)
        for path in (source, target)
    )
    names = Path(source).name, Path(target).name
    shorter = min(len(sources), len(targets))
    if not any(text.strip() for text in (*sources[shorter:], *targets[shorter:])):
        sources, targets = sources[:shorter], targets[:shorter]
    if len(sources) != len(targets):
        raise UserError(
            f"{names[0]} has {counted(len(sources), 'line')} and {names[1]} has {len(targets):,}.",
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
    kept = [number for number, text in enumerate(sources) if text.strip()]
    if len(kept) < len(sources):
        blank = counted(len(sources) - len(kept), "line")
        tell(f"{names[0]} and {names[1]}: {blank} without text in both left out.")
    return ParallelTexts(sources, targets).rows(kept)


def refuse_several_labels(labels: Sequence[str], name: str) -> None:
    """Refuse a column whose cells hold several labels each.

    A label holds several if a comma, semicolon, vertical bar or slash divides it into parts that
    all occur in other labels too, or if it is a list in brackets.

    Args:
        labels: ``(examples,)``.
        name: of the file, for the message.

    Raises:
        UserError: some label holds several.

    Example:
        >>> refuse_several_labels(["Paris, France", "Lyon, France"], "cities.csv")
    """
    distinct = dict.fromkeys(labels)
    listed = next((one for one in distinct if one[0] == "[" and one[-1] == "]"), None)
    several = listed or next(filter(None, (_several(distinct, sep) for sep in ",;|/")), None)
    if several is not None:
        raise UserError(
            f"{name} has several labels in one cell: {several!r}, in example "
            f"{labels.index(several) + 1}.",
            "one label for each text.",
            "keep one label in each row, or set data.task to multilabel.",
        )


def similar_label_notes(labels: Sequence[str], name: str) -> list[str]:
    """Sentences on labels that are probably the same one, though they are different classes.

    Args:
        labels: ``(examples,)``.
        name: of the file.

    Example:
        >>> similar_label_notes(["Good", "good", "5", "5.0", "bad"], "a.csv")[0]
        "a.csv: 'Good' and 'good' are different classes; they differ only in case or form."
    """
    found: dict[str, list[str]] = {}
    for label in dict.fromkeys(labels):
        found.setdefault(label_key(label), []).append(label)
    return [
        f"{name}: {' and '.join(map(repr, alike))} are different classes; they differ only in case "
        "or form."
        for alike in found.values()
        if len(alike) > 1
    ]


def label_key(label: str) -> str:
    """What spellings of one label have in common: letters in lower case, the value of a number.

    Example:
        >>> label_key("Very Good"), label_key("5.0"), label_key("5") == label_key("5.00")
        ('very good', '5.0', True)
    """
    plain = unicodedata.normalize("NFKC", label)
    return str(float(plain)) if is_number(plain) else " ".join(plain.casefold().split())


def known_labels(
    labels: Sequence[str], classes: Sequence[str], *, tell: Tell = ignore
) -> tuple[str, ...]:
    """Labels of new data in the spelling of training, such as ``1`` for ``1.0``.

    Args:
        labels: ``(examples,)``.
        classes: of training.
        tell: called with each label that is read as a class.

    Returns:
        The labels; those that no class resembles, or several classes, stay as they are.

    Example:
        >>> known_labels(["1.0", "Good", "bad"], ["1", "good"])
        ('1', 'good', 'bad')
    """
    by_key: dict[str, list[str]] = {}
    for one in classes:
        by_key.setdefault(label_key(one), []).append(one)
    read = {label: label for label in labels}
    for label in read:
        alike = by_key.get(label_key(label), [])
        if label not in classes and len(alike) == 1:
            read[label] = alike[0]
            tell(f"The label {label!r} is read as {alike[0]!r}.")
    return tuple(read[label] for label in labels)


def _several(labels: Iterable[str], separator: str) -> str | None:
    """A label whose parts all occur in other labels; a number such as 1,5 is one label."""
    parts = {label: [part.strip() for part in label.split(separator)] for label in labels}
    seen = Counter(part for of_label in parts.values() for part in set(of_label))
    for label, found in parts.items():
        number = is_number(label.replace(",", "."))
        if len(found) > 1 and all(
            part in parts if number else seen[part] > 1 for part in found if part
        ):
            return label
    return None


def _some(path: str | Path, rows: list[Row]) -> list[Row]:
    if not rows:
        name = Path(path).name
        raise UserError(f"{name} has no rows.", "a text in every row.", "give a file with data.")
    return rows


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
