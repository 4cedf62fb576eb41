"""The network and the training that ``krr forecast`` chooses where nothing else is asked for.

Chosen by the last horizon before the test part of four public panels (monthly, daily and hourly; 72
to 414 series; one seed, 400 steps of training). sMAPE and MASE there:

    ========================================  ============  ============  ============  ===========
    network                                   tourism       cif2016       nn5           m4_hourly
    ========================================  ============  ============  ============  ===========
    direct, no lags, no season                27.92  2.241  13.51  1.089  20.75  0.774  18.47  1.981
    seq2seq, lags, season, scaling "mean"     24.25  1.818  11.67  0.849  20.31  0.757  14.85  1.103
    seq2seq, lags, season, "last", logarithm  23.73  1.810  10.90  0.834  20.93  0.771  14.27  1.088
    the same, segments of twice the span      24.17  1.802  12.17  0.884  21.62  0.797  not tried
    ========================================  ============  ============  ============  ===========

The logarithm is taken where every value is above nought; the scaling is "mean" elsewhere.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from keras_rnn_recipes.running.config import Config

# A time step sees a season (or a horizon) and some steps before it; more would be many weights.
LAGS_PER_SPAN, MOST_LAGS = 1.25, 128
# Long segments give many lessons each, and the state time to warm up; a panel has enough of them.
SEGMENT, LONGEST_SEGMENT, PANEL = 168, 512, 20
# With a learning rate that falls to nought, more steps hardly gain.
TRAINING = {"epochs": 30, "steps_per_epoch": 40, "learning_rate": 0.005, "patience": 10}
# Forecast origins to test from; with more, only every horizon-th is taken.
MOST_ORIGINS = 20_000


def recommend(
    config: Config, lengths: Mapping[str, int], season_length: int, *, positive: bool = False
) -> Config:
    """Fill in lags, scaling, season, lookback and the training, where they are left open.

    Args:
        config: what was asked for; ``valid_size`` and ``test_size`` chosen.
        lengths: steps to train on, by series.
        season_length: steps in a season.
        positive: whether every observed value is above nought.

    Returns:
        A configuration with these filled in.

    Example:
        >>> from keras_rnn_recipes.running.config_files import config_from_dict
        >>> asked = config_from_dict({
        ...     "data": {"source": "sales.csv", "test_size": 14},
        ...     "model": {"horizon": 14, "strategy": "seq2seq"},
        ... })
        >>> chosen = recommend(asked, {"shop": 700}, season_length=7).model
        >>> chosen.lags, chosen.lookback, chosen.seasonal
        (18, 168, True)
    """
    model = config.model
    span = max(model.horizon, season_length)
    network: dict[str, Any] = {
        "lags": min(math.ceil(LAGS_PER_SPAN * span), MOST_LAGS),
        "scaling": "last" if positive else "mean",
        "transform": "log" if positive else "none",
        "seasonal": season_length > 1,
        "lookback": _lookback(model.strategy, model.horizon, span, lengths),
    }
    origins = len(lengths) * max((config.data.test_size or 0) - model.horizon + 1, 1)
    stride = model.horizon if origins > MOST_ORIGINS else config.evaluate.stride
    return config.model_copy(
        update={
            "model": model.model_copy(
                update={k: v for k, v in network.items() if getattr(model, k) is None}
            ),
            "fit": config.fit.model_copy(update=TRAINING),
            "evaluate": config.evaluate.model_copy(update={"stride": stride}),
        }
    )


def _lookback(strategy: str, horizon: int, span: int, lengths: Mapping[str, int]) -> int:
    wanted = 2 * span
    if strategy != "direct":
        wanted = max(wanted, SEGMENT)
    longest = max(lengths.values(), default=0)
    # Of a few series, half of what there is to train on must be left to begin windows in.
    room = longest if len(lengths) >= PANEL else (longest - horizon) // 2
    return max(min(wanted, LONGEST_SEGMENT, room), 1)
