"""Covariates of a run: coded as its recipe says, with their statistics, and saved."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.storage import read_json, unreadable

if TYPE_CHECKING:
    import keras
    import pandas as pd

    from keras_rnn_recipes.config.forecasting import Config
    from keras_rnn_recipes.data.covariates import Covariates
    from keras_rnn_recipes.data.frames import Panel


FILE = "covariates.json"


def code_covariates(panel: Panel, config: Config) -> Panel:
    """Convert the covariates of a panel to numbers, as a recipe says.

    The categories are those of the training part alone; the calendar is derived from
    the dates, those of the steps ahead as well.

    Args:
        panel: from ``load``.
        config: the recipe, from ``choose_defaults``: its ``data`` section, and whether
            ``model.series_embedding`` is to know each series by a code.

    Returns:
        The panel, unchanged where there are no covariates.

    Raises:
        UserError: a future column is not known for every step ahead, or the calendar asks for
            what the dates do not tell.

    Example:
        >>> from keras_rnn_recipes.config.files import config_from_dict
        >>> from keras_rnn_recipes.families.forecasting.task import load
        >>> data = {"source": "co2", "calendar": ["month"], "valid_size": 12, "test_size": 12}
        >>> config = config_from_dict({"data": data, "model": {"horizon": 12}})
        >>> code_covariates(load(config.data), config).sizes
        {'num_features': 1, 'num_future': 1, 'future_codes': (13,)}
    """
    from keras_rnn_recipes.data.coding import apply_covariates, learn_covariates

    data = config.data
    if panel.files and config.model.series_embedding is not None:
        raise UserError(
            f"model.series_embedding is {config.model.series_embedding}, and {data.source} is a "
            "panel in files.",
            "no learned vector for each series, since such a panel may have millions.",
            "remove model.series_embedding, or give one table that fits into memory.",
        )
    learned = learn_covariates(
        panel,
        held_out=data.held_out,
        calendar=data.calendar,
        holidays=data.holidays,
        series=config.model.series_embedding is not None,
    )
    return apply_covariates(panel, learned, horizon=config.model.horizon)


def adapt_covariates(model: keras.Model, train: pd.DataFrame, panel: Panel) -> None:
    """Give a network the mean and the spread of its columns of numbers, from the training part.

    They become weights of the model, saved and exported with it, and are not trained. A series
    counts once for a static column, a row once for a future one.

    Args:
        model: from ``build_forecaster``, built with ``panel.sizes``.
        train: the training part, from ``split_by_time``.
        panel: from `code_covariates`.
    """
    if not panel.covariates:
        return
    series = train.drop_duplicates("unique_id")
    for kind, columns, rows in (
        ("future", panel.covariates.future, train),
        ("static", panel.covariates.static, series),
    ):
        names = [column.name for column in columns if not column.num_codes]
        if names:
            values = rows[names].to_numpy("float64")
            model.get_layer(f"{kind}_columns").set_statistics(*_statistics(values))


def read_covariates(run_dir: Path) -> Covariates:
    """Read the covariates of a run, empty where it has none.

    Raises:
        UserError: the file is damaged.
    """
    from keras_rnn_recipes.data.covariates import Covariates

    path = run_dir / FILE
    if not path.exists():
        return Covariates()
    try:
        return Covariates.from_dict(read_json(path))
    except (KeyError, TypeError) as error:
        raise unreadable(path, error) from error


def _statistics(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of each column; 0 and 1 where there is nothing to tell them."""
    known = ~np.isnan(values)
    number = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, values, 0).sum(axis=0) / number
    spread = np.sqrt((np.where(known, values - mean, 0) ** 2).sum(axis=0) / number)
    # A column that never changed in training says nothing: later values keep their own unit.
    return mean, np.where(spread > 1e-6 * np.abs(mean), spread, 1.0)
