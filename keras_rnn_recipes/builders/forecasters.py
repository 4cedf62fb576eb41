"""Forecasting networks for the three multi-step strategies.

All of them read ``history (batch, time, features)`` in the units of the data, targets first, NaN
for missing values, with any number of time steps (and covariates, see `forecaster`). They differ in
their output during training:

    direct      (batch, horizon, targets)         all steps at once, from the last time step
    seq2seq     (batch, time, horizon, targets)   a whole forecast at every time step
    recursive   (batch, time, targets)            the next value at every time step, to be fed back

`to_forecaster` converts each of them to ``history -> (batch, horizon, targets)``.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from numbers import Integral
from typing import Any, Literal, NamedTuple

import keras
from keras import layers

from keras_rnn_recipes.builders.covariates import covariates_of_history, describe_covariates
from keras_rnn_recipes.builders.encoders import encode
from keras_rnn_recipes.builders.levels import checked_levels
from keras_rnn_recipes.builders.members import ensemble
from keras_rnn_recipes.builders.training_checks import check_training
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

# Statistics of fewer values are too noisy.
_SHORTEST_TRAILING_WINDOW = 8


def direct_forecaster(horizon: int, **options: Any) -> keras.Model:
    """A forecaster with the direct strategy: all steps at once, from the last time step.

    Args:
        horizon: number of steps to forecast.
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
    """A forecaster with the recursive strategy: the next value at every time step.

    `to_forecaster` feeds the forecasts back.

    Args:
        horizon: number of steps that `to_forecaster` forecasts; training looks one step ahead.
        options: as in `forecaster`. Every feature must be a target, because other features are
            unknown for the steps ahead.

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
    """A forecaster with the seq2seq strategy: a whole forecast at every time step.

    Training uses every time step of a history as a forecast origin in one pass.

    Args:
        horizon: number of steps to forecast.
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
    point: str = "median",
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
        horizon: number of steps to forecast, at least 1.
        num_features: number of values per time step; the targets come first among them.
        num_targets: number of features to forecast.
        cell: ``"simple_rnn"``, ``"lstm"``, ``"gru"``, a name from `register_cell`, or a comparison
            network: ``"dense"``, ``"conv"``, ``"linear"`` (see `encode`).
        units: width of the layer, or one width per layer.
        lags: lagged values that each time step reads: 1, its own value; n, the last n values; a
            tuple, the values at these lags.
        scaling, transform: how the graph scales each series and scales the forecasts back, see
            `WindowStatistics`.
        scale_window: length in steps of the window of the statistics at each time step. None: the
            whole history for the direct strategy; the longest lag or season for the others, whose
            statistics may not use later values.
        season_length: number of steps in a season, or several such numbers. The output of the
            network is then a correction of a seasonal forecast, and its lags are relative to it
            (see `SeasonalBase`). None: a correction of the center of the window.
        seasons: memory of the smoothed season, in seasons; 1: repeat the last season.
        bidirectional, residual, layer_norm, dropout, l2, recurrent_skips: as in `recurrent_stack`.
            ``bidirectional`` needs the direct strategy.
        members: number of networks trained together, each on its share of every batch; the forecast
            is their median (see `ensemble`).
        quantiles: levels in percent of prediction intervals that the network learns in addition to
            the median, with the pinball loss. The last axis of the output has length ``1 + 2 *
            levels``: median, then lower and upper bound of each level, which never cross. For one
            target and the direct or seq2seq strategy.
        distribution: name of a distribution whose parameters the network outputs in its last axis,
            in the units of the data, trained with the loss nll: ``"gaussian"`` (location, scale),
            ``"student_t"`` (location, scale, degrees of freedom above 2) or, for counts,
            ``"negative_binomial"`` (mean, dispersion; the variance is ``mean + dispersion * mean **
            2``). `to_forecaster` computes the median and intervals. For one target, every strategy,
            and no transform.
        point: ``"mean"``: the forecast of a distribution is its mean, not its median. Of counts
            with many zeros the median is zero.
        num_future, num_static: number of covariates known ahead, and of constants of each series.
        past_codes, future_codes, static_codes: for each covariate the number of its category codes,
            including 0 for unknown; 0 for a column of numbers, which are standardized (see
            `KnownColumns`). Empty: all columns are numbers.
        series_embedding: length of a trained vector for each series, whose code is then the last
            static column.

    Returns:
        An uncompiled functional ``keras.Model`` from ``history``, with the output shape of the
        module's table. With covariates the input is a dict of ``history``, ``future`` (batch, time
        + horizon, num_future; for training the recursive strategy time + 1 rows suffice), and
        ``static`` (batch, num_static).

    Raises:
        ValueError: an argument is out of range, or two arguments exclude each other; the message
            names them.

    Example:
        >>> forecaster("seq2seq", 12, cell="lstm", lags=24, season_length=12).output_shape
        (None, None, 12, 1)
    """
    _check(strategy, horizon, num_features, num_targets, bidirectional)
    quantiles = _checked_quantiles(quantiles, strategy, num_targets)
    if distribution is not None:
        check_distribution(distribution, num_targets, transform, quantiles)
    columns: dict[str, Any] = {"num_past": num_features - num_targets, "num_future": num_future}
    columns |= {"num_static": num_static, "series_embedding": series_embedding}
    columns |= {"past_codes": past_codes, "future_codes": future_codes}
    covariates = describe_covariates(**columns, static_codes=static_codes)
    scales, season = (scaling, transform, scale_window), (season_length, seasons)
    read = _read(strategy, horizon, num_features, covariates, lags, scales, season)
    network = partial(
        _network,
        strategy=strategy,
        steps=_steps(strategy, horizon),
        outputs=num_outputs(num_targets, quantiles, distribution),
        **{"cell": cell, "units": units, "recurrent_skips": recurrent_skips},
        **{"bidirectional": bidirectional, "residual": residual, "layer_norm": layer_norm},
        **{"dropout": dropout, "l2": l2},
    )
    head = ensemble(network, read.seen, members=members)
    shape = (strategy, horizon, num_targets, transform, quantiles, distribution)
    output = ForecastOutput(*shape, point, name="forecast", **_exact())
    forecast = output(head, *read.units, read.seen[1])
    model = keras.Model(read.given, forecast, name=f"{cell}_{strategy}")
    return check_training(model, num_targets, parameters_in_words(quantiles, distribution))


def parameters_in_words(quantiles, distribution):
    """What a network outputs instead of a forecast of each target; None for a forecast.

    Example:
        >>> parameters_in_words((80, 95), None)
        'quantiles (levels 80, 95)'
    """
    if distribution is not None:
        return f"the parameters of a distribution ({distribution})"
    return f"quantiles (levels {', '.join(map(str, quantiles))})" if quantiles else None


class _Read(NamedTuple):
    """What the graph has computed before the network: its inputs, and the way back to units."""

    given: Any  # the inputs of the model
    seen: tuple[Any, ...]  # scaled inputs, what was observed, and covariates known ahead
    units: tuple[Any, ...]  # magnitude, base and scale of each time step


def _read(strategy, horizon, num_features, covariates, lags, scales, season):
    """From the history in units of the data to what each time step of the network reads."""
    exact, (scaling, transform, scale_window) = _exact(), scales
    season_length, seasons = season
    offsets = range(int(lags)) if isinstance(lags, Integral) else lags
    looks_back = Lags(offsets, name="lags", **exact)
    if strategy != "direct" and scale_window is None:
        longest = max(looks_back.context + 1, *_listed(season_length or 1))
        scale_window = max(longest, _SHORTEST_TRAILING_WINDOW)
    history = keras.Input((None, num_features), name="history")
    given = covariates.inputs(history)
    numbers, codes = covariates.divide(history)
    channels = covariates.channels(given, codes)
    filled, observed = FillMissing(name="fill_missing", **exact)(numbers)
    statistics = WindowStatistics(scaling, transform, scale_window, name="statistics", **exact)
    magnitude, center, scale = statistics(filled, observed)
    base, normal, shapes = center, center, []
    if season_length is not None:
        options = (season_length, _steps(strategy, horizon), transform, offsets, seasons)
        seasonal = SeasonalBase(*options, name="seasonal_base", **exact)
        base, normal, *shapes = seasonal(filled, magnitude)
    normalise = Normalise(transform, name="normalise", **exact)
    scaled = normalise(looks_back(filled), magnitude, normal, scale)
    seen = [scaled, observed, *shapes, *covariates_of_history(filled, channels)]
    inputs = layers.Concatenate(name=INPUTS)(seen)
    ahead = (channels["future"], filled) if "future" in channels else ()
    return _Read(given, (inputs, observed, *ahead), (magnitude, base, scale))


def _steps(strategy, horizon):
    """The number of steps that training looks ahead."""
    return 1 if strategy == "recursive" else horizon


def _exact():
    """Options of layers that compute in the units of the data, which need full precision."""
    return {"dtype": keras.config.floatx()}


def _network(inputs, observed, *ahead, strategy, steps, outputs, suffix, **options):
    """The trainable part: from the inputs of each time step to the outputs of the head."""
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
            "quantiles need one target and the direct or seq2seq strategy; received "
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
            f"A bidirectional stack reads later steps, which the {strategy} strategy forecasts; "
            "use it with the direct strategy."
        )
