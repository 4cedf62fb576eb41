"""The files of a large table: found in a folder, and checked to have the same columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from keras_rnn_recipes.data.files import check_file, is_address
from keras_rnn_recipes.data.reading import Table, csv_table
from keras_rnn_recipes.errors import UserError, counted, first_names
from keras_rnn_recipes.extras import require_extra
from keras_rnn_recipes.shards.object_storage import for_arrow

if TYPE_CHECKING:
    import pyarrow as pa

PARQUET, CSV = (".parquet", ".pq"), (".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz", ".txt.gz")
_SAMPLE_ROWS = 1000
# How Hive writes the missing value of a partition.
_HIVE_MISSING = "__HIVE_DEFAULT_PARTITION__"


@dataclass(frozen=True)
class TableFile:
    """One file of a table.

    Attributes:
        path: of the file.
        name: the path relative to the folder of the table, with slashes.
        partition: values of the Hive partition columns that the path states (``year=2024``).
        table: separator, header and sample of a CSV file; None for Parquet.
        schema: columns and types of a Parquet file; None for CSV.
    """

    path: Path
    name: str
    partition: Mapping[str, str | None] = field(default_factory=dict)
    table: Table | None = None
    schema: pa.Schema | None = None


@dataclass(frozen=True)
class Source:
    """The files of a table with the same columns.

    Attributes:
        path: the file or folder that was given.
        files: sorted by name.
        sample: the first rows of the first file, with the columns of all.
        notes: sentences about files that are no part of the table.
    """

    path: Path
    files: tuple[TableFile, ...]
    sample: Table
    notes: tuple[str, ...] = ()

    @property
    def is_parquet(self) -> bool:
        """Whether the files are Parquet files, and not CSV files."""
        return self.files[0].schema is not None


def find_files(path: Path, endings: Sequence[str]) -> tuple[list[Path], list[Path]]:
    """The files of a folder and its subfolders with some endings, and the others.

    Hidden files, and files that begin with an underscore (``_SUCCESS``), are in neither list.

    Args:
        path: a folder, or a single file.
        endings: lower-case ends of names.

    Raises:
        UserError: there is no such file or folder, or it cannot be listed.
    """
    if not path.is_dir():
        check_file(path, expected="a file or a folder of files")
        fits = path.name.lower().endswith(tuple(endings))
        return ([path], []) if fits else ([], [path])
    try:
        every = sorted(file for file in path.rglob("*") if file.is_file())
    except OSError as error:
        raise UserError(
            f"{path} could not be listed: {error.strerror}.",
            "a folder that can be read.",
            "check its permissions.",
        ) from error
    seen = [f for f in every if not any(p[0] in "._" for p in f.relative_to(path).parts)]
    chosen = [file for file in seen if file.name.lower().endswith(tuple(endings))]
    return chosen, [file for file in seen if file not in set(chosen)]


def partition_of(name: str) -> dict[str, str | None]:
    """The Hive partition that a relative path states.

    Example:
        >>> partition_of("region=north/year=2024/part-0.parquet")
        {'region': 'north', 'year': '2024'}
    """
    pairs = [part.split("=", 1) for part in name.split("/")[:-1] if "=" in part]
    return {key: None if text == _HIVE_MISSING else unquote(text) for key, text in pairs}


def open_source(path: str | Path) -> Source:
    """Find the files of a table, read their headers or schemas, and check that they agree.

    Args:
        path: a CSV or Parquet file, or a folder of either kind, with Hive partitions or without.

    Raises:
        UserError: no files, files of both kinds, a damaged file, or columns that differ between
            files.
    """
    path = Path(path)
    if is_address(path):
        raise UserError(
            f"{path} is an address.",
            "a file or folder on this computer; nothing is downloaded.",
            "download it, and give its path.",
        )
    found, others = find_files(path, (*PARQUET, *CSV))
    parquet = [file for file in found if file.name.lower().endswith(PARQUET)]
    if not found:
        raise UserError(
            f"{path} {'contains' if path.is_dir() else 'is'} no CSV or Parquet file.",
            "files whose names end in .csv, .csv.gz or .parquet.",
            "give other files, or write the table as one of these.",
        )
    if parquet and len(parquet) < len(found):
        raise UserError(
            f"{path} contains {counted(len(parquet), 'Parquet file')} and "
            f"{counted(len(found) - len(parquet), 'CSV file')}.",
            "files of one kind.",
            "give a folder with one of the kinds.",
        )
    root = path if path.is_dir() else path.parent
    files = [_open_file(file, root, bool(parquet)) for file in found]
    for file in files[1:]:
        _check_alike(files[0], file)
    names = [file.relative_to(root).as_posix() for file in others]
    other = (f"Files that are no tables were left out: {first_names(names)}.",) if names else ()
    return Source(path, tuple(files), _sample(files), other)


def read_footer(path: Path) -> Any:
    """The metadata of a Parquet file, which stand at its end.

    Returns:
        ``pyarrow.parquet.FileMetaData``.

    Raises:
        UserError: the file is damaged, for example cut short.
    """
    require_extra("shards", "A folder of Parquet files")
    import pyarrow as pa
    from pyarrow import parquet

    try:
        with for_arrow(path) as source:
            return parquet.read_metadata(source)
    except (pa.ArrowException, OSError) as error:
        raise broken_parquet(path, error) from error


def broken_parquet(path: Path, error: Exception) -> UserError:
    """The error for a Parquet file that is damaged, for example cut short."""
    reason = str(error).strip().splitlines()[0].rstrip(".")
    return UserError(
        f"{path} could not be read: {reason}.",
        "a complete Parquet file; this one is damaged or was cut short.",
        "write it again, or remove it from the folder.",
    )


def _open_file(path: Path, root: Path, is_parquet: bool) -> TableFile:
    name = path.relative_to(root).as_posix()
    partition = partition_of(name)
    if is_parquet:
        return TableFile(path, name, partition, schema=read_footer(path).schema.to_arrow_schema())
    check_file(path, expected="a CSV file with a header line and rows")
    return TableFile(path, name, partition, table=csv_table(path))


def _columns(file: TableFile) -> dict[str, str]:
    """The columns of a file and their types; text for all columns of a CSV file."""
    if file.table is not None:
        kinds = dict.fromkeys(file.table.sample.columns, "text")
    else:
        assert file.schema is not None
        kinds = {entry.name: str(entry.type) for entry in file.schema}
    return kinds | dict.fromkeys(file.partition, "partition")


def _check_alike(first: TableFile, other: TableFile) -> None:
    """Refuse files whose columns or types differ; their order may."""
    ours, theirs = _columns(first), _columns(other)
    missing = [name for name in ours if name not in theirs]
    more = [name for name in theirs if name not in ours]
    fix = "write the files with the same columns, or shard the folders of each kind by themselves."
    if missing or more:
        holder, lacks, name = (first, other, missing[0]) if missing else (other, first, more[0])
        raise UserError(
            f"The files have different columns: {holder.name} has a column {name!r}, which "
            f"{lacks.name} lacks.",
            "the same columns in every file.",
            fix,
        )
    other_types = [name for name in ours if ours[name] != theirs[name]]
    if other_types:
        name = other_types[0]
        raise UserError(
            f"The files have different types: column {name!r} is {ours[name]} in {first.name} and "
            f"{theirs[name]} in {other.name}.",
            "the same type of a column in every file.",
            fix,
        )


def _sample(files: Sequence[TableFile]) -> Table:
    """A sample of the first file that has rows, with its partition columns."""
    for file in files:
        frame = _first_rows(file)
        if len(frame):
            frame = frame.assign(**dict(file.partition.items()))
            separator = "," if file.table is None else file.table.separator
            return Table(file.name, frame, separator=separator)
    raise UserError(
        f"No file has a row: {first_names(file.name for file in files)}.",
        "at least a few rows of data.",
        "give files with data.",
    )


def _first_rows(file: TableFile) -> Any:
    if file.table is not None:
        return file.table.sample
    from pyarrow import ArrowException, parquet

    try:
        with parquet.ParquetFile(file.path) as opened:
            batch = next(opened.iter_batches(_SAMPLE_ROWS), None)
            table = opened.schema_arrow.empty_table() if batch is None else batch
            return table.to_pandas(date_as_object=False)
    except (ArrowException, OSError) as error:
        raise broken_parquet(file.path, error) from error
