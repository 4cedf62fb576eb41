"""Write a table of any order and size as Parquet files of whole series, in bounded memory."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_rnn_recipes.data.files import is_address
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.extras import require_extra
from keras_rnn_recipes.shards.manifest import MANIFEST, Manifest, Shard
from keras_rnn_recipes.shards.object_storage import check_new_place, completing, located
from keras_rnn_recipes.shards.sketch import Piece, Sketch
from keras_rnn_recipes.shards.sources import Source, open_source
from keras_rnn_recipes.shards.sql import Layout, cell_error, choose_layout, quoted, select
from keras_rnn_recipes.storage import making_parents, replacing, writing

if TYPE_CHECKING:
    import pyarrow as pa
    from pyarrow.parquet import ParquetWriter

# A shard of this size takes a fraction of a second to read, and some 100 MB of memory to forecast.
ROWS_PER_FILE = 250_000
# Rows that are in memory at once, besides those that DuckDB sorts.
_BATCH = 100_000
# Memory of the sort; what does not fit goes to files next to the shards.
MEMORY_MB = 1000
_KEY = "krr series"

Progress = Callable[[int, int], None]


def write_shards(
    source: str | Path,
    to: str | Path,
    *,
    rows_per_file: int = ROWS_PER_FILE,
    memory_mb: int = MEMORY_MB,
    progress: Progress | None = None,
    **reading: Any,
) -> tuple[Manifest, tuple[str, ...]]:
    r"""Write a table as Parquet files of whole series, sorted by series and time.

    DuckDB sorts, and writes what does not fit into its memory to temporary files in the folder of
    ``to``. All columns are kept under their names. The folder appears when it is complete; of a
    folder in a storage, ``shards.json`` appears last.

    Args:
        source: a CSV or Parquet file, or a folder of either, in any order, with Hive partitions or
            without.
        to: the folder to write, missing or empty, or an address such as ``s3://bucket/folder``.
        rows_per_file: a file is closed with the series that reaches this number.
        memory_mb: megabytes that the sort may take.
        progress: called with the rows and the files that are written.
        **reading: ``by``, ``time_col``, ``target_col``, ``date_format``, ``day_first``,
            ``decimal`` and ``thousands``, as in `choose_layout`.

    Returns:
        The manifest, and sentences about what was assumed.

    Raises:
        UserError: the extra ``shards`` is not installed, the table cannot be used, or the folder
            cannot be written.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> _ = (folder / "sales.csv").write_text(
        ...     "unique_id,ds,y\nb,2024-01-01,3\na,2024-01-02,2\na,2024-01-01,1\n")
        >>> manifest, _ = write_shards(folder / "sales.csv", folder / "shards")
        >>> [(shard.name, shard.first, shard.last) for shard in manifest.files]
        [('part-00000.parquet', 'a', 'b')]
    """
    require_extra("shards", "krr shard")
    to = located(to)
    if rows_per_file < 1 or memory_mb < 100:
        raise UserError(
            f"{rows_per_file} rows in each file and {memory_mb} MB of memory were asked for.",
            "at least 1 row and at least 100 MB.",
            "give larger numbers with --rows-per-file and --memory.",
        )
    check_new_place(to, "--to")
    if is_address(to):
        with tempfile.TemporaryDirectory() as folder:
            here = Path(folder) / "shards"
            options = {"rows_per_file": rows_per_file, "memory_mb": memory_mb}
            written = write_shards(source, here, progress=progress, **options, **reading)
            _send(here, to, written[0])
        return written
    table = open_source(source)
    with making_parents(to), replacing(to) as staged:
        with writing(to):
            staged.mkdir()
            (spill := staged.parent / "sorting").mkdir()
        with _connected(spill, memory_mb) as connection:
            layout = choose_layout(table, connection, **reading)
            writer = _Writer(staged, layout, rows_per_file, progress)
            with _told(table, layout, connection) as batches:
                writer.write(batches)
        (staged / MANIFEST).write_text(writer.manifest().to_json(), encoding="utf-8")
    return writer.manifest(), (*table.notes, *layout.notes)


def _send(folder: Path, to: Any, manifest: Manifest) -> None:
    """Copy shards to a storage; the manifest, which tells that all are there, is the last."""
    for name in (*(shard.name for shard in manifest.files), MANIFEST):
        with completing(to / name) as staged:
            shutil.move(folder / name, staged)


@contextmanager
def _connected(spill: Path, memory_mb: int) -> Iterator[Any]:
    """A connection to DuckDB with bounded memory."""
    import duckdb

    options = {
        "memory_limit": f"{memory_mb}MB",
        "temp_directory": str(spill),
        "preserve_insertion_order": False,
    }
    with duckdb.connect(config=options) as connection:
        yield connection


@contextmanager
def _told(source: Source, layout: Layout, connection: Any) -> Iterator[Any]:
    """The sorted rows, batch by batch; errors of DuckDB become those of the user."""
    import duckdb

    # The name of a series is made once, before the sort, where several columns make it.
    query = (
        f"SELECT *, {layout.key} AS {quoted(_KEY)} FROM ({select(source, layout)}) "
        f"ORDER BY {layout.order}"
    )
    try:
        yield connection.sql(query).to_arrow_reader(_BATCH)
    except (duckdb.Error, OSError) as error:
        known = cell_error(error, layout)
        if known is not None:
            raise known from error
        reason = " ".join(str(error).split())
        if "No space left" in reason or "out of memory" in reason.lower():
            raise UserError(
                f"The rows of {source.path} could not be sorted: {reason[:300]}.",
                "memory for the sort, and space on the disk of --to for twice the table.",
                "free some space, or give more memory: --memory 4000.",
            ) from error
        raise UserError(
            f"{source.path} could not be read: {reason[:400]}.",
            "complete files of whole rows, each with the same columns.",
            "correct the file, or leave it out.",
        ) from error


@dataclass
class _Writer:
    """Cuts sorted rows into files at the borders of series, and keeps count."""

    folder: Path
    layout: Layout
    rows_per_file: int
    progress: Progress | None
    files: list[Shard] = field(default_factory=list)
    _schema: pa.Schema | None = None
    _open: ParquetWriter | None = None
    _last: str | None = None  # the series of the last row that was written
    _first: str = ""
    _rows: int = 0
    _series: int = 0

    def __post_init__(self) -> None:
        self.sketch = Sketch(self.layout.targets)

    def write(self, batches: Any) -> None:
        """Write all rows."""
        self._schema = batches.schema.remove(batches.schema.get_field_index(_KEY))
        for batch in batches:
            if batch.num_rows:
                piece = _piece(batch, self.layout, self._last)
                self.sketch.add(piece)
                self._write(batch.drop_columns([_KEY]), piece)
                self._last = piece.names[-1]
                if self.progress is not None:
                    self.progress(self.sketch.rows, len(self.files))
        self._close()
        if not self.files:
            raise UserError("The files have no rows.", "at least a few rows.", "give other files.")

    def manifest(self) -> Manifest:
        """The files that were written."""
        layout, schema = self.layout, self._schema
        assert schema is not None
        return Manifest(
            layout.ids,
            layout.time,
            layout.targets,
            {entry.name: str(entry.type) for entry in schema},
            self.sketch.to_dict(),
            tuple(self.sketch.problems()),
            tuple(self.files),
        )

    def _write(self, batch: pa.RecordBatch, piece: Piece) -> None:
        """Write a batch, closing the file before a series where the file is full."""
        begun = 0
        for number, start in enumerate(piece.starts):
            fresh = not (number == 0 and piece.goes_on)
            if fresh and self._rows + start - begun >= self.rows_per_file:
                self._append(batch, begun, start)
                self._close()
                begun = start
            if fresh:
                self._first = self._first if self._series else piece.names[number]
                self._series += 1
            self._last = piece.names[number]
        self._append(batch, begun, len(piece.ds))

    def _append(self, batch: pa.RecordBatch, start: int, end: int) -> None:
        if end == start:
            return
        if self._open is None:
            from pyarrow.parquet import ParquetWriter

            path = self.folder / self._name()
            self._open = ParquetWriter(path, self._schema, compression="zstd")
        self._open.write_batch(batch.slice(start, end - start))
        self._rows += int(end - start)

    def _close(self) -> None:
        if self._open is None:
            return
        self._open.close()
        size = (self.folder / self._name()).stat().st_size
        shard = Shard(self._name(), self._rows, self._series, self._first, str(self._last), size)
        self.files.append(shard)
        self._open, self._rows, self._series, self._first = None, 0, 0, ""

    def _name(self) -> str:
        return f"part-{len(self.files):05}.parquet"


def _piece(batch: pa.RecordBatch, layout: Layout, last: str | None) -> Piece:
    """The rows of a batch as arrays."""
    import pyarrow.compute as pc

    keys = batch.column(_KEY)
    changes = pc.not_equal(keys.slice(1), keys.slice(0, len(keys) - 1))
    starts = np.append(0, np.flatnonzero(changes.to_numpy(zero_copy_only=False)) + 1)
    names = keys.take(_indices(starts)).to_pylist()
    values = [_floats(batch.column(name)) for name in layout.targets]
    ds = batch.column(layout.time).to_numpy(zero_copy_only=False)
    ds = ds if ds.dtype.kind == "M" else ds.astype("int64")
    columns = np.stack(values, axis=1) if values else np.empty((len(ds), 0))
    return Piece(names, starts, ds, columns, goes_on=last == names[0])


def _indices(rows: np.ndarray) -> pa.Array:
    import pyarrow as pa

    return pa.array(rows)


def _floats(column: pa.Array) -> np.ndarray:
    """Numbers as float64, NaN where missing."""
    import pyarrow as pa

    return column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
