"""From a table to the rows of a panel: every cell read, checked and said."""

from __future__ import annotations

import itertools
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from keras_rnn_recipes.data.columns import Columns
from keras_rnn_recipes.data.covariate_cells import Labels, read_cells
from keras_rnn_recipes.data.dates import parse_dates
from keras_rnn_recipes.data.numbers import removed_signs, sentinels, style_of
from keras_rnn_recipes.data.reading import Table, TwoTables, read_numbers
from keras_rnn_recipes.data.regular import Rows
from keras_rnn_recipes.data.time_parts import join_times, numbered_part, time_part
from keras_rnn_recipes.errors import UserError, counted, first_names

# A column of text with more different values than this cannot name series that follow each other.
_MOST_SUCCESSORS = 50


# Rows at the end of a table that are no steps: totals, and lines about the source.
_MOST_FOOTERS = 5
_TOTAL = (
    r"(?:grand |sub)?(?:totals?|sum|summe|gesamt|insgesamt|somme|suma|totale?|averages?|mean|"
    r"mittelwert|durchschnitt|moyenne|promedio)\b"
)


@dataclass(frozen=True)
class Formats:
    """How the cells of a table are written, where the user says so; None: inferred.

    Args:
        date_format, day_first: as in ``dates.parse_dates``.
        decimal, thousands: as in ``numbers.style_of``.
    """

    date_format: str | None = None
    day_first: bool | None = None
    decimal: str | None = None
    thousands: str | None = None


@dataclass(frozen=True)
class RawRows:
    """The rows of a table in its own order, and what is known about them.

    Args:
        rows: one for each row of the table and each target.
        labels: of the categorical covariates.
        notes: sentences about what was assumed and corrected.
        day_first: the order of day and month, where the cells allow both.
        hint: option that would tell rows apart which stand for one series and time; "" for none.
        ids: the columns that name the series, also one that was found; empty for none.
        style: how the numbers are written, as options of ``read_panel``; empty if nothing tells.
    """

    rows: Rows
    labels: Labels
    notes: list[str]
    day_first: bool | None
    hint: str
    ids: tuple[str, ...]
    style: dict[str, str]


def read_rows(
    table: Table,
    columns: Columns,
    texts: Sequence[str],
    formats: Formats,
    ahead: Table | None = None,
) -> RawRows:
    """Load the rows of a table as arrays and validate every cell.

    Args:
        table: the table.
        columns: the roles of its columns.
        texts: names of the categorical covariates.
        formats: how the cells are written.
        ahead: a second table with the future covariates of the steps ahead; None for none.

    Raises:
        UserError: a cell that is no date or no number, an ambiguous format, or a missing name.
    """
    numbers = [*columns.targets, *(name for name in columns.covariates if name not in texts)]
    spare = list(columns.spare) if not columns.ids else []
    frame = table.load([*columns.times, *columns.ids, *spare, *texts, *numbers])
    if ahead is not None:
        frame, table = _with_rows_ahead(frame, table, columns, ahead)
    notes = list(table.notes)
    cells = _one_time(frame, columns)
    dates = parse_dates(cells, date_format=formats.date_format, day_first=formats.day_first)
    kept = _table_rows(frame, cells, dates.bad, columns, notes)
    if not kept.all():
        frame, cells = frame[kept], cells[kept]
        dates = replace(dates, values=dates.values[kept], bad=dates.bad[kept])
    _check_dates(dates.bad, cells, table)
    style, told = style_of(
        [frame[name] for name in numbers],
        table.separator,
        decimal=formats.decimal,
        thousands=formats.thousands,
    )
    notes += [*dates.notes, *told, *removed_signs([frame[name] for name in numbers])]
    notes += sentinels([frame[name] for name in columns.targets])
    covariates, labels = read_cells(frame, columns, texts, table, style)
    ids = columns.ids or _hidden_id(frame, dates.values, spare, notes)
    notes += _about_unused(frame, columns, ids, dates.values)
    line = frame.index.to_numpy()
    parts = []
    for target in columns.targets:
        codes, names = _series_names(frame, ids, columns, target, table, notes)
        y = read_numbers(frame[target], table, style)
        parts.append(Rows(codes, names, dates.values, y, covariates, line, table))
    rows = Rows.joined(parts)
    hint = _distinguishing(table, columns, rows) if _has_twins(rows) else ""
    written = style.options(frame[name] for name in numbers)
    return RawRows(rows, labels, list(dict.fromkeys(notes)), dates.day_first, hint, ids, written)


