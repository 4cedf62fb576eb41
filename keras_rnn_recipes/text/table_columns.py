"""Which columns of a table hold the texts and their labels, found by their names and contents."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from statistics import fmean

from keras_rnn_recipes.data.files import is_number
from keras_rnn_recipes.errors import UserError, did_you_mean, first_names
from keras_rnn_recipes.text.tables import FileFormat, read_cells
from keras_rnn_recipes.text.tags import is_of_span

# Words of column names, the more certain ones first.
_TEXT_NAMES = (
    *("text", "texts", "sentence", "review", "tweet", "comment", "message", "content", "body"),
    *("document", "question", "query", "utterance", "sms", "description", "headline", "phrase"),
    *("title", "summary"),
)
_LABEL_NAMES = (
    *("label", "labels", "class", "category", "sentiment", "target", "topic", "intent", "emotion"),
    *("polarity", "stars", "rating", "score", "spam", "type", "tag", "y"),
)
_TOKEN_NAMES = {"token", "tokens", "word", "words", "form"}
_TAG_NAMES = {"tag", "tags", "ner", "pos", "upos", "ner_tag", "ner_tags"}
# Names by which a header line is known.
KNOWN_NAMES = frozenset(
    {*_TEXT_NAMES, *_LABEL_NAMES, *_TOKEN_NAMES, *_TAG_NAMES, "id", "date", "sentence #"}
)
_LABELLED = "a table with a column of texts and one of labels, such as CSV."
# More values than this, or than a third of the rows, are no classes.
MOST_CLASSES = 200
# Texts of at least this many characters on average could be texts to classify.
_SHORTEST_TEXT = 8


@dataclass(frozen=True)
class Column:
    """A column of a table: its name and its cells below the header."""

    name: str
    cells: tuple[str, ...]

    @cached_property
    def values(self) -> dict[str, None]:
        """The different cells, without those that are empty."""
        return dict.fromkeys(cell.strip() for cell in self.cells if cell.strip())

    @cached_property
    def length(self) -> float:
        """Mean number of characters of cells that are no numbers."""
        return fmean(0 if is_number(cell) else len(cell) for cell in self.cells)

    @property
    def has_classes(self) -> bool:
        """Whether the cells could be the names of classes: a few that are repeated, none empty."""
        few = 2 <= len(self.values) <= min(MOST_CLASSES, max(2, len(self.cells) // 3))
        return few and all(cell.strip() for cell in self.cells)

    @property
    def words(self) -> set[str]:
        """The words of the name, in lower case."""
        return {part.casefold() for part in re.findall(r"[^\W\d_]+", self.name)}


# A column and why it was chosen; and from the first row and those below to whether it is a header.
Chosen = tuple[Column, str]
IsHeader = Callable[[Sequence[str], Sequence[Sequence[str]]], bool]


@dataclass(frozen=True)
class TextColumns:
    """The columns that were found.

    Attributes:
        text, label: their names.
        columns: names for all columns of a file without a header line; None with one.
        of_text, of_label: why each was chosen.
    """

    text: str
    label: str
    columns: tuple[str, ...] | None
    of_text: str
    of_label: str


def find_columns(
    path: str | Path, form: FileFormat, *, text: str | None = None, label: str | None = None
) -> TextColumns:
    r"""Find the columns of texts and labels.

    Args:
        path: of the table.
        form: what is known of the file.
        text, label: names that are given; None to find them.

    Raises:
        UserError: as `read_cells`; one column only, tokens with tags, word vectors, or a column
            that is missing or cannot be told from others.

    Example:
        >>> import os, tempfile
        >>> name = os.path.join(tempfile.mkdtemp(), "a.csv")
        >>> with open(name, "w") as file:
        ...     _ = file.write("opinion,mood\n" + "well made,good\nbadly made,bad\n" * 9)
        >>> found = find_columns(name, FileFormat())
        >>> found.text, found.label
        ('opinion', 'mood')
    """
    path = Path(path)
    found, has_header = read_columns(path, form, _is_header, _LABELLED)
    of_text = given_column(path, found, text, "--text-col") or _text_column(path, found, label)
    others = [one for one in found if one.name != of_text[0].name]
    of_label = given_column(path, found, label, "--label-col") or _label_column(path, others)
    columns = None if has_header and form.columns is None else tuple(one.name for one in found)
    return TextColumns(of_text[0].name, of_label[0].name, columns, of_text[1], of_label[1])


def read_columns(
    path: Path, form: FileFormat, is_header: IsHeader, wanted: str
) -> tuple[list[Column], bool]:
    """All columns of a table, and whether its first row names them; else they are numbered.

    Args:
        path: of the table.
        form: what is known of the file.
        is_header: from the first row, stripped, and those below to whether the first is a header.
        wanted: table that is expected, for messages.

    Raises:
        UserError: as `read_cells`; one column only, tokens with tags, word vectors, or no rows.
    """
    rows = read_cells(path, form)
    if not rows or len(rows[0]) < 2:
        raise _one_column(path, rows, wanted)
    _refuse_vectors(path, rows, wanted)
    names, has_header = _names(rows, form, is_header)
    body = rows[has_header:]
    if has_header:
        _refuse_tokens(path, names, wanted)
    if not body:
        raise UserError(f"{path.name} has no rows below its header.", wanted, "add rows.")
    return [Column(*one) for one in zip(names, zip(*body, strict=True), strict=True)], has_header


def _names(
    rows: Sequence[Sequence[str]], form: FileFormat, is_header: IsHeader
) -> tuple[list[str], bool]:
    """The names of the columns, and whether the first row holds them."""
    first = [cell.strip() for cell in rows[0]]
    if form.columns is not None:
        more = [f"column{k + 1}" for k in range(len(form.columns), len(first))]
        names = [*form.columns, *more]
        return names, [one.casefold() for one in first] == [one.casefold() for one in names]
    if is_header(first, rows[1:]):
        return first, True
    return [f"column{k + 1}" for k in range(len(first))], False


def _is_header(first: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Whether the first row names the columns: its cells do not recur below, and are no numbers.

    Rows that repeat the header, as in files that were joined, do not count.
    """
    if not all(first) or len({one.casefold() for one in first}) < len(first):
        return False
    others = [row for row in below if [cell.strip() for cell in row] != list(first)]
    columns = map(set, zip(*others, strict=True)) if others else [set[str]()] * len(first)
    recurring = [name in cells for name, cells in zip(first, columns, strict=True)]
    named = [one.casefold() in KNOWN_NAMES for one in first]
    if any(is_known and not again for is_known, again in zip(named, recurring, strict=True)):
        return True
    return not any(recurring) and not any(map(is_number, first))


