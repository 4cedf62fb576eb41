"""The steps that the forecasting script calls: load, describe, cut windows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keras_rnn_recipes.config.defaults import choose_defaults as choose_defaults
from keras_rnn_recipes.config.files import is_file_name
from keras_rnn_recipes.data.prefetching import mapped
from keras_rnn_recipes.data.window_spec import WindowSpec
from keras_rnn_recipes.data.windows import count_windows as count_windows, window_dataset
from keras_rnn_recipes.errors import counted
from keras_rnn_recipes.evaluation.baselines import fit_baselines as fit_baselines
from keras_rnn_recipes.evaluation.metrics import (
    score as score,
    summarise as summarise,
    totals as totals,
)
from keras_rnn_recipes.reporting.results import (
    results_record as results_record,
    results_table as results_table,
)
from keras_rnn_recipes.training.again import untrained as untrained
from keras_rnn_recipes.training.loop import best_epoch as best_epoch

if TYPE_CHECKING:
    import pandas as pd
    import tensorflow as tf

    from keras_rnn_recipes.config.forecasting import Config, DataConfig
    from keras_rnn_recipes.data.frames import Panel


def load(data: DataConfig) -> Panel:
    """Read the series that a recipe names.

    Args:
        data: the recipe's section. Columns, frequency and season that it leaves open are
            found in the file, or are those of the data set's card.

    Raises:
        UserError: no such data set or file, or nothing usable in it.

    Example:
        >>> from keras_rnn_recipes.config.forecasting import DataConfig
        >>> load(DataConfig(source="co2", start="1990-01-01")).freq
        'MS'
    """
    from keras_rnn_recipes.data.catalogue import load_dataset
    from keras_rnn_recipes.data.closed import closed_notes
    from keras_rnn_recipes.data.extending import extended
    from keras_rnn_recipes.data.frames import read_panel
    from keras_rnn_recipes.data.split import without_last

    given = data.reading()
    if is_file_name(data.source):
        panel = read_panel(data.source, **given)
    else:
        panel = load_dataset(data.source, **given)
    dates = ("start", "end", "future_file")
    more = {name: value for name, value in given.items() if name not in dates}
    for file in data.updates:
        panel = extended(panel, read_panel(file, **more), Path(file).name)
    panel = without_last(panel, data.drop_last)
    return replace(panel, notes=(*panel.notes, *closed_notes(panel.frame)))


def leave_closed_out(forecasts: pd.DataFrame, panel: Panel) -> pd.DataFrame:
    """Forecasts with missing values where a series never has a value: at some times, or at all.

    Args:
        forecasts: from ``forecast_future``.
        panel: the data that were forecast.

    Returns:
        A copy: NaN in the columns of models and bounds on closed weekdays (see ``closed_steps``),
        and rows of NaN for the series without any value, at the dates of the latest series.
    """
    import pandas as pd

    from keras_rnn_recipes.data.closed import closed_steps

    closed = closed_steps(panel.frame, forecasts)
    numbers = [name for name in forecasts.columns if name not in ("unique_id", "ds")]
    forecasts = forecasts.assign(**{name: forecasts[name].mask(closed) for name in numbers})
    if not panel.unobserved or forecasts.empty:
        return forecasts
    latest = forecasts["unique_id"].iloc[int(forecasts["ds"].argmax())]
    ds = forecasts.loc[forecasts["unique_id"] == latest, "ds"]
    rows = [pd.DataFrame({"unique_id": name, "ds": ds}) for name in panel.unobserved]
    joined = pd.concat([forecasts, *rows])
    return joined.sort_values(["unique_id", "ds"], kind="stable", ignore_index=True)


def describe(panel: Panel, config: Config) -> str:
    """What was read and what was chosen from it, in a few lines for the terminal."""
    data, model = config.data, config.model
    lines = [
        f"{panel.num_series} series, {counted(len(panel.frame), 'step')}, frequency {panel.freq}, "
        f"season of {counted(panel.season_length, 'step')}",
        f"held out of every series: {counted(data.test_size or 0, 'step')} to test on, "
        f"{data.valid_size} before them to validate on",
        f"{model.preset}, {model.strategy}: {counted(model.lookback or 0, 'step')} of history, "
        f"{counted(model.horizon, 'step')} of forecast",
    ]
    return "\n".join([*panel.notes, *lines])


def without_level(frame: pd.DataFrame | None) -> pd.DataFrame | None:
    """The series of a frame minus their median, in float64, to train with the scaling "change".

    Args:
        frame: columns ``unique_id, y`` and others; None is returned as it is.

    Example:
        >>> import pandas as pd
        >>> meter = pd.DataFrame({"unique_id": "a", "y": [87654717.1, 87654717.5, 87654718.2]})
        >>> without_level(meter)["y"].round(1).tolist()
        [-0.4, 0.0, 0.7]
    """
    if frame is None:
        return None
    level = frame["y"].groupby(frame["unique_id"]).transform("median")
    return frame.assign(y=frame["y"] - level)


# No gradients are computed for these windows, so batches can be large; beyond this number,
# which takes about as long as an epoch of training, a part of the series stands for all.
BATCH_SIZE, MOST_WINDOWS = 256, 4096


def validation_windows(
    frame: pd.DataFrame | None, spec: WindowSpec, **options: Any
) -> tf.data.Dataset | None:
    """One pass over the windows of a validation part, for ``fit``.

    The recursive and the seq2seq strategy forecast at every step of a window. The targets
    of the early steps lie in the context, which the network was trained on, so that only
    the forecast of the last step may count: the others get weight 0, and the last one so
    much more that the mean stays one.

    Args:
        frame: the validation part with its context, from ``split_by_time``; None: there is none.
        spec: the windows.
        options: as in ``window_dataset``; the size of the batches is chosen here.

    Returns:
        Batches ``(x, y, w)`` as ``window_dataset`` gives them; None when no window fits, as
        for a validation part of no steps.

    Example:
        >>> import pandas as pd
        >>> frame = pd.DataFrame({"unique_id": "a", "ds": range(4), "y": [1.0, 2.0, 3.0, 4.0]})
        >>> batches = validation_windows(frame, WindowSpec(3, 1, strategy="recursive"))
        >>> next(iter(batches))[2].numpy().tolist()
        [[0.0, 0.0, 3.0]]
    """
    if frame is None or frame.empty or (count := count_windows(frame, spec)) == 0:
        return None
    if count > MOST_WINDOWS:
        names = frame["unique_id"].unique()
        every = -(-count // MOST_WINDOWS)
        frame = frame[frame["unique_id"].isin(names[::every])]
    spec = replace(spec, burn_in=0)
    batches = window_dataset(frame, spec, **{**options, "batch_size": BATCH_SIZE})
    if spec.strategy == "direct":
        return batches
    return mapped(batches, lambda x, y, w: (x, y, _last_step(w, spec.lookback)))


def _last_step(weights: tf.Tensor, lookback: int) -> tf.Tensor:
    import tensorflow as tf

    steps = tf.one_hot(lookback - 1, lookback, on_value=float(lookback))
    return weights * tf.reshape(steps, [1, lookback] + [1] * (len(weights.shape) - 2))
