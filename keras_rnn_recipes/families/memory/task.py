"""What the trials came to: figures by network, and what is said of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from keras_rnn_recipes.config.memory import MemoryConfig, MemoryDataConfig
from keras_rnn_recipes.data.memory_problems import MemoryProblem
from keras_rnn_recipes.errors import counted
from keras_rnn_recipes.reporting.format import label, metric_value, number
from keras_rnn_recipes.reporting.text_table import text_table


def load(data: MemoryDataConfig) -> MemoryProblem:
    """The problem of a recipe at its shortest lag.

    Args:
        data: the recipe's section.

    Example:
        >>> load(MemoryDataConfig(problem="adding", lags=(10, 20))).lag
        10
    """
    return MemoryProblem(data.problem, data.lags[0], data.symbols)


def score(trials: pd.DataFrame) -> dict[str, dict[str, float]]:
    """The longest lag that each network solved, and what it was like there.

    Args:
        trials: from `climb`.

    Returns:
        By network ``longest_lag`` (0: none), and of the trial at that lag (of the shortest, where
        it solved none) ``reach``, ``gradient`` and ``steps``.

    Example:
        >>> row = {"cell": "gru", "error": 0.01, "gradient": 0.2, "reach": 0.5, "steps": 300}
        >>> trials = pd.DataFrame(
        ...     [{**row, "lag": 10, "solved": True}, {**row, "lag": 20, "solved": False}]
        ... )
        >>> score(trials)
        {'gru': {'longest_lag': 10, 'reach': 0.5, 'steps': 300, 'gradient': 0.2}}
    """
    found = {}
    for name, rows in trials.groupby("cell", sort=False):
        solved = rows[rows["solved"]]
        at = (solved if len(solved) else rows).sort_values("lag")
        row = at.iloc[-1 if len(solved) else 0]
        found[str(name)] = {
            "longest_lag": int(row["lag"]) if len(solved) else 0,
            **{one: row[one].item() for one in ("reach", "steps", "gradient")},
        }
    return found


def results_record(trials: pd.DataFrame, config: MemoryConfig, model: Any) -> dict[str, Any]:
    """The content of ``metrics.json``: the first network of the recipe, and beside it the others.

    Args:
        trials: from `climb`.
        config: the recipe.
        model: the first network, for its number of parameters.
    """
    figures, first = score(trials), config.model.cells[0]
    return {
        "format_version": 1,
        "task": config.family,
        "model": figures[first],
        "baselines": {name: row for name, row in figures.items() if name != first},
        "num_parameters": int(model.count_params()),
        "fit_seconds": round(float(trials["seconds"].sum()), 3),
    }


def describe(config: MemoryConfig) -> str:
    """What is asked and when it counts as solved, in two lines for the terminal."""
    data, fit = config.data, config.fit
    steps = fit.epochs * (fit.steps_per_epoch or 100)
    return (
        f"{config.headline}: {', '.join(map(str, data.lags))}\n"
        f"{counted(steps, 'step')} of {counted(fit.batch_size, 'sequence')} at most for each; "
        f"solved at an error of {number(config.evaluate.solved)} on {config.evaluate.size} others"
    )


def results_table(record: Mapping[str, Any], *, name: str) -> str:
    """A plain table of the longest lag of each network and how much gradient is left there.

    Example:
        >>> record = {"model": {"longest_lag": 50, "reach": 0.02, "steps": 300}, "baselines": {}}
        >>> print(results_table(record, name="gru"))
             longest lag  gradient left  steps
        GRU           50           0.02    300
    """
    rows = {name: record["model"], **record["baselines"]}
    metrics = ("longest_lag", "reach", "steps")
    table = [["", *map(label, metrics)]]
    table += [
        [label(one), *(metric_value(metric, values[metric]) for metric in metrics)]
        for one, values in rows.items()
    ]
    return text_table(table)
