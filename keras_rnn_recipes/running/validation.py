"""Windows that judge a network while it trains: forecasts from the present only."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from keras_rnn_recipes.data.window_spec import WindowSpec
from keras_rnn_recipes.data.windows import count_windows, window_dataset

if TYPE_CHECKING:
    import pandas as pd
    import tensorflow as tf


# Nothing is learnt from these windows, so that many go through at once; and beyond this number,
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
    return batches.map(lambda x, y, w: (x, y, _last_step(w, spec.lookback)))


def _last_step(weights: tf.Tensor, lookback: int) -> tf.Tensor:
    import tensorflow as tf

    steps = tf.one_hot(lookback - 1, lookback, on_value=float(lookback))
    return weights * tf.reshape(steps, [1, lookback] + [1] * (len(weights.shape) - 2))
