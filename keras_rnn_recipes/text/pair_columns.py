"""Which columns of a table hold source texts and target texts, by their names and contents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from keras_rnn_recipes.data.files import is_number
from keras_rnn_recipes.errors import UserError, counted, first_names
from keras_rnn_recipes.text.reading import is_tatoeba
from keras_rnn_recipes.text.table_columns import (
    KNOWN_NAMES,
    Column,
    given_column,
    read_columns,
)
from keras_rnn_recipes.text.tables import FileFormat

# Names of a source and its target; the earlier ones are the more certain.
_PAIRS = (
    *(("source", "target"), ("src", "tgt"), ("src", "trg"), ("input", "output"), ("from", "to")),
    *(("question", "answer"), ("misspelled", "correct"), ("wrong", "right")),
    *(("misspelling", "correction"), ("wrong", "correct"), ("incorrect", "correct")),
    *(("original", "translation"), ("original", "corrected"), ("text", "translation")),
    *(("word", "pronunciation"), ("lemma", "form"), ("text", "summary")),
)
_LANGUAGE_NAMES = """
    en de fr es it pt nl sv da no fi pl cs ru uk tr el ar he fa hi zh ja ko vi th id ro hu bg
    english german french spanish italian portuguese dutch swedish danish norwegian finnish polish
    czech russian ukrainian turkish greek arabic hebrew persian hindi chinese japanese korean
    vietnamese thai indonesian romanian hungarian bulgarian latin
"""
_LANGUAGES = frozenset(_LANGUAGE_NAMES.split())
_WANTED = (
    "a table with a column of source texts and one of target texts, such as CSV; or two files "
    "whose lines belong together."
)
# Targets that recur this often are classes.
_MOST_CLASSES, _ROWS_OF_EACH = 20, 20


@dataclass(frozen=True)
class PairColumns:
    """The columns that were found.

    Attributes:
        source, target: their names.
        columns: names for all columns of a file without a header line; None with one.
        why: the reason for the choice.
    """

    source: str
    target: str
    columns: tuple[str, ...] | None
    why: str


def find_pair_columns(
    path: str | Path, form: FileFormat, *, source: str | None = None, target: str | None = None
) -> PairColumns:
    r"""Find the columns of source texts and of target texts.

    Args:
        path: of the table.
        form: what is known of the file.
        source, target: names that are given; None to find them.

    Raises:
        UserError: as `read_columns`; a column that is missing or cannot be told from others, or
            targets that are classes.

    Example:
        >>> import os, tempfile
        >>> name = os.path.join(tempfile.mkdtemp(), "a.tsv")
        >>> with open(name, "w") as file:
        ...     _ = file.write("Guten Tag.\tGood day.\nNein.\tNo.\n")
        >>> found = find_pair_columns(name, FileFormat())
        >>> found.source, found.target, found.columns
        ('column1', 'column2', ('column1', 'column2'))
    """
    path = Path(path)
    if form.columns is None and source is None and target is None and is_tatoeba(path, form):
        return PairColumns("source", "target", None, "a file from Tatoeba")

    def is_header(first: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
        names = {one.casefold() for one in first}
        given = {one.casefold() for one in (source, target) if one}
        known = KNOWN_NAMES | _LANGUAGES | {name for pair in _PAIRS for name in pair}
        return bool(given & names) or len(names & known) > 1

    found, has_header = read_columns(path, form, is_header, _WANTED)
    one, other, why = _two(path, found, source, target)
    _refuse_classes(path, other)
    columns = None if has_header and form.columns is None else tuple(col.name for col in found)
    return PairColumns(one.name, other.name, columns, why)


def _two(
    path: Path, found: Sequence[Column], source: str | None, target: str | None
) -> tuple[Column, Column, str]:
    """The column of sources, that of targets, and why."""
    given = [
        given_column(path, found, source, "--source-col"),
        given_column(path, found, target, "--target-col"),
    ]
    taken = [one[0] for one in given if one is not None]
    if len(taken) == 2:
        return taken[0], taken[1], "as given"
    if not taken and (named := _by_names(found)):
        return (*named, "by their names")
    left = [one for one in found if one not in taken]
    texts = left if len(found) == 2 else [one for one in left if _has_texts(one)]
    if len(texts) + len(taken) != 2:
        raise _unclear(path, found, texts)
    if not taken:
        return texts[0], texts[1], "the columns of texts, in their order"
    pair = (taken[0], texts[0]) if given[0] else (texts[0], taken[0])
    return (*pair, "one as given, and the other column of texts")


def _by_names(found: Sequence[Column]) -> tuple[Column, Column] | None:
    by_name = {one.name.strip().casefold(): one for one in found}
    for source, target in _PAIRS:
        if source in by_name and target in by_name:
            return by_name[source], by_name[target]
    return None


def _has_texts(column: Column) -> bool:
    """Whether the cells are texts, most of them different, and no numbers or links."""
    some = list(column.values)
    texts = [one for one in some if not is_number(one) and "://" not in one]
    return 2 * len(texts) > len(some) and 4 * len(some) > len(column.cells)


def _unclear(path: Path, found: Sequence[Column], texts: Sequence[Column]) -> UserError:
    listed = first_names([one.name for one in found], 12)
    number = "several columns" if texts else "no two columns"
    return UserError(
        f"{path.name} has {number} that may hold the texts: {listed}.",
        "one of sources and one of targets.",
        "name them with --source-col and --target-col.",
    )


def _refuse_classes(path: Path, targets: Column) -> None:
    values, rows = len(targets.values), len(targets.cells)
    if 0 < values <= _MOST_CLASSES and rows >= _ROWS_OF_EACH * values:
        raise UserError(
            f"The column {targets.name!r} of {path.name} has {counted(values, 'different text')} "
            f"in {rows:,} rows.",
            "a target text for each source text.",
            f"find the class of a text with krr classify {path.name}.",
        )
