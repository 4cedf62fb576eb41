"""What evaluating a finished run on other data gives, in every family."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from keras_rnn_recipes.errors import UserError, counted
from keras_rnn_recipes.reporting.format import label

if TYPE_CHECKING:
    import pandas as pd


T = TypeVar("T")

# How a DataFrame is written, whatever the format of the run's own file.
_AS_WRITTEN = (
    "data.columns=[]",
    "data.separator=,",
    "data.quotes=true",
    "data.encoding=utf-8",
)


@dataclass(frozen=True)
class Evaluation:
    """How a run's model did on other data.

    Attributes:
        name: of the model.
        summary: every metric by model; the run's own comes first.
        notes: what was corrected in the data, and what some figures leave out.
        num_series: how many series were forecast; 1 for other families.
        test_size: steps at the end of each series that were forecast.
        forecasts: columns ``unique_id, ds, cutoff, y`` and one per model, for a panel in files of
            some of the series; None for other families.
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


def from_tables(verb: Callable[..., T]) -> Callable[..., T]:
    """Make a verb of a text family that reads a table take a DataFrame as well.

    The DataFrame is written to a CSV file and read like any other table.

    Args:
        verb: function of the folder of a run, a path and keyword arguments.
    """

    @functools.wraps(verb)
    def called(run_dir: str | Path, source: Any, **options: Any) -> T:
        if isinstance(source, (str, Path)):
            return verb(run_dir, source, **options)
        require_frame(source)
        options["overrides"] = (*_AS_WRITTEN, *options.get("overrides", ()))
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "DataFrame.csv"
            source.to_csv(path, index=False, lineterminator="\n")
            return verb(run_dir, path, **options)

    return called


def from_files(verb: Callable[..., T]) -> Callable[..., T]:
    """Make a verb of a text family that reads running text refuse everything but files."""

    @functools.wraps(verb)
    def called(run_dir: str | Path, source: Any, **options: Any) -> T:
        if not isinstance(source, (str, Path)):
            raise UserError(
                f"A {type(source).__name__} was given.",
                "the path of a plain text.",
                "write the texts to a file, one in each line.",
            )
        return verb(run_dir, source, **options)

    return called


def require_frame(source: object) -> None:
    """Refuse data that are neither a path nor a DataFrame.

    Raises:
        UserError: they are, for example, a list of texts.
    """
    import pandas as pd

    if not isinstance(source, pd.DataFrame):
        raise UserError(
            f"A {type(source).__name__} was given.",
            "the path of a file, or a pandas.DataFrame with the columns of the run.",
            'give texts as pandas.DataFrame({"text": texts}), with the name of the run\'s column.',
        )


def with_notes(table: pd.DataFrame, notes: Iterable[str]) -> pd.DataFrame:
    """Keep what was assumed while reading with the answers, in ``table.attrs["notes"]``."""
    table.attrs["notes"] = list(dict.fromkeys(notes))
    return table


def token_notes(run_dir: str | Path, texts: Sequence[str]) -> list[str]:
    """A sentence on the unknown tokens of new texts, and one on texts that are cut.

    Args:
        run_dir: of a finished run of a text family.
        texts: new texts.
    """
    import numpy as np

    from keras_rnn_recipes.serving.vocabulary import read_vocabulary, tokenizer_of
    from keras_rnn_recipes.text.row_counts import unknown_share
    from keras_rnn_recipes.text.vocabulary import END, START

    tokenizer = tokenizer_of(read_vocabulary(run_dir))
    rows = [row[(row != START) & (row != END)] for row in tokenizer.encode(texts)]
    plan = tokenizer.preparation
    unit = plan.unit if plan.unit in ("characters", "pieces") else "words"
    notes = [f"Unknown {unit}: {100 * unknown_share(rows):.3g} %."] if texts else []
    without = sum(bool(np.all(row == 1)) for row in rows)
    if without:
        notes.append(f"{counted(without, 'text')} of {len(texts):,} without any known {unit[:-1]}.")
    cut = sum(len(row) == plan.max_length for row in rows)
    if cut:
        notes.append(f"{counted(cut, 'text')} with {plan.max_length:,} tokens or more may be cut.")
    return notes


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
