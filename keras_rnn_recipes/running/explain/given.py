"""What the command line names: a model, and the sequence to go through it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from keras_rnn_recipes.data.files import check_file, is_number
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.running.explain.forecaster import explain_run
from keras_rnn_recipes.running.explain.page import check_page, explain


def explain_file(
    model: Path,
    sequence: Path | None,
    targets: Path | None,
    output: Path,
    *,
    learning_rate: float | None = None,
    overwrite: bool = False,
) -> Path:
    """Write the page of a saved model and a sequence from files, or of a run on its own data.

    Args:
        model: a run directory with a ``model.keras`` in it, or such a file.
        sequence, targets: left out, a run's forecaster is shown on the end of its first series.
            Sequence: a CSV file with a header, a row for each step, a column for each input.
            Targets: the same of the outputs, a row for each step or for the last ones.
        output: the page to write.
        learning_rate, overwrite: as `explain` takes them.

    Raises:
        UserError: a file is missing or holds something else, or `explain` refuses.
    """
    from keras_rnn_recipes.running.keras_model import load_model
    from keras_rnn_recipes.running.run_directory import is_run_directory

    check_page(output, overwrite=overwrite)
    if sequence is None and targets is None and is_run_directory(model):
        return explain_run(model, output, learning_rate=learning_rate, overwrite=overwrite)
    if not model.is_dir():
        check_file(model, "a run directory, or a file such as model.keras")
    if sequence is None or targets is None:
        raise UserError(
            f"There is no sequence to go through {model}.",
            "two CSV files: what the model reads, and what it should have answered.",
            "name them with --input and --targets; without a model `krr explain` shows an example.",
        )
    x, d = read_rows(sequence), read_rows(targets)
    title = f"How {model.stem if model.suffix else model.name} learns"
    return explain(
        load_model(model),
        x,
        d,
        output,
        learning_rate=learning_rate,
        title=title,
        overwrite=overwrite,
    )


def read_rows(path: Path) -> np.ndarray:
    """Read a table of numbers, (rows, columns).

    Args:
        path: a CSV file whose first line names the columns.

    Raises:
        UserError: it is not there, names no columns, has no rows, or holds something that is not
            a number.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "x.csv"
        >>> _ = path.write_text("a,b" + chr(10) + "1,2.5" + chr(10))
        >>> read_rows(path).tolist()
        [[1.0, 2.5]]
    """
    import pandas as pd

    check_file(path)
    fix = "give a CSV file with a header and numbers below it, a row for each step."
    try:
        table = pd.read_csv(path)
    except (ValueError, OSError) as error:  # pandas' own errors of reading are ValueErrors
        what = f"{path} cannot be read as a table: {str(error).strip().splitlines()[0]}"
        raise UserError(what, "a CSV file.", fix) from error
    if all(is_number(name) for name in map(str, table)):
        what = f"{path} has numbers in its first line."
        raise UserError(what, "names of the columns there.", fix)
    if table.empty:
        raise UserError(f"{path} has no rows.", "a row for each step.", fix)
    texts = [str(name) for name in table if not pd.api.types.is_numeric_dtype(table[name])]
    if texts:
        what = f"{path} has something other than numbers in the column {texts[0]!r}."
        raise UserError(what, "numbers alone.", fix)
    gaps = table.index[table.isna().any(axis=1)]
    if len(gaps):
        what = f"{path} has a gap in line {gaps[0] + 2}."
        raise UserError(what, "a number in every cell.", fix)
    return table.to_numpy("float64")