def _with_rows_ahead(
    frame: pd.DataFrame, table: Table, columns: Columns, ahead: Table
) -> tuple[pd.DataFrame, Table]:
    """The rows of a table, and below them those that hold future covariates only."""
    if not columns.future:
        raise UserError(
            f"{ahead.name} was given for the steps ahead, but there are no future covariates.",
            "columns that are known for the steps to forecast.",
            "name them with --future-cols.",
        )
    names = [*columns.times, *columns.ids, *columns.future]
    missing = [name for name in names if name not in ahead.sample.columns]
    if missing:
        raise UserError(
            f"{ahead.name} has no column {missing[0]!r} (columns: "
            f"{', '.join(map(str, ahead.sample.columns))}).",
            f"the columns {', '.join(names)}, named as in {table.name}.",
            "rename its columns, or give another file with --future-file.",
        )
    below, first = ahead.load(names), int(frame.index.max()) + 1
    below.index = below.index + first
    joined = TwoTables(
        table.name,
        table.sample,
        separator=table.separator,
        notes=(*table.notes, *ahead.notes),
        first=table,
        second=ahead,
        first_rows=first,
    )
    return pd.concat([frame, below]), joined


def _one_time(frame: pd.DataFrame, columns: Columns) -> pd.Series:
    if len(columns.times) == 1:
        return frame[columns.times[0]]
    return join_times([frame[name] for name in columns.times])


def _table_rows(
    frame: pd.DataFrame, cells: pd.Series, bad: np.ndarray, columns: Columns, notes: list[str]
) -> np.ndarray:
    """Mask of the rows that are no totals or sources at the end, and no repeated headers."""
    if not bad.any() or bad.all():
        return np.ones(len(bad), bool)
    texts = cells.astype("string").str.strip().fillna("")
    header = (texts == " ".join(columns.times)).to_numpy(bool) & bad
    end = len(bad) - (int(np.argmax(~bad[::-1])) if bad[-1] else 0)
    foot = np.arange(len(bad)) >= max(end, len(bad) - _MOST_FOOTERS)
    empty = frame[list(columns.targets)].isna().all(axis=1).to_numpy()
    named = texts.str.lower().str.match(_TOTAL).to_numpy(bool)
    foot &= (texts != "").to_numpy(bool) & (empty | named)
    if header.any():
        repeat = ("that repeats the header was", "that repeat the header were")
        notes.append(f"{counted(int(header.sum()), 'row', *repeat)} left out.")
    if foot.any():
        shown = first_names([repr(text) for text in texts[foot]], 3)
        notes.append(
            counted(
                int(foot.sum()),
                "row",
                f"at the end was left out, as it has no date: {shown}.",
                f"at the end were left out, as they have no date: {shown}.",
            )
        )
    return ~(header | foot)


def _check_dates(bad: np.ndarray, cells: pd.Series, table: Table) -> None:
    if not bad.any():
        return
    first = int(np.argmax(bad))
    row, cell = cells.index[first], cells.iloc[first]
    more = f" ({int(bad.sum()) - 1} more like it)" if bad.sum() > 1 else ""
    what = "is empty" if pd.isna(cell) else f"contains {str(cell)!r}, which is not a date"
    what += "" if bad.all() or pd.isna(cell) else " in the format of the other rows"
    raise UserError(
        f"Column {cells.name!r} {what}, in {table.where(row)}{more}.",
        "a date such as 2024-01-31 or 2024-01-31 13:00, in the same format in every row.",
        "correct or remove the row, or give the format with --date-format, such as %d.%m.%Y.",
    )


