"""The list of the files of a sharded panel, and what is known about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.shards.object_storage import located, storage_errors
from keras_rnn_recipes.storage import json_text, read_json, unreadable

MANIFEST, FORMAT_VERSION = "shards.json", 1


@dataclass(frozen=True)
class Shard:
    """One file of a panel.

    Attributes:
        name: of the file, in the folder of the manifest.
        rows, series: numbers of them.
        first, last: names of the first and the last series; files are in order of series.
        size: bytes of the file.
    """

    name: str
    rows: int
    series: int
    first: str
    last: str
    size: int


@dataclass(frozen=True)
class Manifest:
    """The files of a sharded panel.

    Attributes:
        ids, time, targets: names of the columns with these roles.
        schema: name and type of every column.
        facts: counts, ranges, frequency, season, gaps and duplicates, see `Sketch.to_dict`.
        problems: a sentence for each problem of the data.
        files: in order of series.
    """

    ids: tuple[str, ...]
    time: str
    targets: tuple[str, ...]
    schema: Mapping[str, str]
    facts: Mapping[str, Any]
    problems: tuple[str, ...]
    files: tuple[Shard, ...]

    @property
    def series(self) -> int:
        """Number of series."""
        return int(self.facts["series"])

    @property
    def rows(self) -> int:
        """Number of rows."""
        return int(self.facts["rows"])

    def to_json(self) -> str:
        """The manifest as the text of its file."""
        return json_text(
            {
                "format_version": FORMAT_VERSION,
                "by": list(self.ids),
                "time_col": self.time,
                "target_cols": list(self.targets),
                "schema": dict(self.schema),
                **self.facts,
                "problems": list(self.problems),
                "files": [asdict(shard) for shard in self.files],
            }
        )


def has_manifest(folder: str | Path) -> bool:
    """Whether a folder was written by ``krr shard``.

    Example:
        >>> has_manifest("no_such_folder")
        False
    """
    path = located(folder) / MANIFEST
    with storage_errors(path):
        return bool(path.is_file())


def read_manifest(folder: str | Path) -> Manifest | None:
    """Read the manifest of a folder; None for a folder without one.

    Raises:
        UserError: the manifest is damaged or of a later version, or a series is in two files.
    """
    path = located(folder) / MANIFEST
    with storage_errors(path):
        if not path.exists():
            return None
    data = read_json(path)
    if data.get("format_version") != FORMAT_VERSION:
        raise UserError(
            f"{path} has the format version {data.get('format_version')}.",
            f"version {FORMAT_VERSION}.",
            "write the shards again with krr shard of this version.",
        )
    try:
        files = tuple(Shard(**entry) for entry in data["files"])
        roles = tuple(data["by"]), str(data["time_col"]), tuple(data["target_cols"])
        keys = ("by", "time_col", "target_cols", "schema", "problems", "files", "format_version")
        facts = {key: value for key, value in data.items() if key not in keys}
        found = Manifest(*roles, data["schema"], facts, tuple(data["problems"]), files)
        _ = found.series, found.rows
    except (KeyError, TypeError, ValueError) as error:
        raise unreadable(path, error) from error
    _check_apart(path, files)
    return found


def _check_apart(path: Path, files: Sequence[Shard]) -> None:
    """Refuse a manifest in which a series could be in two files."""
    for one, other in zip(files, files[1:], strict=False):
        if not one.last < other.first:
            raise split_series(path.parent, other.first, [one.name, other.name])


def split_series(folder: Path, series: str, names: Sequence[str]) -> UserError:
    """The error for a series that is in two files."""
    return UserError(
        f"Series {series!r} is in two files of {folder}: {names[0]} and {names[1]}.",
        "every series whole in one file.",
        f"write such files: krr shard {folder} --to DIR.",
    )
