"""Folds: a recipe run at several past cutoffs, without data from after the cutoff.

The protocol
------------
A fold is a run of the complete recipe as it would have been at an earlier time, the *cutoff*.
Cutoffs are counted in time steps from the end of each series, as the parts of a run are, so each
series is tested at its own end.

1. Data more than a test part after the cutoff are removed first (``data.drop_last``), except
   future covariates.
2. The horizon after the cutoff is the test part of the fold (several horizons in a search over few
   series). The network and the baselines are fitted, scaled and stopped on the data before it,
   which end in the validation part.
3. Values that the recipe does not give (season, lookback, sizes of the parts) are chosen again in
   every fold, with the values of the test part erased. Values that it gives are kept: if they were
   tuned on later data, the backtest cannot know.
4. A series that is too short for a test part is used for training only, as in a run.

A search over settings uses the same folds, all of them before the test part of the recipe. In a
panel whose series end on different dates, training data of one series may have later dates than the
cutoff of another.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from keras_rnn_recipes.config.defaults import choose_defaults
from keras_rnn_recipes.config.forecasting import Config
from keras_rnn_recipes.errors import UserError, counted

if TYPE_CHECKING:
    import pandas as pd

    from keras_rnn_recipes.data.frames import Panel


@dataclass(frozen=True)
class Fold:
    """A run of the recipe at one cutoff.

    Attributes:
        number: 1 for the earliest.
        before_end: time steps from the (first) cutoff to the end of the series.
        config: the recipe, with all defaults chosen from the data before the cutoff; its test part
            follows the cutoff.
    """

    number: int
    before_end: int
    config: Config


def plan_folds(
    config: Config,
    panel: Panel,
    *,
    folds: int,
    step: int | None = None,
    skip: int = 0,
    size: int | None = None,
) -> list[Fold]:
    """Plan the folds of a recipe, the earliest first.

    Args:
        config: the recipe.
        panel: its data, as ``forecasting.load`` reads them.
        folds: number of folds.
        step: time steps between cutoffs; None for a horizon, which forecasts each step once.
        skip: time steps at the end of every series that no fold reads.
        size: time steps in the test part of a fold; None for a horizon, which has one origin.

    Raises:
        UserError: fewer than one fold or step, or series too short for the earliest fold.

    Example:
        >>> from keras_rnn_recipes.config.files import config_from_dict
        >>> from keras_rnn_recipes.families import forecasting
        >>> asked = config_from_dict({"data": {"source": "co2"}, "model": {"horizon": 12}})
        >>> planned = plan_folds(asked, forecasting.load(asked.data), folds=2, step=6)
        >>> [(fold.before_end, fold.config.data.drop_last) for fold in planned]
        [(18, 6), (12, 0)]
    """
    horizon = config.model.horizon
    step, size = horizon if step is None else step, horizon if size is None else size
    for option, value in (("--folds", folds), ("--step", step)):
        if value < 1:
            raise UserError(
                f"{option} is {value}.",
                "a whole number of at least 1.",
                f"raise {option} to 1 or more.",
            )
    planned = []
    for number in range(1, folds + 1):
        drop = skip + (folds - number) * step
        try:
            chosen = fold_config(config, panel, drop, size=size)
            planned.append(Fold(number, drop + size, chosen))
        except UserError as error:
            raise UserError(
                f"Fold {number} of {folds}, {counted(drop + size, 'step')} before the end: "
                f"{error.what}",
                error.expected,
                "lower --folds, or give longer series.",
            ) from None
    return planned


def fold_config(config: Config, panel: Panel, drop_last: int, *, size: int) -> Config:
    """Choose the defaults of a recipe from the data before the test part of a fold.

    Args:
        config: the recipe.
        panel: its data.
        drop_last: time steps at the end of every series that the fold does not read.
        size: time steps in the test part, which precede them.

    Raises:
        UserError: no series is long enough.
    """
    from keras_rnn_recipes.data.split import without_last

    seen = _erase_last(without_last(panel, drop_last), size)
    if config.data.season_length is None:
        seen = _with_season(seen, panel, config.data.source)
    data = {"test_size": size, "drop_last": config.data.drop_last + drop_last}
    asked = config.model_copy(
        update={
            "data": config.data.model_copy(update=data),
            # The forecasts of a refitted network would not be used.
            "fit": config.fit.model_copy(update={"refit": False}),
        }
    )
    chosen = choose_defaults(asked, seen)
    if not chosen.data.test_size:
        raise UserError(
            f"No series has two steps more than the horizon of {size} steps.",
            f"at least {size + 2} steps in a series.",
            "give longer series, or lower model.horizon.",
        )
    return chosen


def untested_series(fold: Fold, panel: Panel, tested: pd.DataFrame) -> list[str]:
    """The series with a test part in a fold that its backtest leaves out: without earlier values.

    Args:
        fold: of `plan_folds`.
        panel: the data that the folds were planned for.
        tested: the ``backtest.csv`` of the fold's run.
    """
    data = fold.config.data
    lengths = panel.frame.groupby("unique_id", sort=False).size()
    lengths -= fold.before_end - (data.test_size or 0)
    with_test_part = lengths.index[lengths > data.held_out]
    return with_test_part.difference(tested["unique_id"].tolist(), sort=False).tolist()


def _erase_last(panel: Panel, steps: int) -> Panel:
    """Erase the last observations of every series; the rows stay, so lengths do not change."""
    from keras_rnn_recipes.data.frames import series_bounds
    from keras_rnn_recipes.data.split import steps_left

    frame = panel.frame.copy()
    last = steps_left(series_bounds(frame)) <= steps
    for name in ("y", *panel.past_cols):
        frame[name] = frame[name].mask(last)
    return replace(panel, frame=frame)


def _with_season(seen: Panel, panel: Panel, source: str) -> Panel:
    """Infer the season of a file again; a data set has it on its card."""
    from keras_rnn_recipes.config.files import is_file_name
    from keras_rnn_recipes.data.frames import series_bounds
    from keras_rnn_recipes.data.season import season_of

    if not is_file_name(source):
        return replace(seen, season_length=panel.season_length)
    season = season_of(seen.freq, seen.frame["y"].to_numpy(), series_bounds(seen.frame))
    return replace(seen, season_length=season)