def given_column(
    path: Path, found: Sequence[Column], name: str | None, option: str
) -> Chosen | None:
    """The column with a name that the user gave, in any case; None without a name.

    Raises:
        UserError: there is none, or two.
    """
    if name is None:
        return None
    exact = [one for one in found if one.name == name]
    alike = exact or [one for one in found if one.name.casefold() == name.casefold()]
    if len(alike) == 1:
        return alike[0], "as given"
    names = [one.name for one in found]
    raise UserError(
        f"{path.name} has {'two columns' if alike else 'no column'} {name!r}.",
        f"one of the columns of the file: {first_names(names, 12)}.",
        did_you_mean(name, names, otherwise=f"change {option}."),
    )


def _text_column(path: Path, found: Sequence[Column], label: str | None) -> Chosen:
    """The column of texts: by its name, or the one with the longest cells."""
    possible = [one for one in found if one.name != label and len(one.values) > 1]
    named = column_by_name(possible, _TEXT_NAMES, lambda one: one.length >= 1)
    if named is not None:
        return named, "by its name"
    longest = max(possible, key=lambda one: one.length, default=None)
    if longest is None or longest.length < _SHORTEST_TEXT:
        raise UserError(
            f"{path.name} has no column of texts: its columns are "
            f"{first_names([one.name for one in found], 12)}.",
            "a column of texts and one of labels.",
            "name the column of the texts with --text-col.",
        )
    return longest, "it has the longest texts"