def _hidden_id(
    frame: pd.DataFrame, ds: np.ndarray, spare: list[str], notes: list[str]
) -> tuple[str, ...]:
    """The only column of text whose values make the dates unique; empty without such a column."""
    if not spare or not pd.Series(ds).duplicated().any():
        return ()
    candidates = [
        name
        for name in spare
        if not pd.DataFrame({"id": _names(frame[name]).to_numpy(), "ds": ds}).duplicated().any()
    ]
    candidates = [n for n in candidates if not time_part(n) and not numbered_part(frame[n])]
    codes = {name: tuple(pd.factorize(_names(frame[name]))[0]) for name in candidates}
    if len(set(codes.values())) != 1:  # a name and a code of the same series are no two candidates
        return ()
    notes.append(f"The column {candidates[0]!r} was taken as the name of the series.")
    return (candidates[0],)


def _about_unused(
    frame: pd.DataFrame, columns: Columns, ids: tuple[str, ...], ds: np.ndarray
) -> list[str]:
    """Sentences about the columns without a role, above all one that may name series."""
    unused = [name for name in columns.unused if name not in ids]
    if not unused:
        return []
    notes = [f"Columns that are not used: {first_names(unused, 8)}."]
    for name in unused:
        if ids or name not in frame or not _succeed_each_other(frame[name], ds):
            continue
        values = pd.unique(frame[name].dropna())
        notes.append(
            f"All rows are one series, although column {name!r} has {len(values)} values, one "
            f"after the other ({values[0]}, then {values[1]}); give --id-col {shlex.quote(name)} "
            "if they are different series."
        )
    return notes


