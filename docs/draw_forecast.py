"""Draw the README's picture from a finished run: ``draw_forecast.py RUN_DIR OUT.svg``.

Forecasts of the test part, each made from its own origin with what was known there, over what came.
Origins are as far apart as the horizon is long, so that the forecasts do not overlap.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure

import keras_rnn_recipes as krr

INK, MODEL, RIVAL, RULE = "#1f2328", "#0969da", "#bc4c00", "#d1d9e0"
STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "forecast",
    "font.family": "sans-serif",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": RULE,
    "text.color": INK,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
}


def every_horizon(tested: pd.DataFrame, horizon: int) -> pd.DataFrame:
    """The forecasts from every ``horizon``-th origin, counted back from the last."""
    cutoffs = sorted(tested["cutoff"].unique(), reverse=True)[::horizon]
    return tested[tested["cutoff"].isin(cutoffs)]


def main(run_dir: Path, out: Path) -> None:
    """Read the run, draw, write."""
    config = json.loads((run_dir / "config.json").read_text(encoding="utf-8"))
    name, horizon = config["model"]["preset"], config["model"]["horizon"]
    metrics = json.loads((run_dir / "metrics.json").read_text(encoding="utf-8"))
    rival = min(metrics["baselines"], key=lambda each: metrics["baselines"][each]["mae"])
    tested = pd.read_csv(run_dir / "backtest.csv", parse_dates=["ds", "cutoff"])
    series = tested["unique_id"].iloc[0]
    shown = every_horizon(tested[tested["unique_id"] == series], horizon)
    panel = krr.load_dataset(config["data"]["source"])
    truth = panel.frame[panel.frame["unique_id"] == series]
    truth = truth[truth["ds"] >= shown["ds"].min() - pd.DateOffset(years=3)]

    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(8, 3.2), layout="constrained", facecolor="white")
        axes = figure.subplots()
        axes.plot(truth["ds"], truth["y"], color=INK, lw=1, label="observed")
        for number, (_, one) in enumerate(shown.groupby("cutoff")):
            labels = {} if number else {"rival": rival.replace("_", " "), "model": name.upper()}
            axes.plot(one["ds"], one[rival], color=RIVAL, ls=":", lw=1.4, label=labels.get("rival"))
            axes.plot(one["ds"], one[name], color=MODEL, lw=1.6, label=labels.get("model"))
            axes.axvline(one["cutoff"].iloc[0], color=RULE, lw=0.8, zorder=0)
        axes.set_ylabel(f"{series}, ppm" if series == "co2" else series)
        axes.legend(frameon=False, loc="upper left")
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