def _label_column(path: Path, others: Sequence[Column]) -> Chosen:
    """The column of labels: by its name, or the only one with a few values that recur."""
    possible = [one for one in others if one.has_classes]
    named = column_by_name(possible, _LABEL_NAMES, lambda one: True)
    if named is not None:
        return named, "by its name"
    if len(possible) == 1:
        return possible[0], "the only one with a few values that recur"
    # Too few rows for values to recur, or several labels in a cell: other messages say so.
    named = column_by_name([one for one in others if one.values], _LABEL_NAMES, lambda one: True)
    if named is not None and not possible and len(named.values) <= MOST_CLASSES:
        return named, "by its name"
    raise _no_labels(path, others, possible)


def column_by_name(
    found: Sequence[Column], names: Sequence[str], fits: Callable[[Column], bool]
) -> Column | None:
    """The column whose name is, or else contains, one of some words; the first word decides.

    Among several the one with the shorter name is taken: "sentiment", not "sentiment_source".
    """
    fitting = [one for one in found if fits(one)]
    for name in names:
        exact = [one for one in fitting if one.name.strip().casefold() == name]
        if exact:
            return exact[0]
    for name in names:
        partly = [one for one in fitting if name in one.words]
        if partly:
            return min(partly, key=lambda one: len(one.name))
    return None


def _no_labels(path: Path, others: Sequence[Column], possible: Sequence[Column]) -> UserError:
    if possible:
        listed = [f"{one.name} ({len(one.values)} values)" for one in possible]
        return UserError(
            f"{path.name} has several columns that may hold the labels: {first_names(listed, 8)}.",
            "one of them.",
            f"name it, such as --label-col {possible[0].name!r}.",
        )
    listed = [f"{one.name} ({len(one.values):,} different values)" for one in others]
    return UserError(
        f"{path.name} has no column of labels. Beside the texts: {first_names(listed, 8)}.",
        f"a column whose cells name a class, of which there are 2 to {MOST_CLASSES}.",
        "name the column with --label-col; numbers on a scale have to be grouped into classes "
        f"first, and texts are turned into other texts by krr translate {path.name}.",
    )


def _one_column(path: Path, rows: Sequence[Sequence[str]], wanted: str) -> UserError:
    words = [row[0].split() for row in rows]
    if rows and _are_vectors(words):
        return _vectors(path, wanted)
    if rows and _are_tagged(words):
        return _tokens(path, wanted)
    return UserError(
        f"{path.name} has one column.",
        wanted,
        "add the second column; if another sign than a comma, semicolon, tab or bar divides the "
        "columns, name it: data.separator=SIGN.",
    )


def _refuse_vectors(path: Path, rows: Sequence[Sequence[str]], wanted: str) -> None:
    flat = [[part for cell in row for part in cell.split()] for row in rows[:50]]
    if _are_vectors(flat):
        raise _vectors(path, wanted)


def _are_vectors(rows: Sequence[Sequence[str]]) -> bool:
    """Whether each row is a word and then numbers, apart from a first row of two numbers."""
    rest = rows[1:] if rows and len(rows[0]) == 2 and all(map(is_number, rows[0])) else rows
    return bool(rest) and all(
        len(row) > 2 and not is_number(row[0]) and all(map(is_number, row[1:])) for row in rest
    )


def _vectors(path: Path, wanted: str) -> UserError:
    return UserError(
        f"{path.name} holds word vectors: a word and numbers in each line.",
        wanted,
        f"name that table, and the vectors as a key: model.vectors={path.name}.",
    )


def _refuse_tokens(path: Path, names: Sequence[str], wanted: str) -> None:
    """Refuse a table with a token and its tag in each row."""
    lower = {name.casefold() for name in names}
    if lower & _TAG_NAMES and lower & _TOKEN_NAMES:
        raise _tokens(path, wanted)


def _are_tagged(rows: Sequence[Sequence[str]]) -> bool:
    """Whether each row is a token and some columns, the last of which has tags of spans."""
    tags = {row[-1] for row in rows if len(row) == len(rows[0]) > 1}
    same = all(len(row) == len(rows[0]) for row in rows)
    return same and len(tags) > 1 and all(map(is_of_span, tags))


def _tokens(path: Path, wanted: str) -> UserError:
    return UserError(
        f"{path.name} has a token and its tag in each row.",
        wanted,
        f"tag tokens with krr tag {path.name}.",
    )
