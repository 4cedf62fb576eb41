"""New rows of a panel in files, which are in files of ``krr shard`` too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from keras_rnn_recipes.data.extending import extended
from keras_rnn_recipes.data.frames import Panel, read_panel
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.shards.manifest import Manifest, read_manifest
from keras_rnn_recipes.shards.panels import PanelFile, open_panel


def read_part(file: PanelFile, reading: Mapping[str, Any]) -> Panel | None:
    """The panel of one file; None if it has no value.

    Args:
        file: of a panel.
        reading: options of `read_panel`, with the column of the values.

    Raises:
        UserError: the file is damaged, or its rows cannot be used.
    """
    table = file.read()
    if table[reading["target_col"].split(",")].isna().all(axis=None):
        return None
    try:
        return read_panel(table, **reading)
    except UserError as error:
        raise UserError(f"{file.path}: {error.what}", error.expected, error.fix) from error


@dataclass
class FileUpdate:
    """A folder with new rows, of which one file is in memory at a time.

    Both folders are in order of series, so that each file is read once if it is asked for names in
    that order.

    Args:
        folder: of ``krr shard``.
        reading: options of `read_panel` for the rows.
    """

    folder: str
    reading: Mapping[str, Any]
    _open: tuple[PanelFile, Panel | None] | None = None

    def __post_init__(self) -> None:
        manifest = read_manifest(self.folder)
        assert manifest is not None
        files = open_panel(self.folder).files
        self._files = list(zip(manifest.files, files, strict=True))

    def extend(self, panel: Panel | None, after: str | None, last: str | None) -> Panel | None:
        """A panel with the new rows of the series in a range of names.

        Args:
            panel: the rows there are; None where there are none.
            after: the name before the range; None for the first range.
            last: the last name in the range; None for the last range.
        """
        for shard, file in self._files:
            if _is_before(shard.last, after) or not _is_up_to(shard.first, last):
                continue
            found = self._read(file)
            if found is None:
                continue
            names = found.frame["unique_id"]
            inside = [name for name in names.unique() if _is_inside(name, after, last)]
            if inside:
                frame = found.frame[names.isin(inside)].reset_index(drop=True)
                new = replace(found, frame=frame)
                panel = new if panel is None else extended(panel, new, str(file.path))
        return panel

    def _read(self, file: PanelFile) -> Panel | None:
        if self._open is None or self._open[0] != file:
            self._open = None  # frees its memory first
            self._open = file, read_part(file, self.reading)
        return self._open[1]


def check_update(manifest: Manifest, source: str, update: str) -> None:
    """Check that new rows have the same columns as the panel that they are added to.

    Args:
        manifest: of the panel.
        source: its folder.
        update: folder of the new rows.

    Raises:
        UserError: the update is no folder of ``krr shard``, or has other columns.
    """
    new = read_manifest(update)
    if new is None:
        raise UserError(
            f"{source} is a panel in files, and the new rows are in {update}.",
            "new rows in a folder of krr shard as well.",
            f"write it: krr shard {update} --to DIR --by {','.join(manifest.ids)}.",
        )
    roles = ("ids", "time", "targets", "schema")
    if any(getattr(new, role) != getattr(manifest, role) for role in roles):
        other = sorted(set(new.schema.items()) ^ set(manifest.schema.items()))
        names = ", ".join(dict.fromkeys(name for name, _ in other))
        raise UserError(
            f"The files in {update} and in {source} have other columns"
            + (f" ({names})." if names else ", or other ones for the series and the time."),
            "the same columns, with the same types and roles.",
            "write both with the same options of krr shard.",
        )


def _is_before(name: str, after: str | None) -> bool:
    return after is not None and name <= after


def _is_up_to(name: str, last: str | None) -> bool:
    return last is None or name <= last


def _is_inside(name: str, after: str | None, last: str | None) -> bool:
    return not _is_before(name, after) and _is_up_to(name, last)
