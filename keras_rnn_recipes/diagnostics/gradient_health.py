"""Judge a gradient flow as steady, vanishing or exploding, and give advice.

A network can learn dependencies over as many steps as the gradient reaches back. The rules are:

- reach: the largest lag up to which the norm is at least a hundredth (`FADED`) of that at lag 0;
- exploding: at some lag the norm is a hundred times (`GROWN`) that at lag 0, or not finite;
- vanishing: not exploding, and the reach is shorter than the longest lag;
- steady: neither.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from keras_rnn_recipes.errors import counted

FORMAT_VERSION = 1

FADED, GROWN = 0.01, 100.0

# Norms below this share of lag 0 are mostly rounding errors and do not count for the rate.
_NOISE = 1e-5

_JUDGED = ["layer", "norm", "steps", "rate", "reach", "last", "verdict"]


@dataclass(frozen=True)
class Remedies:
    """The remedies against vanishing and exploding gradients that a network has.

    Attributes:
        gated: all cells are gated, such as LSTM and GRU.
        skips: some cells have recurrent skips.
        orthogonal: all recurrent kernels are initialized orthogonal.
        forget_bias: the bias of the forget gates of all LSTMs is initialized to 1.
        layer_norm: the network has layer normalization.
        clipped: training clips gradients.
    """

    gated: bool
    skips: bool = False
    orthogonal: bool = True
    forget_bias: bool = True
    layer_norm: bool = False
    clipped: bool = True


def judge_flow(flow: pd.DataFrame) -> pd.DataFrame:
    """Judge the gradient flow of each layer by the rules of this module.

    Args:
        flow: from `gradient_flow`.

    Returns:
        A row for each layer: ``layer``; ``norm`` at lag 0; ``steps``, the longest lag; ``rate``,
        the factor of the norm per step back (from a linear fit of its logarithm, NaN if there are
        too few values); ``reach`` in steps; ``last``, the norm at the longest lag divided by that
        at lag 0; ``verdict``: "vanishing", "exploding", "steady", or "none" if no gradient arrives.

    Example:
        >>> flow = pd.DataFrame({"layer": "rnn", "lag": range(9), "norm": 0.5 ** np.arange(9)})
        >>> judge_flow(flow)[["steps", "rate", "reach", "verdict"]].to_dict("records")
        [{'steps': 8, 'rate': 0.5, 'reach': 6, 'verdict': 'vanishing'}]

    Source: Pascanu et al. 2013, section 2.1: for linear units and recurrent weights of spectral
        radius r, the norm is proportional to ``r ** lag``.
    """
    rows = []
    for layer, part in flow.groupby("layer", sort=False):
        norms = part.sort_values("lag")["norm"].to_numpy(dtype="float64")
        start = norms[0]
        if not start > 0 and np.isfinite(norms).all():
            rows.append((layer, start, len(norms) - 1, np.nan, 0, np.nan, "none"))
            continue
        shares = norms / start
        faded = np.flatnonzero(shares < FADED)
        reach = int(faded[0]) - 1 if len(faded) else len(norms) - 1
        verdict = "steady" if reach == len(norms) - 1 else "vanishing"
        if not np.isfinite(shares).all() or shares.max() >= GROWN:
            verdict = "exploding"
        rows.append((layer, start, len(norms) - 1, _rate(shares), reach, shares[-1], verdict))
    return pd.DataFrame(rows, columns=_JUDGED)


def gradient_record(flows: pd.DataFrame, model: Any, *, clipped: bool) -> dict[str, Any]:
    """The content of ``gradients.json``: measured gradient flows, verdicts and advice.

    Args:
        flows: ``flows`` of a `GradientWatch`; the last measurement is judged.
        model: the trained model.
        clipped: whether training clipped gradients.

    Returns:
        ``flows``: for each measurement its ``epoch``, ``layer`` and ``norms`` by lag; ``judged``
        and ``advice``, from `judge_flow` and `advise`.
    """
    groups = flows.groupby(["epoch", "layer"], sort=False)
    last = flows[flows["epoch"] == flows["epoch"].iloc[-1]]
    judged = judge_flow(last)
    return {
        "format_version": FORMAT_VERSION,
        "flows": [
            {"epoch": epoch, "layer": layer, "norms": part["norm"].tolist()}
            for (epoch, layer), part in groups
        ],
        "judged": judged.to_dict("records"),
        "advice": advise(judged, remedies_of(model, clipped=clipped)),
    }


def remedies_of(model: Any, *, clipped: bool) -> Remedies:
    """Find the remedies that a model has.

    Args:
        model: with recurrent layers.
        clipped: whether training clips gradients.

    Example:
        >>> from keras_rnn_recipes.builders import lstm
        >>> remedies_of(lstm("direct", 3, layer_norm=True), clipped=True).layer_norm
        True
    """
    from keras import initializers, layers

    from keras_rnn_recipes.layers.cells import is_gated
    from keras_rnn_recipes.layers.replay import all_layers

    found = list(all_layers(model))
    cells = [one.cell for one in found if isinstance(one, layers.RNN)]
    return Remedies(
        gated=all(is_gated(cell) for cell in cells),
        skips=any(getattr(cell, "recurrent_skips", ()) for cell in cells),
        orthogonal=all(
            isinstance(cell.recurrent_initializer, initializers.Orthogonal) for cell in cells
        ),
        forget_bias=all(getattr(cell, "unit_forget_bias", True) for cell in cells),
        layer_norm=any(isinstance(one, layers.LayerNormalization) for one in found),
        clipped=clipped,
    )


def advise(judged: pd.DataFrame, remedies: Remedies) -> list[str]:
    """Advise what may help, the most likely remedy first; empty if every layer is steady.

    Args:
        judged: from `judge_flow`.
        remedies: from `remedies_of`; those that the network has are not advised.

    Example:
        >>> flow = pd.DataFrame({"layer": "rnn", "lag": range(9), "norm": 3.0 ** np.arange(9)})
        >>> for line in advise(judge_flow(flow), Remedies(gated=False, clipped=False)):
        ...     print(line[:52])
        rnn: the gradient grows 6,561-fold over 8 steps.
        Clip gradients (fit.clip_norm = 1.0).
        Use a gated cell (model.cell = "lstm" or "gru").
        Use layer normalization (model.layer_norm = true).
        Lower fit.learning_rate, or train on shorter sequenc
    """
    exploding = judged[judged["verdict"] == "exploding"]
    vanishing = judged[judged["verdict"] == "vanishing"]
    if len(exploding):
        return [*map(_grows, exploding.to_dict("records")), *_against_growth(remedies)]
    if len(vanishing):
        return [*map(_fades, vanishing.to_dict("records")), *_against_fading(vanishing, remedies)]
    return []


def _grows(row: Mapping[Any, Any]) -> str:
    by = f"{row['last']:,.0f}-fold" if np.isfinite(row["last"]) else "to infinity"
    return f"{row['layer']}: the gradient grows {by} over {row['steps']} steps."


def _fades(row: Mapping[Any, Any]) -> str:
    return (
        f"{row['layer']}: less than a hundredth of the gradient reaches further back than "
        f"{row['reach']} of {row['steps']} steps. The layer hardly learns from earlier steps."
    )


def _against_growth(remedies: Remedies) -> Sequence[str]:
    return [
        *([] if remedies.clipped else ["Clip gradients (fit.clip_norm = 1.0)."]),
        *([] if remedies.gated else ['Use a gated cell (model.cell = "lstm" or "gru").']),
        *([] if remedies.orthogonal else ["Initialize recurrent weights orthogonal."]),
        *([] if remedies.layer_norm else ["Use layer normalization (model.layer_norm = true)."]),
        "Lower fit.learning_rate, or train on shorter sequences (a forecaster: model.lookback).",
    ]


def _against_fading(vanishing: pd.DataFrame, remedies: Remedies) -> Sequence[str]:
    shortest = int(vanishing["reach"].max())
    return [
        *([] if remedies.gated else ['Use a gated cell (model.cell = "lstm" or "gru").']),
        *([] if remedies.skips else ["Add recurrent skips (model.recurrent_skips = [2, 3])."]),
        *([] if remedies.orthogonal else ["Initialize recurrent weights orthogonal."]),
        *([] if remedies.forget_bias else ["Start the bias of forget gates at 1."]),
        *([] if remedies.layer_norm else ["Use layer normalization (model.layer_norm = true)."]),
        f"If nothing further back than {counted(max(shortest, 1), 'step')} matters, nothing is "
        "wrong: train on sequences of that length to save time.",
    ]


def _rate(shares: np.ndarray) -> float:
    lags = np.flatnonzero(np.isfinite(shares) & (shares > _NOISE))
    if len(lags) < 2:
        return float("nan")
    return round(float(np.exp(np.polyfit(lags, np.log(shares[lags]), 1)[0])), 12)
