"""Gradient flow of a run, as a figure for the report and as lines for a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from keras_rnn_recipes.diagnostics.gradient_health import FADED
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.reporting.page import Section
from keras_rnn_recipes.reporting.plots import LAYERS_NAMED, describe_reach, plot_gradient_flow
from keras_rnn_recipes.reporting.style import svg_of
from keras_rnn_recipes.reporting.text_table import text_table
from keras_rnn_recipes.runs.finished import is_untrained
from keras_rnn_recipes.storage import read_json


def gradient_section(record: Mapping[str, Any]) -> Section | None:
    """The part of a report about gradients; None where nothing was measured.

    Args:
        record: the content of ``gradients.json``.
    """
    if not record:
        return None
    judged = record["judged"]
    reaches = "; ".join(map(describe_reach, judged[:LAYERS_NAMED]))
    rest = len(judged) - LAYERS_NAMED
    more = f"; and {rest} further layers" if rest > 0 else ""
    found = " ".join(record["advice"]) or f"{reaches[:1].upper()}{reaches[1:]}{more}."
    caption = (
        "The norm of the loss gradient with respect to the hidden state, by the number of steps "
        "back. Where it has decayed to zero, the network learns nothing from inputs that long ago. "
        f"{found}"
    )
    return Section("Gradient flow", svg_of(plot_gradient_flow(flow_table(record))), caption)


def gradient_lines(run_dir: str | Path) -> list[str]:
    """What was measured in a run, and what to do about it, line by line.

    Raises:
        UserError: nothing was measured there.
    """
    record = read_json(Path(run_dir) / "gradients.json")
    if not record and is_untrained(run_dir):
        raise UserError(
            f"The run in {run_dir} trained nothing, so no gradients were measured.",
            "a run that trains a recurrent network.",
            "train one, for example by krr forecast FILE --horizon N --model train.",
        )
    if not record:
        raise UserError(
            f"{run_dir} does not tell how far errors reach back.",
            "gradients.json, which training a recurrent network writes.",
            "run it again, without fit.watch_gradients = false.",
        )
    rows = [("layer", "steps", "reach", "rate", "at the end", "")]
    rows += [
        (
            row["layer"],
            str(row["steps"]),
            str(row["reach"]),
            _number(row["rate"]),
            _number(row["last"]),
            row["verdict"],
        )
        for row in record["judged"]
    ]
    return [
        *text_table(rows).splitlines(),
        "",
        f"reach: steps back to which more than {FADED:.0%} of the error at lag 0 comes; "
        "rate: what is left of it with each step.",
        *([""] if record["advice"] else []),
        *record["advice"],
    ]


def flow_table(record: Mapping[str, Any]) -> pd.DataFrame:
    """The measurements of a run as a table, as `plot_gradient_flow` takes it.

    Args:
        record: the content of ``gradients.json``.

    Returns:
        Columns ``epoch, layer, lag, norm``; NaN for a norm that is not a number.

    Example:
        >>> flows = [{"epoch": 0, "layer": "rnn", "norms": [0.5, None]}]
        >>> flow_table({"flows": flows})["lag"].tolist()
        [0, 1]
    """
    parts = [
        pd.DataFrame(
            {
                "epoch": flow["epoch"],
                "layer": flow["layer"],
                "lag": range(len(flow["norms"])),
                "norm": np.asarray(flow["norms"], "float64"),
            }
        )
        for flow in record["flows"]
    ]
    return pd.concat(parts, ignore_index=True)


def _number(value: float | None) -> str:
    return "–" if value is None or not np.isfinite(value) else f"{value:.3g}"