def _succeed_each_other(cells: pd.Series, ds: np.ndarray) -> bool:
    """Whether each value of a column fills one stretch of time of its own."""
    ordered = cells.to_numpy(dtype=object)[np.argsort(ds, kind="stable")]
    ordered = ordered[pd.notna(ordered)]
    number = len(set(ordered))
    changes = int((ordered[1:] != ordered[:-1]).sum()) if len(ordered) else 0
    return 2 <= number <= min(_MOST_SUCCESSORS, len(ordered) // 2) and changes == number - 1


def _names(cells: pd.Series) -> pd.Series:
    """Names as text without white space around them; missing where empty."""
    codes, names = _coded_names(cells)
    return pd.Series(names[codes], index=cells.index, name=cells.name)


def _coded_names(cells: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """`_names` as codes and the names by code; the last name is None, that of the code -1."""
    codes, uniques = pd.factorize(cells)
    texts = pd.Series(uniques)
    if texts.dtype.kind == "f" and (texts == texts.round()).all():
        texts = texts.astype("int64")
    texts = texts.astype(str).str.strip()
    return codes, np.array([*(text or None for text in texts), None], dtype=object)


def _series_names(
    frame: pd.DataFrame,
    ids: tuple[str, ...],
    columns: Columns,
    target: str,
    table: Table,
    notes: list[str],
) -> tuple[np.ndarray, np.ndarray]:
    """Code of each row's series, and the names in order of code, sorted."""
    if not ids:
        return np.zeros(len(frame), "int64"), np.array([target], dtype=object)
    coded = [_coded_names(frame[name]) for name in ids]
    for name, (numbers, texts) in zip(ids, coded, strict=True):
        unnamed = pd.isna(texts)
        if unnamed[:-1].any() or (numbers < 0).any():
            where = table.where(frame.index[int(np.argmax(unnamed[numbers]))])
            raise UserError(
                f"Column {name!r} is empty in {where}.", "the name of a series.", "fill it in."
            )
        if len(set(texts[:-1])) < len(texts) - 1:
            notes.append(f"White space around the names in column {name!r} was removed.")
    if len(coded) == 1:  # a panel has few names for its rows, which are compared alone
        numbers, texts = coded[0]
        same, uniques = pd.factorize(texts[:-1])
        codes = same[numbers]
    else:
        cells = [pd.Series(texts[numbers]) for numbers, texts in coded]
        codes, joined = pd.factorize(cells[0].str.cat(pd.concat(cells[1:], axis=1), sep="/"))
        uniques = np.asarray(joined, dtype=object)
    names = np.array([str(name) for name in uniques], dtype=object)
    if len(columns.targets) > 1:
        names = np.array([f"{name}/{target}" for name in names], dtype=object)
    order = np.argsort(names)
    rank = np.empty(len(order), "int64")
    rank[order] = np.arange(len(order))
    return rank[codes], names[order]


def _has_twins(rows: Rows) -> bool:
    later = np.diff(rows.ds).astype("int64") > 0
    series = np.diff(rows.codes)
    if ((series > 0) | ((series == 0) & later)).all():  # sorted already, as in files of krr shard
        return False
    return bool(pd.DataFrame({"codes": rows.codes, "ds": rows.ds}).duplicated().any())


def _distinguishing(table: Table, columns: Columns, rows: Rows) -> str:
    """The option that tells rows apart which stand for one series and time; "" for none.

    The columns of text, and those of whole numbers with few values, are tried one by one, then in
    pairs; a column with the hours of a day completes the dates.
    """
    free = [name for name in columns.unused if table.sample[name].nunique() > 1]
    sample = table.load(free) if free else pd.DataFrame()
    number = len(sample)
    base = pd.DataFrame({"series": rows.codes[:number], "ds": rows.ds[:number]})
    for name in free:
        if numbered_part(sample[name]) and _tells(base, sample, [name]):
            return f"--time-col {shlex.quote(','.join((*columns.times, name)))}"
        hours = pd.to_numeric(sample[name].astype(str).str.strip("HEhe. "), errors="coerce")
        within = hours.between(0, 24).all() or hours.max() in (47, 48, 95, 96)
        if within and hours.nunique() > 12 and _tells(base, sample, [name]):
            return f"--time-col {shlex.quote(','.join((*columns.times, name)))}"
    few = [name for name in free if sample[name].nunique() <= number // 2]
    for count in (1, 2, 3):
        for names in itertools.combinations(few[:12], count):
            if _tells(base, sample, list(names)):
                return f"--id-col {shlex.quote(','.join((*columns.ids, *names)))}"
    return ""


def _tells(base: pd.DataFrame, sample: pd.DataFrame, names: list[str]) -> bool:
    joined = pd.concat([base, sample[names].reset_index(drop=True)], axis=1)
    return not joined.duplicated().any()


def aggregate_rows(rows: Rows, ds: np.ndarray, how: str, notes: list[str]) -> Rows:
    """Summarize all rows of a series in the same step of time.

    Args:
        rows: in any order.
        ds: the step of each row, (rows,).
        how: "sum", "mean", "median", "min", "max", "first", "last" or "count" of the targets;
            covariates are averaged.
        notes: a sentence is appended.

    Returns:
        One row for each series and step.
    """
    frame = pd.DataFrame({"codes": rows.codes, "ds": ds, "y": rows.y, "row": rows.row})
    for number in range(rows.covariates.shape[1]):
        frame[f"x{number}"] = rows.covariates[:, number]
    frame = frame.sort_values(["codes", "ds"], kind="stable")
    groups = frame.groupby(["codes", "ds"], sort=True)
    # The sum of nothing is missing here, and not 0: no value was observed.
    y = groups["y"].sum(min_count=1) if how == "sum" else getattr(groups["y"], how)()
    first = groups["row"].first()
    covariates = groups[[c for c in frame if str(c).startswith("x")]].mean().to_numpy("float64")
    codes = first.index.get_level_values("codes").to_numpy("int64")
    steps = first.index.get_level_values("ds").to_numpy(rows.ds.dtype)
    many = counted(len(rows.y), "row")
    notes.append(f"{many} became {len(y):,} by the {how} of each step (--aggregate).")
    found = replace(rows, codes=codes, ds=steps, y=y.to_numpy("float64"), row=first.to_numpy())
    return replace(found, covariates=covariates.reshape(len(y), rows.covariates.shape[1]))


def zero_gaps(rows: Rows, notes: list[str]) -> Rows:
    """Count steps without a row as 0: nothing was sold on a day without a sale.

    Args:
        rows: regular, after `aggregate_rows` by "sum" or "count".
        notes: a sentence is appended.
    """
    gaps = rows.row < 0
    if not gaps.any():
        return rows
    count = ("without a row counts as 0 (--aggregate).", "without a row count as 0 (--aggregate).")
    notes.append(counted(int(gaps.sum()), "step", *count))
    return replace(rows, y=np.where(gaps, 0.0, rows.y))
