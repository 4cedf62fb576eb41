"""The three multi-step strategies. Each is a function of its own, because it changes the contract.

All of them read ``history (batch, time, features)`` in the data's own units, targets first, NaN for
missing values, time of any length (and covariates, see `forecaster`), and differ in
what they are trained to give:

    direct      (batch, horizon, targets)         all steps at once, from the last time step
    seq2seq     (batch, time, horizon, targets)   a whole forecast at every time step
    recursive   (batch, time, targets)            the next value at every time step, to be fed back

`to_forecaster` turns each of them into ``history -> (batch, horizon, targets)``.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from numbers import Integral
from typing import Any, Literal

import keras
from keras import layers

from keras_rnn_recipes.builders.covariates import check_covariates, covariates_of_history
from keras_rnn_recipes.builders.encoders import encode
from keras_rnn_recipes.builders.levels import checked_levels
from keras_rnn_recipes.builders.members import ensemble
from keras_rnn_recipes.layers import (
    BothEnds,
    FillMissing,
    ForecastOutput,
    KnownAhead,
    Lags,
    LastStep,
    Normalise,
    SeasonalBase,
    WindowStatistics,
)
from keras_rnn_recipes.layers.output import check_distribution, num_outputs
from keras_rnn_recipes.layers.replay import HEAD, INPUTS

Strategy = Literal["recursive", "direct", "seq2seq"]

# Trailing statistics need some values to be worth anything.
_SHORTEST_TRAILING_WINDOW = 8


def direct_forecaster(horizon: int, **options: Any) -> keras.Model:
    """All steps of the horizon at once, read at the last time step.

    Args:
        horizon: steps to forecast.
        options: as in `forecaster`.

    Returns:
        An uncompiled model, ``(batch, time, features) -> (batch, horizon, targets)``.

    Raises:
        ValueError: as `forecaster`.

    Source: the "MIMO" strategy of Ben Taieb et al. 2012.

    Example:
        >>> direct_forecaster(12, cell="gru", units=8).output_shape
        (None, 12, 1)
    """
    return forecaster("direct", horizon, **options)


def recursive_forecaster(horizon: int, **options: Any) -> keras.Model:
    """The next value at every time step; `to_forecaster` feeds the predictions back.

    Args:
        horizon: steps that `to_forecaster` will go; training looks one step ahead.
        options: as in `forecaster`. Every feature must be a target, since the values of other
            features are not known for the steps ahead.

    Returns:
        An uncompiled model, ``(batch, time, features) -> (batch, time, targets)``.

    Raises:
        ValueError: as `forecaster`.

    Example:
        >>> recursive_forecaster(12, cell="gru", units=8).output_shape
        (None, None, 1)
    """
    return forecaster("recursive", horizon, **options)


def seq2seq_forecaster(horizon: int, **options: Any) -> keras.Model:
    """A whole forecast at every time step: a long history gives many lessons in one pass.

    Args:
        horizon: steps to forecast.
        options: as in `forecaster`.

    Returns:
        An uncompiled model, ``(batch, time, features) -> (batch, time, horizon, targets)``.

    Raises:
        ValueError: as `forecaster`.

    Source: Geron, Hands-On Machine Learning, chapter 15.

    Example:
        >>> seq2seq_forecaster(12, cell="gru", units=8).output_shape
        (None, None, 12, 1)
    """
    return forecaster("seq2seq", horizon, **options)


def forecaster(
    strategy: Strategy,
    horizon: int,
    *,
    num_features: int = 1,
    num_targets: int = 1,
    cell: str = "lstm",
    units: int | Sequence[int] = 32,
    lags: int | Sequence[int] = 1,
    scaling: str = "standard",
    transform: str = "none",
    scale_window: int | None = None,
    season_length: int | Sequence[int] | None = None,
    seasons: int = 1,
    bidirectional: bool = False,
    residual: bool = False,
    layer_norm: bool = False,
    dropout: float = 0.0,
    l2: float = 0.0,
    recurrent_skips: Sequence[int] = (),
    members: int = 1,
    quantiles: Sequence[float] = (),
    distribution: str | None = None,
    num_future: int = 0,
    num_static: int = 0,
    past_codes: Sequence[int] = (),
    future_codes: Sequence[int] = (),
    static_codes: Sequence[int] = (),
    series_embedding: int | None = None,
) -> keras.Model:
    """A forecasting network of the given strategy.

    Args:
        strategy: ``"direct"``, ``"seq2seq"`` or ``"recursive"``.
        horizon: steps to forecast, at least 1.
        num_features: values per time step; the targets come first among them.
        num_targets: how many of them are forecast.
        cell: ``"simple_rnn"``, ``"lstm"``, ``"gru"``, or one to compare with: ``"dense"``,
            ``"conv"``, ``"linear"`` (see `encode`).
        units: width of the layer, or one width per layer.
        lags: past values that each time step sees: 1, the value itself; n, the last n; a tuple, the
            values that many steps back.
        scaling, transform: how each series is brought to a common scale inside the graph and back,
            see `WindowStatistics`.
        scale_window: steps that the statistics trail each time step by. None: the whole history
            for the direct strategy; the longest lag or season for the others, which may not look
            ahead.
        season_length: None, or the steps in a season (several: an hour's day and week): the
            network then corrects a seasonal forecast instead of the window's center, and sees its
            lags relative to it (see `SeasonalBase`).
        seasons: memory, in seasons, of the smoothed season; 1: the last one is repeated.
        bidirectional, residual, layer_norm, dropout, l2, recurrent_skips: as in `recurrent_stack`.
            Only the direct strategy may read backwards.
        members: networks trained together, each on a share of its own of every batch; their
            median is the forecast (see `ensemble`).
        quantiles: levels of intervals, in percent, that the network learns beside the median; its
            last axis is then ``1 + 2 * levels`` long: median, then lower and upper bound of each
            level, which never cross. To be trained with the pinball loss. For one target, and not
            for the recursive strategy: intervals one step ahead say nothing of the next ones.
        distribution: None, or of what the network gives the parameters, in the data's own units, in
            its last axis: ``"gaussian"`` (location, scale), ``"student_t"`` (location, scale,
            degrees of freedom, above 2) or, for counts, ``"negative_binomial"`` (mean, dispersion;
            the variance is ``mean + dispersion * mean ** 2``). To be trained with the loss nll;
            `to_forecaster` makes median and bounds of it. For one target and every strategy;
            without a transform, after which it would be another distribution.
        num_future, num_static: columns that are known ahead, and that are constant in each series.
        past_codes, future_codes, static_codes: for each column how many codes it has, from 0, the
            unknown one, on; 0 for a column of numbers. Left out: all are numbers, standardised by
            statistics that are weights (see `KnownColumns`).
        series_embedding: length of a learned vector for each series, whose code is then the last
            static column.

    Returns:
        An uncompiled functional ``keras.Model`` from ``history``; shapes as in the module's table.
        With covariates, it takes a dict of ``history``, ``future`` (batch, time + horizon,
        num_future), of which the recursive strategy needs time + 1 rows to be trained, and
        ``static`` (batch, num_static).

    Raises:
        ValueError: for arguments out of range or that do not go together; the message says which.

    Example:
        >>> forecaster("seq2seq", 12, cell="lstm", lags=24, season_length=12).output_shape
        (None, None, 12, 1)
    """
    _check(strategy, horizon, num_features, num_targets, bidirectional)
    quantiles = _checked_quantiles(quantiles, strategy, num_targets)
    if distribution is not None:
        check_distribution(distribution, num_targets, transform, quantiles)
    steps = 1 if strategy == "recursive" else horizon
    # Raw units need the full precision, whatever the policy for the network in between.
    exact = {"dtype": keras.config.floatx()}
    offsets = range(int(lags)) if isinstance(lags, Integral) else lags
    looks_back = Lags(offsets, name="lags", **exact)
    if strategy != "direct" and scale_window is None:
        longest = max(looks_back.context + 1, *_listed(season_length or 1))
        scale_window = max(longest, _SHORTEST_TRAILING_WINDOW)

    covariates = check_covariates(
        num_past=num_features - num_targets,
        num_future=num_future,
        num_static=num_static,
        past_codes=past_codes,
        future_codes=future_codes,
        static_codes=static_codes,
        series_embedding=series_embedding,
    )
    history = keras.Input((None, num_features), name="history")
    given = covariates.inputs(history)
    numbers, codes = covariates.divide(history)
    channels = covariates.channels(given, codes)
    filled, observed = FillMissing(name="fill_missing", **exact)(numbers)
    statistics = WindowStatistics(scaling, transform, scale_window, name="statistics", **exact)
    magnitude, center, scale = statistics(filled, observed)
    base, normal, shapes = center, center, []
    if season_length is not None:
        seasonal = SeasonalBase(
            season_length, steps, transform, offsets, seasons, name="seasonal_base", **exact
        )
        base, normal, *shapes = seasonal(filled, magnitude)
    normalise = Normalise(transform, name="normalise", **exact)
    scaled = normalise(looks_back(filled), magnitude, normal, scale)
    seen = [scaled, observed, *shapes, *covariates_of_history(filled, channels)]
    inputs = layers.Concatenate(name=INPUTS)(seen)
    ahead = (channels["future"], filled) if "future" in channels else ()
    network = partial(
        _network,
        strategy=strategy,
        steps=steps,
        outputs=num_outputs(num_targets, quantiles, distribution),
        cell=cell,
        units=units,
        bidirectional=bidirectional,
        residual=residual,
        layer_norm=layer_norm,
        dropout=dropout,
        l2=l2,
        recurrent_skips=recurrent_skips,
    )
    head = ensemble(network, (inputs, observed, *ahead), members=members)
    output = ForecastOutput(
        strategy, horizon, num_targets, transform, quantiles, distribution, name="forecast", **exact
    )
    forecast = output(head, magnitude, base, scale)
    return keras.Model(given, forecast, name=f"{cell}_{strategy}")


def _network(inputs, observed, *ahead, strategy, steps, outputs, suffix, **options):
    """What learns: from the inputs of each time step to the numbers that the output puts back."""
    encoded = encode(inputs, observed, suffix=suffix, **options)
    if strategy == "direct":
        ends = BothEnds if options["bidirectional"] else LastStep
        encoded = ends(name=f"last_step{suffix}")(encoded)
    head = layers.Dense(steps * outputs, name=f"{HEAD}{suffix}")(encoded)
    if not ahead:
        return head
    known = KnownAhead(steps, outputs, name=f"known_ahead{suffix}")
    effect = known(encoded, *ahead, last_only=strategy == "direct")
    return layers.Add(name=f"head_and_known{suffix}")([head, effect])


def _checked_quantiles(levels, strategy, num_targets):
    if levels and (strategy == "recursive" or num_targets != 1):
        raise ValueError(
            "quantiles are for one target and the direct or seq2seq strategy; received "
            f"strategy={strategy!r}, num_targets={num_targets}."
        )
    return checked_levels(levels, "quantiles")


def _listed(value):
    return (value,) if isinstance(value, Integral) else tuple(value)


def _check(strategy, horizon, num_features, num_targets, bidirectional):
    if horizon < 1:
        raise ValueError(f"horizon must be at least 1; received {horizon}.")
    if not 1 <= num_targets <= num_features:
        raise ValueError(
            f"num_targets must be between 1 and num_features={num_features}; "
            f"received {num_targets}."
        )
    if strategy == "recursive" and num_targets != num_features:
        raise ValueError(
            "The recursive strategy feeds its forecasts back, so every feature must be a target; "
            f"received num_features={num_features}, num_targets={num_targets}. "
            "Use the direct or seq2seq strategy for features that are not forecast."
        )
    if bidirectional and strategy != "direct":
        raise ValueError(
            f"A bidirectional stack sees later steps, which the {strategy} strategy is to "
            "forecast; use it with the direct strategy."
        )
