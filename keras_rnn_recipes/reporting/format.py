"""Numbers, names and verdicts in plain words."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from keras_rnn_recipes.evaluation.metric_info import metric_info, more_is_better

MODEL_LABELS = {
    **{"lstm": "LSTM", "gru": "GRU", "simple_rnn": "simple RNN", "deep_rnn": "deep RNN"},
    **{"auto_ets": "AutoETS", "auto_arima": "AutoARIMA", "auto_theta": "AutoTheta"},
    **{"tfidf": "tf-idf and logistic regression", "pretrained": "pretrained network"},
    **{"tfidf_ridge": "tf-idf and ridge regression", "label_frequencies": "most frequent labels"},
    **{"network_alone": "network alone", "ngrams_alone": "n-grams alone"},
    **{"lstm_ngrams": "LSTM with n-grams", "gru_ngrams": "GRU with n-grams"},
    **{"simple_rnn_ngrams": "simple RNN with n-grams"},
    **{"simple_rnn_clipped": "simple RNN (clipped)", "simple_rnn_skips": "simple RNN (skips 2, 3)"},
    **{"simple_rnn_normal": "simple RNN (normal start)", "gru_skips": "GRU (skips 2, 3)"},
    **{"simple_rnn_identity": "simple RNN (identity start)", "lstm_skips": "LSTM (skips 2, 3)"},
    **{"lstm_closed": "LSTM (forget bias 0)"},
    **{"summary_statistics": "logistic regression on summary statistics"},
    **{"key_frequency": "frequency of each key", "repeat_last": "repeat the last frame"},
    **{"frame_ngram": "n-gram of frames"},
    **{"single_frame": "network of the middle frame alone"},
    **{"nearest_neighbor": "nearest neighbor, time warping"},
    **{"most_frequent": "most frequent transcript"},
    **{"nearest_length": "transcript of the nearest length"},
    **{"nearest_source": "target of the nearest source"},
    **{"joint_ngram": "joint n-gram of letters and phonemes"},
    **{"with_ngram": "the longest n-gram", "with_cache": "a cache of the tokens just read"},
    **{"dynamic": "dynamic evaluation", "all_together": "all together"},
}

# Rows of a table that are a part of the model, and so no baseline to beat.
PARTS = ("network_alone",)

# A relative difference from the best baseline that is smaller than this counts as none.
LEVEL = 0.005

# The sum of forecasts is biased if it is off by at least this share of the observed sum, and by
# more than this many standard errors. From the second share on the forecast is of no use.
BIASED, USELESS, STANDARD_ERRORS = 0.25, 0.5, 3.0


def number(value: float | None, *, padded: bool = False) -> str:
    """Write a number to four figures, with a dash for one that is missing.

    Args:
        value: the number.
        padded: keep zeros at the end, so that the numbers of a column line up.

    Example:
        >>> [number(x) for x in (29015.4, 0.81234, 0.00001234, -3.0, float("nan"))]
        ['29,015', '0.8123', '1.234e-05', '−3', '–']
    """
    if value is None or not math.isfinite(value):
        return "–"
    if value == 0 or 1e-3 <= abs(value) < 1e9:
        text = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:{'#' * padded}.4g}"
    else:
        text = f"{value:.4g}"
    return text.replace("-", "−") if text.startswith("-") else text


def label(name: str) -> str:
    """Write the name of a metric or a model as a heading.

    Example:
        >>> label("mase"), label("smape"), label("lstm"), label("seasonal_naive")
        ('MASE', 'sMAPE, %', 'LSTM', 'seasonal naive')
        >>> label("coverage-80"), label("msis-97.5")
        ('within 80%', 'MSIS 97.5%')
    """
    info = metric_info(name)
    if info is not None:
        return info.label.format(name.partition("-")[2])
    return MODEL_LABELS.get(name, name.replace("_", " "))


def metric_value(metric: str, value: float | None, *, padded: bool = False) -> str:
    """Write a value of a metric in that metric's format, with a dash for one that is missing.

    Args:
        metric: its name.
        value: its value.
        padded: as in `number`.

    Example:
        >>> metric_value("coverage-80", 81.26), metric_value("steps", 300.0)
        ('81.3%', '300')
        >>> metric_value("mae", 1.5, padded=True), metric_value("mae", None)
        ('1.500', '–')
    """
    info = metric_info(metric)
    if value is None or not math.isfinite(value) or info is None or info.form == "number":
        return number(value, padded=padded)
    return f"{value:.1f}%" if info.form == "percent" else f"{value:,.0f}"


def spread(values: Sequence[float | None]) -> tuple[float, float, float] | None:
    """Give the median, the least and the greatest of the finite values; None without any.

    Example:
        >>> spread([3.0, 1.0, None, 2.0])
        (2.0, 1.0, 3.0)
    """
    finite = [float(v) for v in values if v is not None and math.isfinite(v)]
    return (statistics.median(finite), min(finite), max(finite)) if finite else None


def deciding_metric(figures: Mapping[str, float | None], num_series: int) -> str:
    """Name the metric that decides: MASE for several series, of one the mean absolute error.

    A mean of errors in the units of the series would be that of the largest series of a panel. In
    place of a MASE that is missing RMSSE decides, which is free of units as well.

    Example:
        >>> deciding_metric({"mae": 3.0, "mase": 0.8}, 40), deciding_metric({"mae": 3.0}, 40)
        ('mase', 'mae')
    """
    free_of_units = ("mase", "rmsse") if num_series > 1 else ()
    usable = [name for name, value in figures.items() if value is not None and value == value]
    return next((m for m in (*free_of_units, "mae", *usable) if m in usable), "mae")


def best_baseline(record: Mapping[str, Any], metric: str) -> str | None:
    """Name the baseline with the best figure in a ``metrics.json``; None without any.

    The network of a mixture, whose figures stand among the baselines, is none.

    Example:
        >>> best_baseline({"baselines": {"naive": {"mae": 2.0}, "drift": {"mae": None}}}, "mae")
        'naive'
    """
    figures = {
        name: values[metric]
        for name, values in record.get("baselines", {}).items()
        if name not in PARTS and values.get(metric) is not None and math.isfinite(values[metric])
    }
    best = max if more_is_better(metric) else min
    return best(figures, key=lambda name: figures[name]) if figures else None


def verdict(
    name: str, record: Mapping[str, Any], metric: str, seeds: Sequence[float | None] = ()
) -> tuple[str, str]:
    """Say whether a model beat its best baseline, and by how much.

    Args:
        name: what the model is called.
        record: the content of ``metrics.json``. Forecasts that are far too high or too low in sum
            (its ``totals``) are at best ``"level"``, or ``"worse"`` if off by half.
        metric: the figure to compare; `more_is_better` tells the direction.
        seeds: that figure for each of several seeds, this run's among them, if there are.

    Returns:
        ``"better"``, ``"level"``, ``"worse"`` or ``"unknown"``, and the sentences.

    Example:
        >>> record = {"model": {"mae": 1.0}, "baselines": {"naive": {"mae": 2.0}}}
        >>> verdict("lstm", record, "mae")
        ('better',
         'The LSTM beats its best baseline, naive, by 50%: mean absolute error 1, against 2.')
    """
    info = metric_info(metric)
    words = metric if info is None else info.name
    if not record["model"]:
        return "unknown", (
            f"The {label(name)} is not scored: no series has two steps more than the horizon."
        )
    given = spread(seeds if len(seeds) > 1 else [record["model"].get(metric)])
    rival = best_baseline(record, metric)
    if given is None:
        return "unknown", f"The {label(name)} could not be scored: it has no {words}."
    mine = f"{words} {number(given[0])}"
    mine += f" (median of {len(seeds)} seeds)" if len(seeds) > 1 else ""
    if rival is None:
        return "unknown", (
            f"The {label(name)} has {mine}. No baseline was scored, so there is nothing to "
            "compare that with."
        )
    theirs = float(record["baselines"][rival][metric])
    compare = _compare_shares if more_is_better(metric) else _compare
    kind, text = compare(label(name), label(rival), given[0], theirs)
    text += f": {mine}, against {number(theirs)}."
    if len(seeds) > 1 and given[1] < theirs < given[2]:
        text += " Some seeds are better and some worse, so this may be chance."
    return _with_bias(kind, text, record.get("totals"))


def _with_bias(kind: str, text: str, totals: Mapping[str, float] | None) -> tuple[str, str]:
    """Say if the forecasts are too high or too low in sum, which mean errors do not show."""
    if not totals:
        return kind, text
    off = totals["forecast"] - totals["observed"]
    share = abs(off) / totals["observed"]
    if share < BIASED or abs(off) <= STANDARD_ERRORS * totals["standard_error"]:
        return kind, text
    way = "low" if off < 0 else "high"
    text += (
        f" But its forecasts sum to {number(totals['forecast'])}, the observed values to "
        f"{number(totals['observed'])}: in sum they are {percent(share)} too {way}."
    )
    return ("worse" if kind == "worse" or share >= USELESS else "level"), text


def _compare(name: str, rival: str, mine: float, theirs: float) -> tuple[str, str]:
    loses = f"The {name} does not beat its best baseline, {rival}"
    if theirs == 0 and mine > 0:
        return "worse", f"{loses}, which made no error"
    change = (mine - theirs) / theirs if theirs else 0.0
    if abs(change) < LEVEL:
        return "level", f"The {name} does no better than its best baseline, {rival}"
    if change < 0:
        return "better", f"The {name} beats its best baseline, {rival}, by {percent(-change)}"
    if change < 2:
        return "worse", f"{loses}: its error is {percent(change)} larger"
    return "worse", f"{loses}: its error is {change + 1:,.1f} times as large"


def _compare_shares(name: str, rival: str, mine: float, theirs: float) -> tuple[str, str]:
    """Of figures that cannot pass an upper end, the difference tells more than the ratio."""
    if mine == theirs or abs(mine - theirs) < LEVEL * abs(theirs):
        return "level", f"The {name} does no better than its best baseline, {rival}"
    if mine > theirs:
        return "better", f"The {name} beats its best baseline, {rival}"
    return "worse", f"The {name} does not beat its best baseline, {rival}"


def percent(share: float) -> str:
    """Write a share as a percentage.

    Example:
        >>> percent(0.123), percent(0.0123)
        ('12%', '1.2%')
    """
    return f"{share:.1%}" if share < 0.1 else f"{share:.0%}"
