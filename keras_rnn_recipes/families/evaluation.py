"""What evaluating a finished run on other data gives, in every family."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.reporting.format import label

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Evaluation:
    """How a run's model did on other data.

    Attributes:
        name: of the model.
        summary: every metric by model; the run's own comes first.
        notes: what was corrected in the data, and what some figures leave out.
        num_series: how many series were forecast; 1 for other families.
        test_size: steps at the end of each series that were forecast.
        forecasts: columns ``unique_id, ds, cutoff, y`` and one per model; None for other families.
        totals: the sums of forecast and observed values, see ``metrics.totals``.
    """

    name: str
    summary: Mapping[str, Mapping[str, float]]
    notes: tuple[str, ...] = ()
    num_series: int = 1
    test_size: int | None = None
    forecasts: pd.DataFrame | None = None
    totals: Mapping[str, float] | None = None

    def _repr_html_(self) -> str:
        """The scores beside those of the baselines, as Jupyter shows the result of a cell."""
        from keras_rnn_recipes.reporting.notebook import scores_html

        model, *baselines = [self.name, *(name for name in self.summary if name != self.name)]
        record = {
            "model": self.summary[model],
            "baselines": {name: self.summary[name] for name in baselines},
            "totals": self.totals,
        }
        return scores_html(model, record, f"{label(model)} on other data")


def refuse_baselines(baselines: str | None) -> None:
    """Refuse baselines for a family that has none beside a finished run.

    Raises:
        UserError: some were given.
    """
    if baselines:
        raise UserError(
            f"--baselines is {baselines!r}, and the run is not a forecaster.",
            "no further baselines: those of other families are fitted on their training data.",
            "leave --baselines out.",
        )
