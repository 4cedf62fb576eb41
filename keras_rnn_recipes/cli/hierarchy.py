"""The options of ``krr predict`` for a hierarchy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from keras_rnn_recipes.data.files import is_address
from keras_rnn_recipes.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

Hierarchy = Annotated[
    str | None,
    typer.Option(
        metavar="COLUMNS",
        help="columns of a hierarchy, the highest level first: country,shop. The series of all "
        "levels are forecast, and add up (extra 'hierarchy')",
    ),
]
Reconcile = Annotated[
    str | None,
    typer.Option(
        help="how forecasts of a hierarchy are made to add up: mint (default), bottom_up, top_down"
    ),
]


@dataclass(frozen=True)
class HierarchyOptions:
    """The options; None where not given."""

    columns: str | None
    method: str | None

    def check(self, config: Any, source: Path) -> None:
        """Refuse them where they do not apply.

        Raises:
            UserError: the run is no forecaster, the data are a folder, or no columns were given.
        """
        if self.columns is None and self.method is None:
            return
        folder = source.is_dir() or is_address(source)
        if config.family != "forecasting" or folder or self.columns is None:
            raise UserError(
                f"{'--reconcile' if self.columns is None else '--hierarchy'} was given, and there "
                "is no hierarchy of series in one table.",
                "a forecasting run, a table as --input, and --hierarchy with its columns.",
                "give all three, such as --hierarchy country,shop, or leave the options out.",
            )

    def predict(self, run_dir: Path, source: Any, overrides: Sequence[str]) -> pd.DataFrame:
        """The answers of the run, for all levels where a hierarchy was given.

        Raises:
            UserError: as `predict`, or as `predict_hierarchy`.
        """
        if self.columns is None:
            from keras_rnn_recipes.workflows.inference import predict

            return predict(run_dir, source, overrides=overrides)
        from keras_rnn_recipes.families.forecasting.hierarchy import predict_hierarchy

        method = self.method or "mint"
        return predict_hierarchy(run_dir, source, self.columns, method=method, overrides=overrides)
