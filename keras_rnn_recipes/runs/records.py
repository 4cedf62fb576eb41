"""Recorded runs: small files with the results of a run, from which tables are made.

``results/<recipe>/seed<k>.json`` holds the run's ``metrics.json`` with its recipe, model, seed,
versions and date.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.storage import read_json, replacing, writing


def record_run(run_dir: str | Path, recipe: str, folder: str | Path) -> Path:
    """Record a finished run as ``<folder>/<recipe>/seed<k>.json``.

    Args:
        run_dir: folder of the run.
        recipe: name of the recipe, with or without its family.
        folder: folder of recorded runs, such as ``recipes/forecasting/results``.

    Returns:
        Path of the file, which replaces that of the same recipe and seed.

    Raises:
        UserError: ``run_dir`` holds no finished run.
    """
    record = {**_read_run(Path(run_dir)), "recipe": recipe.rsplit("/", 1)[-1]}
    del record["settings"]
    target = Path(folder) / record["recipe"] / f"seed{record['seed']}.json"
    with writing(target):
        target.parent.mkdir(parents=True, exist_ok=True)
    with replacing(target) as staged:
        staged.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    return target


def read_records(paths: Iterable[str | Path]) -> list[dict[str, Any]]:
    """Read recorded runs and run directories.

    Args:
        paths: run directories, recorded runs (``seed0.json``), or folders that contain recorded
            runs at any depth.

    Raises:
        UserError: a path contains no run, or one that cannot be read.
    """
    records = []
    for path in map(Path, paths):
        if (path / "metrics.json").exists():
            records.append(_read_run(path))
            continue
        files = sorted(path.rglob("seed*.json")) if path.is_dir() else [path]
        if not files or not path.exists():
            raise _no_run(path)
        records += [_read_record(file) for file in files]
    return records


def model_name(config: Mapping[str, Any]) -> str:
    """What the model of a run is called in its ``metrics.json`` and its tables.

    Args:
        config: the configuration of the run.

    Example:
        >>> model_name({"model": {"preset": "lstm"}}), model_name({"model": {"cell": "gru"}})
        ('lstm', 'gru')
        >>> model_name({"model": {"cell": "gru", "ngrams": 2}})
        'gru_ngrams'
    """
    model = config.get("model", {})
    cells = model.get("cells") or ("model",)
    name = str(model.get("preset") or model.get("cell") or cells[0])
    return f"{name}_ngrams" if model.get("ngrams") else name


def _read_run(folder: Path) -> dict[str, Any]:
    """Read a run directory as a record, with its settings, which tell recipes apart."""
    metrics = _read_required(folder / "metrics.json")
    config = _read_required(folder / "config.json")
    environment = _read_required(folder / "environment.json")
    data, model, fit = (config.get(part, {}) for part in ("data", "model", "fit"))
    date = datetime.datetime.fromtimestamp((folder / "metrics.json").stat().st_mtime, datetime.UTC)
    name = model_name(config)
    source = Path(str(data.get("source") or data.get("problem") or folder.name)).stem
    fixed = {**config, "fit": {key: value for key, value in fit.items() if key != "seed"}}
    return {
        "recipe": f"{source}_{name}_{model.get('strategy', '')}".rstrip("_"),
        "name": name,
        "seed": fit.get("seed", environment.get("seed", 0)),
        "date": date.date().isoformat(),
        "versions": environment.get("versions", {}),
        **metrics,
        "settings": json.dumps(fixed, sort_keys=True),
    }


def _read_record(file: Path) -> dict[str, Any]:
    record = _read_required(file)
    missing = {"recipe", "name", "model", "baselines", "num_parameters", "fit_seconds"} - set(
        record
    )
    if missing:
        raise UserError(
            f"{file} is not a recorded run: it lacks {', '.join(sorted(missing))}.",
            "a file that record_run wrote.",
            "record the run again, or omit the file.",
        )
    return record


def _read_required(file: Path) -> dict[str, Any]:
    if not file.exists():
        raise _no_run(file.parent)
    return read_json(file)


def _no_run(path: Path) -> UserError:
    return UserError(
        f"There is no finished run in {path}.",
        "a run directory with metrics.json, config.json and environment.json, a recorded run, or a "
        "folder of recorded runs.",
        "check the path, or finish the run: krr run RECIPE --run-dir DIR --resume.",
    )
