"""Judging a recipe on several parts of the past, without letting the future in.

The protocol
------------
A fold is the whole procedure of a recipe, carried out as it would have been at an earlier moment,
the fold's *cutoff*. Cutoffs are counted in steps from the end of each series, as the parts of a run
are, so that each series is judged at its own end.

1. What lies more than a test part after the cutoff is taken away before anything is looked at
   (``data.drop_last``); only columns known ahead stay.
2. The horizon after the cutoff is the fold's test part (a search over one or few series takes
   several horizons, with origins all along). Nothing is fitted, scaled, weighted or
   stopped by it: the network and the baselines are trained on what lies before, of which the
   recipe's validation part is the end.
3. What the recipe leaves open (season, lookback, sizes of the parts) is chosen anew in every fold,
   with the values of its test part erased. What the recipe says is taken as said: a recipe whose
   numbers were tuned on later data brings them along, and no protocol can know.
4. A series too short to hold anything out is trained on whole and is not scored, as in a run.

A search over settings uses the same folds, all of them before the recipe's own test part, which it
never reads. In a panel whose series end on different dates, a series is trained on steps that may
be later by the calendar than the cutoff of another.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from keras_rnn_recipes.config.defaults import choose_defaults
from keras_rnn_recipes.config.forecasting import Config
from keras_rnn_recipes.errors import UserError

if TYPE_CHECKING:
    from keras_rnn_recipes.data.frames import Panel


@dataclass(frozen=True)
class Fold:
    """One carrying out of a recipe.

    Attributes:
        number: 1 for the earliest.
        before_end: steps from the (first) cutoff to the end of the series, at least a horizon.
        config: the recipe, with everything that it left open chosen from before the cutoff; its
            test part is the horizon after the cutoff.
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
    """Lay out the folds of a recipe, the earliest first.

    Args:
        config: the recipe.
        panel: its data, as ``forecasting.load`` reads them.
        folds: how many.
        step: steps between cutoffs; None for a horizon, so that no step is forecast twice.
        skip: steps at the end of every series that no fold may see.
        size: steps of each fold's test part; None for a horizon, hence one origin.

    Raises:
        UserError: less than one fold or step, or series too short for the earliest fold.

    Example:
        >>> from keras_rnn_recipes.config.files import config_from_dict
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
                f"{option} is {value}.", "a whole number of at least 1.", f"raise {option}."
            )
    planned = []
    for number in range(1, folds + 1):
        drop = skip + (folds - number) * step
        try:
            chosen = fold_config(config, panel, drop, size=size)
            planned.append(Fold(number, drop + size, chosen))
        except UserError as error:
            raise UserError(
                f"Fold {number} of {folds}, {drop + size} steps before the end: {error.what}",
                error.expected,
                "take fewer folds (--folds) or closer ones (--step), or give more data.",
            ) from None
    return planned


def fold_config(config: Config, panel: Panel, drop_last: int, *, size: int) -> Config:
    """Choose what the recipe leaves open from what was known before the fold's test part.

    Args:
        config: the recipe.
        panel: its data.
        drop_last: steps at the end of every series that the fold does not see at all.
        size: steps of the test part before them.

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
            # A fold is there to be judged; what comes after that would be thrown away.
            "fit": config.fit.model_copy(update={"refit": False}),
        }
    )
    return choose_defaults(asked, seen)


def _erase_last(panel: Panel, steps: int) -> Panel:
    """The rows stay, so that lengths are right; what was observed in them goes."""
    from keras_rnn_recipes.data.frames import series_bounds
    from keras_rnn_recipes.data.split import steps_left

    frame = panel.frame.copy()
    last = steps_left(series_bounds(frame)) <= steps
    for name in ("y", *panel.past_cols):
        frame[name] = frame[name].mask(last)
    return replace(panel, frame=frame)


def _with_season(seen: Panel, panel: Panel, source: str) -> Panel:
    """Infer the season of a file again; that of a data set stands on its card."""
    import numpy as np

    from keras_rnn_recipes.config.files import is_file_name
    from keras_rnn_recipes.data.frames import series_bounds
    from keras_rnn_recipes.data.frequency import infer_season_length

    if not is_file_name(source):
        return replace(seen, season_length=panel.season_length)
    bounds = series_bounds(seen.frame)
    longest = int(np.argmax(np.diff(bounds)))
    values = seen.frame["y"].to_numpy()[bounds[longest] : bounds[longest + 1]]
    return replace(seen, season_length=infer_season_length(seen.freq, values))
