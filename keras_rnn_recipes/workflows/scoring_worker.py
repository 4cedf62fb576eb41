"""What a process of the pool does: load the model once, and forecast one file after the other."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.families.forecasting.inference import OpenForecaster, open_forecaster
from keras_rnn_recipes.serving.quiet_import import import_tensorflow_quietly
from keras_rnn_recipes.shards.object_storage import completing
from keras_rnn_recipes.shards.panels import PanelFile
from keras_rnn_recipes.storage import WriteError

if TYPE_CHECKING:
    import pandas as pd

# In the metadata of an output: which model made it, and of how many series.
METADATA = b"keras_rnn_recipes"


@dataclass(frozen=True)
class Model:
    """The model of a pool of processes.

    Attributes:
        run_dir: folder of the run.
        overrides: how its new data are read.
        fingerprint: of the files of the run that decide what it answers.
    """

    run_dir: Path
    overrides: tuple[str, ...]
    fingerprint: str


@dataclass(frozen=True)
class Outcome:
    """What became of one file.

    Attributes:
        name: of the file.
        rows, series: of its forecasts.
        error: what, expected and fix, where the file could not be used; None otherwise.
        notes: sentences about the data of the file.
        fatal: whether no other file can be scored either.
    """

    name: str
    rows: int = 0
    series: int = 0
    error: tuple[str, str, str] | None = None
    notes: tuple[str, ...] = field(default=())
    fatal: bool = False

    @classmethod
    def failed(cls, name: str, error: UserError, *, fatal: bool = False) -> Outcome:
        """The outcome for a file, or a model, that cannot be used."""
        return cls(name, error=(error.what, error.expected, error.fix), fatal=fatal)


_opened: dict[Model, OpenForecaster] = {}


def score_file(model: Model, file: PanelFile, output: Path) -> Outcome:
    """Forecast the series of one file, and write the forecasts to another.

    Args:
        model: the run; it is loaded for the first file.
        file: of the panel.
        output: the Parquet file to write; it appears when it is complete.

    Raises:
        WriteError: the output cannot be written.
    """
    try:
        forecaster = _open(model)
    except UserError as error:
        return Outcome.failed(file.name, error, fatal=True)
    try:
        forecasts = forecaster.predict(file.read())
    except UserError as error:
        return Outcome.failed(file.name, error)
    series = int(forecasts["unique_id"].nunique())
    try:
        _write(forecasts, output, {"model": model.fingerprint, "series": series})
    except WriteError as error:
        return Outcome.failed(file.name, error, fatal=True)
    return Outcome(file.name, len(forecasts), series, notes=tuple(forecasts.attrs["notes"]))


def _open(model: Model) -> OpenForecaster:
    if model not in _opened:
        found = open_forecaster(model.run_dir, model.overrides, threads=1)
        if found.config.trains:
            import_tensorflow_quietly(threads=1)
        _ = found.forecaster
        _opened[model] = found
    return _opened[model]


def _write(forecasts: pd.DataFrame, output: Path, facts: dict[str, Any]) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    table = pa.Table.from_pandas(forecasts, preserve_index=False)
    table = table.replace_schema_metadata({METADATA: json.dumps(facts)})
    with completing(output) as staged, open(staged, "wb") as file:
        parquet.write_table(table, file, compression="zstd")
        file.flush()
        os.fsync(file.fileno())
