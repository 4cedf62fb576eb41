"""The steps that the forecasting script calls before and after training."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from keras_rnn_recipes.config.defaults import choose_defaults as choose_defaults
from keras_rnn_recipes.config.files import is_file_name
from keras_rnn_recipes.errors import counted
from keras_rnn_recipes.evaluation.baselines import fit_baselines as fit_baselines
from keras_rnn_recipes.evaluation.metrics import (
    score as score,
    summarise as summarise,
    totals as totals,
)
from keras_rnn_recipes.families.forecasting.files import load_files
from keras_rnn_recipes.reporting.results import (
    results_record as results_record,
    results_table as results_table,
)
from keras_rnn_recipes.shards.manifest import has_manifest

if TYPE_CHECKING:
    import pandas as pd

    from keras_rnn_recipes.config.forecasting import Config, DataConfig
    from keras_rnn_recipes.data.frames import Panel


def load(data: DataConfig, *, scratch: Path | None = None) -> Panel:
    """Read the series that a recipe names.

    Args:
        data: the recipe's section. Columns, frequency and season that it leaves open are
            found in the file, or are those of the data set's card.
        scratch: folder of the run, next to which the values of a panel in files are stored for
            training; None: nothing is trained.

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

    if is_file_name(data.source) and has_manifest(data.source):
        return load_files(data, scratch=scratch)
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
        The forecasts with NaN in the columns of models and bounds on closed weekdays (see
        ``closed_steps``), and rows of NaN for the series without any value, at the dates of the
        latest series.
    """
    import pandas as pd

    from keras_rnn_recipes.data.closed import closed_steps

    closed = closed_steps(panel.frame, forecasts)
    if closed.any():
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
        f"{panel.num_series} series, {counted(panel.num_steps, 'step')}, frequency {panel.freq}, "
        f"season of {counted(panel.season_length, 'step')}",
        f"held out of every series: {counted(data.test_size or 0, 'step')} to test on, "
        f"{data.valid_size} before them to validate on",
        f"{model.preset}, {model.strategy}: {'' if config.trains else 'at most '}"
        f"{counted(model.lookback or 0, 'step')} of history, "
        f"{counted(model.horizon, 'step')} of forecast",
    ]
    return "\n".join([*panel.notes, *lines])
