"""This package on one task, in its own process.

    python -m benchmarks.forecasting.ours ORDER.json

"recipe" runs the recipe that comes with the package, on the data set it names, as `krr run` does.
"defaults" does what `krr forecast known.csv --horizon --season-length` does without other options.
Both then forecast the steps after the known part with the SavedModel, as `krr predict` does. The
measured time runs from before the data are read until the trained model is written, plus that
forecast; ``whole_seconds`` includes the scores, the report and the export.
"""

from __future__ import annotations

import json
import os
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import pandas as pd

from benchmarks.forecasting.contenders import FLOOR
from benchmarks.forecasting.measured import peak_memory, processor_seconds

PACKAGES = ("tensorflow", "keras", "pandas")


def train(order: dict[str, Any], run_dir: Path) -> Any:
    """Run what the order requests; return the configuration that was run."""
    import keras_rnn_recipes as krr
    from keras_rnn_recipes.workflows.forecast import ForecastOptions, plan_forecast

    # Baseline scores are not needed here, and fitting them is no part of our forecast.
    overrides = ["evaluate.baselines=[]", f"fit.seed={order['seed']}", *order["overrides"]]
    if order["variant"] != "defaults":
        return krr.run(order["recipe"], run_dir, overrides=overrides).config
    asked = {name: order[name] for name in ("horizon", "seed")}
    asked["season_length"] = str(order["season_length"])  # as on the command line
    known = Path(order["folder"]) / "known.csv"
    plan = plan_forecast(ForecastOptions(known, **asked, model="train"))
    return krr.run(plan.config, run_dir, overrides=overrides).config


def forecast_known(run_dir: Path, order: dict[str, Any]) -> np.ndarray:
    """Forecast (series, horizon) from the end of the known part, with the run's SavedModel."""
    from keras_rnn_recipes.workflows.inference import predict

    known = pd.read_csv(Path(order["folder"]) / "known.csv", dtype={"unique_id": str})
    if not pd.api.types.is_numeric_dtype(known["ds"]):
        known["ds"] = pd.to_datetime(known["ds"])
    table = predict(run_dir, known).sort_values(["unique_id", "ds"])
    return table.iloc[:, 2].to_numpy(float).reshape(-1, order["horizon"])


def run_ours(order: dict[str, Any], folder: Path) -> tuple[np.ndarray, dict[str, Any]]:
    """Train and forecast; return the forecast and the measurements."""
    run_dir = folder / "run"
    started, clock = time.perf_counter(), time.time()
    config = train(order, run_dir)
    whole = time.perf_counter() - started
    if order["variant"] != "defaults" and config.data.test_size < order["horizon"]:
        raise SystemExit("The recipe trains on steps of the test part: raise its data.test_size.")
    fitted = (run_dir / "model.keras").stat().st_mtime - clock
    started = time.perf_counter()
    forecast = forecast_known(run_dir, order)
    seconds = fitted + time.perf_counter() - started
    metrics = json.loads((run_dir / "metrics.json").read_text())
    return forecast, {
        "seconds": seconds,
        "whole_seconds": whole,
        "fit_seconds": metrics["fit_seconds"],
        "parameters": metrics["num_parameters"],
        "config": config.model_dump(mode="json", exclude_none=True)["model"],
        # The run's own scores on the same test part, to compare.
        "scored_by_run": metrics["model"],
    }


def floor(order: dict[str, Any], folder: Path) -> tuple[np.ndarray, dict[str, Any]]:
    """Repeat the last season of every series."""
    from keras_rnn_recipes.evaluation.baselines import seasonal_naive

    with np.load(folder / "known.npz") as known:
        series = np.split(known["values"], np.cumsum(known["lengths"])[:-1])
    started = time.perf_counter()
    season, horizon = order["season_length"], order["horizon"]
    forecast = np.vstack([seasonal_naive(y[None], horizon, season) for y in series])
    return forecast, {"seconds": time.perf_counter() - started}


def main() -> None:
    order = json.loads(Path(sys.argv[1]).read_text())
    folder = Path(order["folder"])
    started = time.perf_counter()
    import keras  # noqa: F401

    import keras_rnn_recipes

    import_seconds = time.perf_counter() - started
    spent = processor_seconds()
    forecast, measured = (floor if order["model"] == FLOOR else run_ours)(order, folder)
    np.save(folder / "forecast.npy", forecast)
    measured |= {
        "stopped": False,
        "cpu_seconds": processor_seconds() - spent,
        "import_seconds": import_seconds,
        "peak_mb": peak_memory(),
        "versions": {name: version(name) for name in PACKAGES}
        | {"keras-rnn-recipes": keras_rnn_recipes.__version__},
    }
    (folder / "measured.json").write_text(json.dumps(measured))


if __name__ == "__main__":
    main()
