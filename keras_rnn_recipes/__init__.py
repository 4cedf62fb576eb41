"""High-level Keras recipes for recurrent networks: build, run, serve.

Every public name can be had from here, as in ``keras_rnn_recipes.lstm("direct", horizon=12)``.
Names are looked up when first used, so that importing the package, listing recipes or printing
help takes milliseconds: TensorFlow alone takes seconds to import.

Example:
    >>> import keras_rnn_recipes
    >>> keras_rnn_recipes.WindowSpec(lookback=24, horizon=12).strategy
    'direct'
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

# Where each public name is defined. The imports under TYPE_CHECKING say the same thing to type
# checkers and editors; a test compares the two.
_HOMES: dict[str, tuple[str, ...]] = {
    "errors": ("UserError",),
    "builders": (
        "ForecasterInfo",
        "build_forecaster",
        "conv",
        "deep_rnn",
        "dense",
        "direct_forecaster",
        "forecaster_info",
        "gru",
        "linear",
        "lstm",
        "recurrent_stack",
        "recursive_forecaster",
        "seq2seq_forecaster",
        "simple_rnn",
        "to_forecaster",
    ),
    "data.catalogue": ("list_datasets", "load_dataset"),
    "data.frames": ("Panel", "read_panel"),
    "data.split": ("Split", "split_by_time"),
    "data.windows": ("WindowSpec", "count_windows", "skipped_series", "window_dataset"),
    "evaluation.backtest": ("backtest",),
    "evaluation.baselines": ("drift", "fit_ridge", "naive", "seasonal_naive"),
    "evaluation.metrics": ("horizon_profile", "score", "summarise"),
    "running.config": ("Config", "load_config"),
    "running.export": ("SavedForecaster", "export_saved_model", "load_saved_model"),
    "running.fitting": ("fit",),
    "running.report": ("write_report",),
    "running.run_directory": ("RunDirectory",),
    "running.runner": ("RunResult", "run"),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

if TYPE_CHECKING:
    from keras_rnn_recipes.builders import (
        ForecasterInfo,
        build_forecaster,
        conv,
        deep_rnn,
        dense,
        direct_forecaster,
        forecaster_info,
        gru,
        linear,
        lstm,
        recurrent_stack,
        recursive_forecaster,
        seq2seq_forecaster,
        simple_rnn,
        to_forecaster,
    )
    from keras_rnn_recipes.data.catalogue import list_datasets, load_dataset
    from keras_rnn_recipes.data.frames import Panel, read_panel
    from keras_rnn_recipes.data.split import Split, split_by_time
    from keras_rnn_recipes.data.windows import (
        WindowSpec,
        count_windows,
        skipped_series,
        window_dataset,
    )
    from keras_rnn_recipes.errors import UserError
    from keras_rnn_recipes.evaluation.backtest import backtest
    from keras_rnn_recipes.evaluation.baselines import drift, fit_ridge, naive, seasonal_naive
    from keras_rnn_recipes.evaluation.metrics import horizon_profile, score, summarise
    from keras_rnn_recipes.running.config import Config, load_config
    from keras_rnn_recipes.running.export import (
        SavedForecaster,
        export_saved_model,
        load_saved_model,
    )
    from keras_rnn_recipes.running.fitting import fit
    from keras_rnn_recipes.running.report import write_report
    from keras_rnn_recipes.running.run_directory import RunDirectory
    from keras_rnn_recipes.running.runner import RunResult, run

__all__ = [  # noqa: PLE0604
    "__version__",
    *_HOME_OF,
]


def __getattr__(name: str) -> Any:
    """Import the module that defines a public name, the first time the name is asked for."""
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
