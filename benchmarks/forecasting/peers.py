"""One peer on one task, in its own process and in the environment of the peers.

    python -m benchmarks.forecasting.peers ORDER.json

The order names the files, the model, its settings, the seed and the time limit. Next to
``known.npz`` the process writes ``forecast.npy`` (series, horizon) and ``measured.json``. It does
not import this package, which need not be installed there.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.forecasting.measured import peak_memory, processor_seconds

Forecast = Callable[[list[np.ndarray], int, dict[str, Any], dict[str, Any]], np.ndarray]
# Progress bars and logs cost time and are not read.
QUIET = {"enable_progress_bar": False, "logger": False, "enable_model_summary": False}


def long_frame(series: list[np.ndarray]) -> Any:
    """Columns unique_id, ds (counted from 0), y, as Nixtla's libraries take them."""
    import pandas as pd

    lengths = [len(values) for values in series]
    return pd.DataFrame(
        {
            "unique_id": np.repeat([f"{at:05}" for at in range(len(series))], lengths),
            "ds": np.concatenate([np.arange(n) for n in lengths]),
            "y": np.concatenate(series),
        }
    )


def neuralforecast(
    series: list[np.ndarray], horizon: int, order: dict[str, Any], notes: dict[str, Any]
) -> np.ndarray:
    """Fit a model of neuralforecast on all series; the median where it gives a distribution."""
    from neuralforecast import NeuralForecast, models

    limit = {"max_time": {"seconds": order["limit"]}, "accelerator": "cpu"}
    build = getattr(models, order["model"])
    model = build(h=horizon, random_seed=order["seed"], **order["settings"], **QUIET, **limit)
    forecaster = NeuralForecast(models=[model], freq=1)
    forecaster.fit(long_frame(series))
    notes["fit_seconds"] = time.perf_counter() - order["started"]
    table = forecaster.predict()
    name = order["model"]
    column = f"{name}-median" if f"{name}-median" in table else name
    notes["parameters"] = sum(p.numel() for p in model.parameters() if p.requires_grad)
    return _as_rows(table, column, horizon)


def darts(
    series: list[np.ndarray], horizon: int, order: dict[str, Any], notes: dict[str, Any]
) -> np.ndarray:
    """Fit a model of darts on all series long enough for it, and forecast all."""
    import darts.models
    from darts import TimeSeries
    from darts.dataprocessing.transformers import Scaler

    settings = dict(order["settings"])
    trainer = {**QUIET, "accelerator": "cpu", "max_time": {"seconds": order["limit"]}}
    if "max_steps" in settings:
        trainer["max_steps"] = settings.pop("max_steps")
    build = getattr(darts.models, order["model"])
    model = build(random_state=order["seed"], pl_trainer_kwargs=trainer, **settings)
    scaler = Scaler()
    panel = [TimeSeries.from_values(values.astype(np.float32)) for values in series]
    scaled = scaler.fit_transform(panel)
    # A series shorter than one training window is forecast but not trained on.
    learned = [one for one in scaled if len(one) >= model.min_train_series_length]
    notes["left_out"] = len(scaled) - len(learned)
    model.fit(learned)
    notes["fit_seconds"] = time.perf_counter() - order["started"]
    notes["parameters"] = sum(p.numel() for p in model.model.parameters() if p.requires_grad)
    forecasts = scaler.inverse_transform(model.predict(horizon, series=scaled, verbose=False))
    return np.stack([one.values()[:, 0] for one in forecasts])


def statsforecast(
    series: list[np.ndarray], horizon: int, order: dict[str, Any], notes: dict[str, Any]
) -> np.ndarray:
    """Fit one model to each series, in as many processes as there are threads."""
    from statsforecast import StatsForecast, models

    model = getattr(models, order["model"])(**order["settings"])
    forecaster = StatsForecast(models=[model], freq=1, n_jobs=order["threads"])
    table = forecaster.forecast(h=horizon, df=long_frame(series))
    return _as_rows(table, order["model"], horizon)


LIBRARIES: dict[str, tuple[Forecast, tuple[str, ...]]] = {
    "neuralforecast": (neuralforecast, ("neuralforecast", "pytorch-lightning", "torch")),
    "darts": (darts, ("darts", "pytorch-lightning", "torch")),
    "statsforecast": (statsforecast, ("statsforecast", "numba")),
}


def _as_rows(table: Any, column: str, horizon: int) -> np.ndarray:
    table = table.reset_index().sort_values(["unique_id", "ds"])
    return table[column].to_numpy(float).reshape(-1, horizon)


def _import(library: str, threads: int) -> float:
    """Import the library's models; return the seconds it took."""
    started = time.perf_counter()
    if library == "statsforecast":
        import statsforecast.models  # noqa: F401
    elif library == "darts":
        import darts.models  # noqa: F401
    else:
        import neuralforecast.models  # noqa: F401
    if library != "statsforecast":
        import torch

        torch.set_num_threads(threads)
    return time.perf_counter() - started


def main() -> None:
    warnings.simplefilter("ignore")
    order = json.loads(Path(sys.argv[1]).read_text())
    folder = Path(order["folder"])
    with np.load(folder / "known.npz") as known:
        series = np.split(known["values"], np.cumsum(known["lengths"])[:-1])
        horizon = int(known["horizon"])
    import_seconds = _import(order["library"], order["threads"])
    function, packages = LIBRARIES[order["library"]]
    notes: dict[str, Any] = {}
    order["started"], spent = time.perf_counter(), processor_seconds()
    forecast = function(series, horizon, order, notes)
    seconds = time.perf_counter() - order["started"]
    np.save(folder / "forecast.npy", forecast)
    stopped = notes.get("fit_seconds", 0.0) >= order["limit"]
    measured = {
        "seconds": seconds,
        "cpu_seconds": processor_seconds() - spent,
        "import_seconds": import_seconds,
        "peak_mb": peak_memory(order["threads"] if order["library"] == "statsforecast" else 0),
        "stopped": stopped,
        "versions": {name: version(name) for name in packages},
        **notes,
    }
    (folder / "measured.json").write_text(json.dumps(measured))


if __name__ == "__main__":
    main()
