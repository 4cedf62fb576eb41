"""The steps of the forecasting script that train a network: windows, and the epoch to keep."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_rnn_recipes.data.frames import series_bounds
from keras_rnn_recipes.data.prefetching import mapped
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


def with_earlier_rows(
    train: pd.DataFrame, valid: pd.DataFrame | None, config: Config
) -> tuple[pd.DataFrame, pd.DataFrame | None]:
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
    number = len(series_bounds(train)) - 1
    first = max(lookback - (config.data.main_season or 1), 0)
    train = _after_missing(train, np.full(number, first))
    if valid is None or valid.empty:
        return train, valid
    lengths = np.diff(series_bounds(valid))
    whole = lookback + (config.data.valid_size or 0)
    return train, _after_missing(valid, np.maximum(whole - lengths, 0))


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
