"""Versions and hardware of a run: enough to repeat it, without names of users or machines."""

from __future__ import annotations

import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from typing import Any

PACKAGES = (
    "keras-rnn-recipes",
    "keras",
    "tensorflow",
    "numpy",
    "pandas",
    "scikit-learn",
    "utilsforecast",
)


def describe_environment(seed: int, wall_seconds: float) -> dict[str, Any]:
    """The content of ``environment.json``.

    Args:
        seed: seed of the run.
        wall_seconds: wall time of the run until now, in seconds.
    """
    return {
        "format_version": 1,
        "seed": seed,
        "wall_seconds": round(wall_seconds, 3),
        "python": platform.python_version(),
        "versions": {name: _version(name) for name in PACKAGES},
        "hardware": {
            "system": f"{platform.system()} {platform.machine()}",
            "processor": _processor(),
            "num_cpus": os.cpu_count(),
            "accelerators": _accelerators(),
        },
    }


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _processor() -> str:
    """Name of the processor, which Linux gives in a file only."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            names = [line.partition(":")[2].strip() for line in file if "model name" in line]
    except OSError:
        names = []
    return names[0] if names else platform.processor()


def _accelerators() -> list[str]:
    tf = sys.modules.get("tensorflow")
    if tf is None:  # nothing was trained
        return []
    devices = tf.config.list_physical_devices("GPU")
    details = [tf.config.experimental.get_device_details(device) for device in devices]
    return [detail.get("device_name", "GPU") for detail in details]
