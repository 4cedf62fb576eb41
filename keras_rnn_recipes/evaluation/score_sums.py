"""Mean scores and totals of a panel whose forecasts come in parts."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from keras_rnn_recipes.evaluation.metrics import models_scored, step_means


@dataclass
class ScoreSums:
    """What `summarise` and `totals` need of each part, in memory of a fixed size.

    Args:
        model: name of the column of the model, for the totals.

    Example:
        >>> scores = pd.DataFrame({"metric": "mae", "unique_id": ["a", "b"], "lstm": [1.0, 3.0]})
        >>> forecasts = pd.DataFrame({"unique_id": ["a", "b"], "ds": 1, "y": 2.0, "lstm": 5.0})
        >>> sums = ScoreSums("lstm")
        >>> for one in ("a", "b"):
        ...     sums.add(*(table[table["unique_id"] == one] for table in (forecasts, scores)))
        >>> sums.summary(), sums.totals()["forecast"]
        ({'lstm': {'mae': 2.0}}, 10.0)
    """

    model: str
    _of_metrics: dict[str, pd.DataFrame] = field(default_factory=dict)
    _steps: int = 0
    _smallest: float = np.inf
    # Sums of the observed values, the forecasts, the errors and their squares.
    _sums: np.ndarray = field(default_factory=lambda: np.zeros(4))

    def add(self, forecasts: pd.DataFrame, scores: pd.DataFrame) -> None:
        """Add the forecasts of some series, from `backtest`, and their scores, from `score`."""
        models = [str(name) for name in scores.columns if name not in ("metric", "unique_id")]
        for metric, rows in scores.groupby("metric", sort=False):
            known = rows[models_scored(rows, models)].dropna()
            found = pd.DataFrame({"sum": known.sum(), "count": len(known)})
            before = self._of_metrics.get(str(metric))
            both = found if before is None else before.add(found, fill_value=0)
            self._of_metrics[str(metric)] = both.reindex([m for m in models if m in both.index])
        steps = step_means(forecasts, self.model)
        observed, forecast = steps["y"].to_numpy(), steps[self.model].to_numpy()
        error = forecast - observed
        self._sums += [observed.sum(), forecast.sum(), error.sum(), (error**2).sum()]
        self._steps += len(steps)
        self._smallest = min(self._smallest, observed.min(initial=np.inf))

    def summary(self) -> dict[str, dict[str, float]]:
        """The means over all series, as `summarise` gives them."""
        summary: dict[str, dict[str, float]] = {}
        for metric, sums in self._of_metrics.items():
            for model, row in sums.iterrows():
                mean = row["sum"] / row["count"] if row["count"] else np.nan
                summary.setdefault(str(model), {})[metric] = float(mean)
        return summary

    def totals(self) -> dict[str, float] | None:
        """The sums of forecast and observed values, as `totals` gives them."""
        observed, forecast, error, squares = self._sums
        if self._steps < 2 or self._smallest < 0 or not observed > 0:
            return None
        variance = max(squares - error**2 / self._steps, 0.0) / (self._steps - 1)
        return {
            "forecast": float(forecast),
            "observed": float(observed),
            "standard_error": float(np.sqrt(variance * self._steps)),
        }
