"""One fold of a recipe up to its scores, to compare settings and models before the test part."""

from __future__ import annotations

import contextlib
import io
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from keras_rnn_recipes.config.forecasting import Config
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.workflows.folds import Fold
from keras_rnn_recipes.workflows.run import Main, run_script

Watcher = Callable[[str, Mapping[str, Any]], None]


class _Scored(Exception):
    """Ends a run after its metrics, since its export and report are not needed."""


@contextlib.contextmanager
def new_session(config: Config) -> Iterator[None]:
    """Forget the networks trained before, and keep TensorFlow quiet while one is trained."""
    if not config.trains:
        yield
        return
    import keras

    from keras_rnn_recipes.serving.export_common import quiet_tensorflow_log

    keras.utils.clear_session()
    with quiet_tensorflow_log():
        yield


def score_fold(
    main: Main, fold: Fold, metric: str, *, watcher: Watcher | None = None, smoke: bool = False
) -> float:
    """Run a fold in a temporary folder up to its scores; it prints nothing.

    Args:
        main: the script of the recipe.
        fold: of `plan_folds`.
        metric: one of the metrics in ``fold.config.evaluate``.
        watcher: as in `RunDirectory`.
        smoke: whether to train for a few steps only.

    Returns:
        The metric of the model on the test part of the fold.

    Raises:
        UserError: the fold has no finite value of the metric.
    """
    found: dict[str, float] = {}

    def watch(what: str, data: Mapping[str, Any]) -> None:
        if watcher is not None:
            watcher(what, data)
        if what == "metrics.json":
            found["value"] = float(data["model"][metric])
            raise _Scored

    with (
        new_session(fold.config),
        tempfile.TemporaryDirectory(prefix="krr-fold-") as scratch,
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.suppress(_Scored),
    ):
        run_script(main, fold.config, Path(scratch) / "run", watcher=watch, smoke=smoke)
    if not found or found["value"] != found["value"]:
        raise UserError(
            f"Fold {fold.number} has no {metric}.",
            "a finite number.",
            "set another metric in the section [tune].",
        )
    return found["value"]
