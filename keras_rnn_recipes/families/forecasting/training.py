"""The steps of the forecasting script that train a network: windows, and the epoch to keep."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from keras_rnn_recipes.data.bounds import series_bounds
from keras_rnn_recipes.data.prefetching import mapped
from keras_rnn_recipes.data.split import Split, training_rows, validation_rows
from keras_rnn_recipes.data.stored import StoredSeries
from keras_rnn_recipes.data.window_spec import WindowSpec
from keras_rnn_recipes.data.windows import count_windows as count_windows, window_dataset
from keras_rnn_recipes.errors import counted
from keras_rnn_recipes.reporting.format import number
from keras_rnn_recipes.training.again import untrained as untrained
from keras_rnn_recipes.training.loop import best_epoch as best_epoch

if TYPE_CHECKING:
    import pandas as pd
    import tensorflow as tf

    from keras_rnn_recipes.config.forecasting import Config
    from keras_rnn_recipes.data.frames import Panel

    Rows: TypeAlias = pd.DataFrame | StoredSeries


def parts_to_learn(split: Split, panel: Panel, config: Config) -> tuple[Rows, Rows]:
    """The training and the validation part of all series.

    Args:
        split: the parts of ``panel.frame``, from ``split_by_time``.
        panel: from ``load``.
        config: the resolved configuration.

    Returns:
        Those of ``split``; of a panel in files, stored series.
    """
    stored = panel.files and panel.files.stored
    if not stored:
        return split.train, split.valid
    data = config.data
    sizes = {"valid_size": data.valid_size or 0, "test_size": data.test_size or 0}
    lookback = config.model.lookback or 1
    return (
        stored.map(lambda frame: frame[training_rows(frame, data.held_out)]),
        stored.map(lambda frame: frame[validation_rows(frame, **sizes, lookback=lookback)]),
    )


def all_steps(panel: Panel) -> Rows:
    """All steps of all series, to train on."""
    return panel.files.stored if panel.files and panel.files.stored else panel.frame


def without_level(frame: Rows | None) -> Rows | None:
    """The series of a frame minus their median, in float64, to train with the scaling "change".

    Args:
        frame: columns ``unique_id, y`` and others, or stored series; None is returned as it is.

    Example:
        >>> import pandas as pd
        >>> meter = pd.DataFrame({"unique_id": "a", "y": [87654717.1, 87654717.5, 87654718.2]})
        >>> without_level(meter)["y"].round(1).tolist()
        [-0.4, 0.0, 0.7]
    """
    return None if frame is None else _mapped(_without_level, frame)


def _without_level(frame: pd.DataFrame) -> pd.DataFrame:
    level = frame["y"].groupby(frame["unique_id"]).transform("median")
    return frame.assign(y=frame["y"] - level)


def note_on_epoch_0(history: pd.DataFrame, config: Config) -> str:
    """A line that compares a pretrained network as it was with what training made of it.

    Args:
        history: from ``fit``.
        config: the resolved configuration.

    Returns:
        One sentence and the end of its line if the network as it was counts as epoch 0; else an
        empty text.

    Example:
        >>> import pandas as pd
        >>> from keras_rnn_recipes.config.files import config_from_dict
        >>> data = {"source": "a.csv", "valid_size": 12}
        >>> config = config_from_dict({"data": data, "model": {"horizon": 6}})
        >>> history = pd.DataFrame({"epoch": [0, 1, 2], "val_loss": [0.81, 0.79, 0.8]})
        >>> note_on_epoch_0(history, config).split(": ")[1]
        'as it was 0.81, after epoch 1 0.79'
    """
    if history["epoch"].iloc[0] > 0:
        return ""
    losses = dict(zip(history["epoch"], history["val_loss"], strict=True))
    before = losses.pop(0)
    best = min(losses, key=lambda epoch: losses[epoch], default=0)
    kept = best_epoch(history, config.fit)
    where = f"Loss of the pretrained network on {counted(config.data.valid_size or 0, 'step')}"
    outcome = f"epoch {kept} is kept" if kept else "it stays as it was"
    return (
        f"{where} before the test part: as it was {number(before)}, after epoch {best} "
        f"{number(losses.get(best))}: {outcome}.\n"
    )


def with_earlier_rows(train: Rows, valid: Rows | None, config: Config) -> tuple[Rows, Rows | None]:
    """The parts with missing values before each series, for a network that reads short histories.

    Windows begin before the series, so that a series shorter than a window has as many targets as
    a long one: all but those of its first season.

    Args:
        train: the training part, from ``split_by_time``.
        valid: the validation part with its context; None: there is none.
        config: the recipe, with its lookback, season and parts.

    Example:
        >>> import pandas as pd
        >>> from keras_rnn_recipes.config.files import config_from_dict
        >>> data = {"source": "a.csv", "season_length": 2}
        >>> config = config_from_dict({"data": data, "model": {"horizon": 1, "lookback": 4}})
        >>> frame = pd.DataFrame({"unique_id": "a", "ds": [1, 2, 3], "y": [5.0, 6.0, 7.0]})
        >>> with_earlier_rows(frame, None, config)[0]["y"].tolist()
        [nan, nan, 5.0, 6.0, 7.0]
    """
    lookback = config.model.lookback or 1
    first = max(lookback - (config.data.main_season or 1), 0)
    whole = lookback + (config.data.valid_size or 0)

    def longer(part: pd.DataFrame) -> pd.DataFrame:
        return _after_missing(part, np.full(part["unique_id"].nunique(), first))

    def as_long_as_a_window(part: pd.DataFrame) -> pd.DataFrame:
        return _after_missing(part, np.maximum(whole - np.diff(series_bounds(part)), 0))

    return _mapped(longer, train), None if valid is None else _mapped(as_long_as_a_window, valid)


def _mapped(function: Callable[[pd.DataFrame], pd.DataFrame], rows: Rows) -> Rows:
    return rows.map(function) if isinstance(rows, StoredSeries) else function(rows)


def _after_missing(frame: pd.DataFrame, added: np.ndarray) -> pd.DataFrame:
    """A frame with some rows before each series, which repeat its first row without a value."""
    bounds = series_bounds(frame)
    before, rows = np.repeat(bounds[:-1], added), np.arange(len(frame))
    order = np.argsort(np.concatenate([before - 0.5, rows]), kind="stable")
    longer = frame.iloc[np.concatenate([before, rows])[order]].reset_index(drop=True)
    return longer.assign(y=longer["y"].mask(order < len(before)))


# No gradients are computed for these windows, so batches can be large; beyond this number,
# which takes about as long as an epoch of training, a part of the series stands for all.
BATCH_SIZE, MOST_WINDOWS = 256, 4096


def validation_windows(
    frame: Rows | None, spec: WindowSpec, **options: Any
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
    if frame is None or (count := count_windows(frame, spec)) == 0:
        return None
    frame = _some_series(frame, -(-count // MOST_WINDOWS))
    spec = replace(spec, burn_in=0)
    batches = window_dataset(frame, spec, **{**options, "batch_size": BATCH_SIZE})
    if spec.strategy == "direct":
        return batches
    return mapped(batches, lambda x, y, w: (x, y, _last_step(w, spec.lookback)))


def _some_series(frame: Rows, every: int) -> pd.DataFrame:
    """Every k-th series, in memory."""
    if isinstance(frame, StoredSeries):
        return frame.take(np.arange(0, frame.num_series, every))
    if every == 1:
        return frame
    return frame[frame["unique_id"].isin(frame["unique_id"].unique()[::every])]


def _last_step(weights: tf.Tensor, lookback: int) -> tf.Tensor:
    import tensorflow as tf

    steps = tf.one_hot(lookback - 1, lookback, on_value=float(lookback))
    return weights * tf.reshape(steps, [1, lookback] + [1] * (len(weights.shape) - 2))
