"""A panel in a folder of Parquet files: which files it has, and their rows."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from keras_rnn_recipes.data.files import is_address
from keras_rnn_recipes.errors import UserError, counted, first_names
from keras_rnn_recipes.extras import require_extra
from keras_rnn_recipes.shards.manifest import MANIFEST, read_manifest, split_series
from keras_rnn_recipes.shards.object_storage import for_arrow, located
from keras_rnn_recipes.shards.sources import (
    CSV,
    PARQUET,
    broken_parquet,
    find_files,
    partition_of,
    read_footer,
)
from keras_rnn_recipes.shards.sql import quoted, read_parquet_sql

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


@dataclass(frozen=True)
class PanelFile:
    """One file of a panel: the unit of work.

    Attributes:
        path: of the file.
        name: the path relative to the folder of the panel, with slashes.
        partition: values of the Hive partition columns that the path states.
        rows, schema: as the manifest says; None without one.
        ids: columns that name the series, which are read as categories where they are text.
    """

    path: Path
    name: str
    partition: Mapping[str, str | None] = field(default_factory=dict)
    rows: int | None = None
    schema: Mapping[str, str] | None = None
    ids: tuple[str, ...] = ()

    def read(self) -> pd.DataFrame:
        """Read all rows.

        Raises:
            UserError: the file is missing or damaged, or has not the rows or the columns of the
                manifest.
        """
        import pyarrow as pa
        from pyarrow import parquet

        if not self.path.exists():
            raise UserError(
                f"{self.path} is missing, and {MANIFEST} lists it.",
                "all files of the panel.",
                "copy the complete folder, or write it again with krr shard.",
            )
        try:
            with for_arrow(self.path) as source, parquet.ParquetFile(source) as opened:
                found = opened.schema_arrow
                texts = [one.name for one in found if one.name in self.ids and _is_text(one.type)]
                # Names as categories: each is decoded and compared once, not once for each row.
                known = {"metadata": opened.metadata, "read_dictionary": texts}
                with parquet.ParquetFile(source, **known) as chosen:
                    table = chosen.read()
        except (pa.ArrowException, OSError) as error:
            raise broken_parquet(self.path, error) from error
        if self.rows is not None and table.num_rows != self.rows:
            raise UserError(
                f"{self.path} has {counted(table.num_rows, 'row')}, and {MANIFEST} says "
                f"{self.rows:,}.",
                "the files as krr shard wrote them.",
                "copy the complete folder again, or write it again with krr shard.",
            )
        self._check_columns({entry.name: str(entry.type) for entry in found})
        return table.to_pandas(date_as_object=False).assign(**self.partition)

    def _check_columns(self, found: Mapping[str, str]) -> None:
        if self.schema is None or dict(self.schema) == found:
            return
        other = sorted(set(found.items()) ^ set(self.schema.items()))[0][0]
        raise UserError(
            f"Column {other!r} of {self.path} is {found.get(other, 'missing')}, and {MANIFEST} "
            f"says {self.schema.get(other, 'that there is none')}.",
            "the same columns in all files of the panel.",
            "copy the complete folder again, or write it again with krr shard.",
        )


@dataclass(frozen=True)
class PanelFolder:
    """The files of a panel.

    Attributes:
        path: of the folder.
        files: sorted by name.
        series: number of series, as the manifest says; None without one.
        notes: sentences about files that are no part of the panel.
    """

    path: Path
    files: tuple[PanelFile, ...]
    series: int | None = None
    notes: tuple[str, ...] = ()


def open_panel(path: str | Path, ids: Sequence[str] = ("unique_id",)) -> PanelFolder:
    """Find the files of a panel, and check that no series is in two of them.

    Args:
        path: folder that ``krr shard`` wrote, or of other Parquet files, with Hive partitions or
            without. A damaged file is an error only when it is read.
        ids: columns that name the series, for a folder without a manifest.

    Raises:
        UserError: there is no Parquet file, or a series is in two files.
    """
    require_extra("shards", "A folder of Parquet files")
    path = located(path)
    manifest = read_manifest(path)
    if manifest is not None:
        files = tuple(
            PanelFile(path / s.name, s.name, rows=s.rows, schema=manifest.schema, ids=manifest.ids)
            for s in manifest.files
        )
        return PanelFolder(path, files, manifest.series, ())
    if is_address(path):
        raise UserError(
            f"{path} has no {MANIFEST}.",
            "a folder that krr shard wrote.",
            f"write one: krr shard INPUT --to {path}",
        )
    found, others = find_files(path, PARQUET)
    if not found:
        csv = [file for file in others if file.name.lower().endswith(CSV)]
        raise UserError(
            f"{path} contains no Parquet file" + (f", but {csv[0].name}." if csv else "."),
            "a folder of Parquet files in which every series is whole within one file.",
            f"write one: krr shard {path} --to DIR.",
        )
    names = [file.relative_to(path).as_posix() for file in found]
    chosen = [
        PanelFile(file, name, partition_of(name), ids=tuple(ids))
        for file, name in zip(found, names, strict=True)
    ]
    _check_whole(path, chosen, ids)
    left = [file.relative_to(path).as_posix() for file in others]
    notes = (
        (f"Files that are no Parquet files were left out: {first_names(left)}.",) if left else ()
    )
    return PanelFolder(path, tuple(chosen), None, notes)


def _is_text(kind: pa.DataType) -> bool:
    return str(kind) in ("string", "large_string")


def _check_whole(folder: Path, files: Sequence[PanelFile], ids: Sequence[str]) -> None:
    """Refuse a folder without a manifest in which a series is in two files."""
    import duckdb

    good = [file for file in files if _has_columns(file, ids)]
    if len(good) < 2:
        return
    names = ", ".join(map(quoted, ids))
    rows = read_parquet_sql([file.path for file in good], hive=bool(good[0].partition))
    query = (
        f"SELECT {names}, min(path), max(path) FROM "
        f'(SELECT DISTINCT {names}, "krr file" AS path FROM {rows}) '
        f"GROUP BY {names} HAVING count(*) > 1 ORDER BY {names} LIMIT 1"
    )
    # What does not fit into its memory goes to a folder that is removed, not to the present one.
    with (
        tempfile.TemporaryDirectory() as spill,
        duckdb.connect(config={"memory_limit": "1GB", "temp_directory": spill}) as connection,
    ):
        try:
            split = connection.sql(query).fetchall()
        except duckdb.Error:  # a damaged file is named when it is read
            return
    for *series, one, other in split:
        inside = [Path(path).relative_to(folder.absolute()).as_posix() for path in (one, other)]
        raise split_series(folder, "/".join(map(str, series)), inside)


def _has_columns(file: PanelFile, ids: Sequence[str]) -> bool:
    try:
        schema = read_footer(file.path).schema.to_arrow_schema()
    except UserError:
        return False
    return set(ids) <= {*schema.names, *file.partition}
