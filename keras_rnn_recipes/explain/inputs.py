"""The inputs of the page: a model and a sequence from files, or the recurrent layers of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from keras_rnn_recipes.bptt.from_keras import network_of_layers
from keras_rnn_recipes.bptt.network import Network, forward
from keras_rnn_recipes.data.files import check_file, is_number
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.explain.page import MOST_STEPS, check_page, explain


def explain_file(
    model: Path,
    sequence: Path | None,
    targets: Path | None,
    output: Path,
    *,
    learning_rate: float | None = None,
    overwrite: bool = False,
) -> Path:
    """Write the page of a saved model and a sequence from files, or of a run and its own data.

    Args:
        model: a run directory with a ``model.keras``, or such a file.
        sequence: a CSV file with a header, a row for each step and a column for each input.
        targets: the same for the outputs, a row for each step or for the last ones. Without
            sequence and targets, the forecaster of a run is shown at the end of its first series.
        output: the page to write.
        learning_rate, overwrite: as in `explain`.

    Raises:
        UserError: a file is missing or has other content, or as `explain`.
    """
    from keras_rnn_recipes.runs.directory import is_run_directory
    from keras_rnn_recipes.serving.keras_model import load_model

    check_page(output, overwrite=overwrite)
    if sequence is None and targets is None and is_run_directory(model):
        return explain_run(model, output, learning_rate=learning_rate, overwrite=overwrite)
    if not model.is_dir():
        check_file(model, "a run directory, or a file such as model.keras")
    if sequence is None or targets is None:
        raise UserError(
            f"There is no sequence for {model}.",
            "two CSV files: the inputs of the model, and its targets.",
            "name them with --input and --targets; `krr explain` without a model shows an example.",
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
        path: a CSV file with the names of the columns in its first line.

    Raises:
        UserError: the file is missing, names no columns, has no rows, or has something that is
            not a number.

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
        raise UserError(what, "the names of the columns there.", fix)
    if table.empty:
        raise UserError(f"{path} has no rows.", "a row for each step.", fix)
    texts = [str(name) for name in table if not pd.api.types.is_numeric_dtype(table[name])]
    if texts:
        what = f"{path} has something other than numbers in the column {texts[0]!r}."
        raise UserError(what, "numbers only.", fix)
    gaps = table.index[table.isna().any(axis=1)]
    if len(gaps):
        what = f"{path} has a gap in line {gaps[0] + 2}."
        raise UserError(what, "a number in every cell.", fix)
    return table.to_numpy("float64")


class Core(NamedTuple):
    """The recurrent layers and the head of a model, as a network.

    Attributes:
        network: the network with their weights.
        read: the symbolic tensor that the lowest layer reads.
        head: the ``Dense`` layer on top.
    """

    network: Network
    read: Any
    head: Any


def explain_run(
    run_dir: Path, output: Path, *, learning_rate: float | None = None, overwrite: bool = False
) -> Path:
    """Write the page of the forecaster of a finished run, at the end of its first series.

    It reads the history before the last horizon, and its forecast is compared with the truth.

    Args:
        run_dir: the folder of a finished run of a forecasting recipe.
        output: the page to write.
        learning_rate, overwrite: as in `explain`.

    Raises:
        UserError: the run is of another family or not finished, or its model is not supported.
    """
    from keras_rnn_recipes.config.schemas import DEFAULT
    from keras_rnn_recipes.families import forecasting
    from keras_rnn_recipes.families.registry import require_family
    from keras_rnn_recipes.runs.finished import finished_config
    from keras_rnn_recipes.serving.keras_model import load_model

    check_page(output, overwrite=overwrite)
    config = finished_config(run_dir)
    require_family(
        config,
        DEFAULT,
        f"The run in {run_dir}",
        fix="give another run, or a model.keras with --input and --targets.",
    )
    model = load_model(run_dir)
    core = recurrent_core(model)
    frame = forecasting.load(config.data).frame
    series = frame[frame["unique_id"] == frame["unique_id"].iloc[0]]
    horizon, steps = config.model.horizon, min(config.model.lookback or MOST_STEPS, MOST_STEPS)
    before = series.iloc[:-horizon].tail(steps)
    history = before["y"].to_numpy("float32")[None, :, None]
    truth = series["y"].to_numpy("float64")[-horizon:]
    dates = [str(ds.date()) if hasattr(ds, "date") else str(ds) for ds in before["ds"]]
    check_core(model, core, history)
    return explain(
        core.network,
        inputs_of_core(model, core, history),
        head_targets(model, core, history, truth),
        output,
        learning_rate=learning_rate,
        title=f"Inside a forecaster: {config.headline}",
        captions=dates,
        overwrite=overwrite,
    )


def recurrent_core(model: Any) -> Core:
    """Find the stacked recurrent layers below the head.

    Args:
        model: a forecaster with one input.

    Raises:
        UserError: other layers with weights, or that change values, stand between them.

    Example:
        >>> import keras_rnn_recipes as krr
        >>> core = recurrent_core(krr.gru("direct", 3, units=(4, 2)))
        >>> [cell.units for cell in core.network.cells], core.head.units
        ([4, 2], 3)
    """
    import keras

    from keras_rnn_recipes.layers.alignment import AlignEnd
    from keras_rnn_recipes.layers.output import LastStep

    passed = (AlignEnd, LastStep, keras.layers.Dropout, keras.layers.SpatialDropout1D)
    heads = [layer for layer in model.layers if isinstance(layer, keras.layers.Dense)]
    found: list[Any] = []
    read = heads[-1].input if heads else None
    while read is not None:
        layer = read._keras_history.operation
        if isinstance(layer, keras.layers.RNN):
            found.insert(0, layer)
        elif not isinstance(layer, passed):
            break
        # Some take a mask or an offset as a second input.
        read = layer.input[0] if isinstance(layer.input, list) else layer.input
    fix = "give a run with one network of simple_rnn, lstm or gru layers and no covariates."
    there = sum(isinstance(layer, keras.layers.RNN) for layer in model.layers)
    if not found or len(found) < there or len(heads) > 1 or len(model.inputs) > 1:
        raise UserError(
            "The forecaster has other layers between its recurrent layers and its head, or several "
            "networks, or reads covariates.",
            "recurrent layers one above the other, then one Dense layer, on the history only.",
            fix,
        )
    try:
        return Core(network_of_layers(found, heads[-1]), read, heads[-1])
    except ValueError as error:
        what = f"The forecaster cannot be shown step by step: {error}"
        raise UserError(what, "layers of SimpleRNN, LSTM or GRU.", fix) from error


def inputs_of_core(model: Any, core: Core, history: np.ndarray) -> np.ndarray:
    """Compute what the lowest recurrent layer reads, from a history.

    Args:
        model: the forecaster.
        core: from `recurrent_core`.
        history: (1, steps, 1).

    Returns:
        (steps, channels).
    """
    import keras

    return np.asarray(keras.Model(model.inputs[0], core.read)(history)[0], "float64")


def check_core(model: Any, core: Core, history: np.ndarray) -> None:
    """Check that the network gives the numbers of the model's own head.

    Args:
        model, core, history: as in `inputs_of_core`.

    Raises:
        UserError: it gives others.
    """
    import keras

    head = keras.Model(model.inputs[0], core.head.output)(history)
    wanted = np.asarray(head, "float64").reshape(-1, core.head.units)[-1]
    found = forward(core.network, inputs_of_core(model, core, history)[None]).outputs[0, -1]
    if not np.allclose(found, wanted, rtol=1e-3, atol=1e-4):
        raise UserError(
            "The recurrent layers of the forecaster, one above the other, give other numbers than "
            "its head.",
            "recurrent layers one above the other, then one Dense layer, on the history only.",
            "give a run with one network of simple_rnn, lstm or gru layers and no covariates.",
        )


def head_targets(model: Any, core: Core, history: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Compute the output of the head for which the forecast would equal the truth.

    The forecast is a linear function of the output of the head. Two points of it are computed with
    a head whose kernel is zero and whose bias sets the output; a third checks that it is linear.

    Args:
        model, core, history: as above.
        truth: the values after the history, (horizon,).

    Returns:
        The output of the head at the last step, (1, outputs of the head).

    Raises:
        UserError: the forecast is not linear in the output of the head, or the head returns more
            than the forecast.
    """
    kept = core.head.get_weights()
    outputs = kept[-1].shape[0]
    at = []
    for value in (0.0, 1.0, 2.0):
        core.head.set_weights([np.zeros_like(kept[0]), np.full_like(kept[1], value)])
        answer = np.asarray(model(history), "float64")
        # (1, horizon, 1), or of every step (1, steps, horizon, 1), or one ahead (1, steps, 1)
        at.append(answer.reshape(-1)[-outputs:])
    core.head.set_weights(kept)
    if not np.allclose(at[2] - at[1], at[1] - at[0], rtol=1e-3) or answer.shape[-1] != 1:
        raise UserError(
            "The forecaster's head returns more than the forecast, or on a nonlinear scale.",
            "a forecast of one number for each step, scaled linearly.",
            "give a run without quantiles, distribution, intervals or logarithms.",
        )
    return ((truth[:outputs] - at[0]) / (at[1] - at[0]))[None]
