"""The source archive and the wheel made from it: what they hold, and that the wheel works alone."""

from __future__ import annotations

import os
import shutil
import site
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest
from fresh import TIMEOUT

pytestmark = pytest.mark.slow

SHIPPED = ("keras_rnn_recipes", "recipes", "datasets")
LEFT_OUT = shutil.ignore_patterns(
    ".*", "__pycache__", "*.egg-info", "build", "dist", "site", "*.pyc", "venv*"
)


def left_out(folder: str, names: list[str]) -> set[str]:
    """What a copy of the checkout leaves out; ``runs`` at the top, not the package of that name."""
    at_the_top = "setup.cfg" in names
    return {*LEFT_OUT(folder, names), *({"runs"} if at_the_top else ())}


@pytest.fixture(scope="module")
def wheel(project_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel built from the source archive built from a copy of the checkout."""
    source = tmp_path_factory.mktemp("source") / "checkout"
    shutil.copytree(project_root, source, ignore=left_out)
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(list(out.glob("*.tar.gz"))) == 1
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def elsewhere(wheel: Path, tmp_path_factory: pytest.TempPathFactory):
    """``elsewhere(*command)``: run a command of a clean environment, in a folder of its own.

    The environment holds the wheel and nothing else of ours. The dependencies are read from the
    environment of the tests instead of being downloaded again; a path file does that without
    following the path file by which that environment finds the checkout.
    """
    home = tmp_path_factory.mktemp("clean")
    venv.create(home / "env", symlinks=True)
    scripts = home / "env" / "bin"
    python = scripts / "python"
    install = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
    subprocess.run([*install, "--no-deps", "--no-index", str(wheel)], check=True, timeout=TIMEOUT)
    (packages,) = (home / "env").glob("lib/python*/site-packages")
    (packages / "dependencies.pth").write_text("\n".join(site.getsitepackages()) + "\n")
    folder = home / "folder"
    folder.mkdir()

    def run(name: str, *args: str, timeout: float = TIMEOUT) -> subprocess.CompletedProcess[str]:
        env = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
        return subprocess.run(
            [str(scripts / name), *args],
            cwd=folder,
            env=env,
            capture_output=True,
            text=True,
            timeout=timeout,
        )

    run.folder = folder
    return run


def test_the_wheel_holds_every_shipped_file_and_nothing_else(wheel, project_root):
    expected = set()
    for folder in SHIPPED:
        for file in (project_root / folder).rglob("*"):
            # Recorded runs stay in the checkout: the table made of them is in the README shipped.
            if file.is_file() and not {"__pycache__", "results"} & set(file.parts):
                name = file.relative_to(project_root).as_posix()
                inside = folder == "keras_rnn_recipes"
                expected.add(name if inside else f"keras_rnn_recipes/{name}")
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert held == expected
    assert {
        "keras_rnn_recipes/py.typed",
        "keras_rnn_recipes/recipes/forecasting/forecast.py",
    } < held
    assert sum(name.startswith("keras_rnn_recipes/recipes/") for name in held) >= 10
    assert sum(name.startswith("keras_rnn_recipes/datasets/") for name in held) >= 10


def test_the_wheel_carries_its_licence_and_commands(wheel):
    with zipfile.ZipFile(wheel) as archive:
        (info,) = {name.split("/")[0] for name in archive.namelist() if ".dist-info/" in name}
        metadata = archive.read(f"{info}/METADATA").decode()
        commands = archive.read(f"{info}/entry_points.txt").decode()
        assert any(name.endswith("LICENSE") for name in archive.namelist())
    assert "License-Expression: Apache-2.0" in metadata
    assert "krr = keras_rnn_recipes.__main__:main" in commands
    assert "keras-rnn-recipes = keras_rnn_recipes.__main__:main" in commands


def test_the_package_in_use_is_the_installed_one(elsewhere):
    done = elsewhere("python", "-c", "import keras_rnn_recipes as k; print(k.__file__)")
    assert Path(done.stdout.strip()).is_relative_to(elsewhere.folder.parent / "env")


def test_ls_and_cp_find_the_shipped_recipes(elsewhere):
    listed = elsewhere("krr", "ls", "recipes")
    assert listed.returncode == 0, listed.stderr
    assert "forecasting/co2_lstm_direct" in listed.stdout
    copied = elsewhere("krr", "cp", "forecasting/co2_lstm_direct", "mine")
    assert copied.returncode == 0, copied.stderr
    assert list((elsewhere.folder / "mine").rglob("co2_lstm_direct.toml"))


def test_forecast_works_from_another_folder(elsewhere):
    rows = [f"2024-{1 + day // 28:02d}-{1 + day % 28:02d}" for day in range(28 * 12)]
    lines = ["date,sales", *(f"{date},{100 + day % 7}" for day, date in enumerate(rows))]
    (elsewhere.folder / "sales.csv").write_text("\n".join(lines) + "\n")
    done = elsewhere(
        *("krr", "forecast", "sales.csv", "--horizon", "5", "--smoke", "--model", "train"),
        *("--run-dir", "run", "--output", "forecasts.csv"),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    header, *forecast = (elsewhere.folder / "forecasts.csv").read_text().splitlines()
    assert header.startswith("unique_id,ds,")
    assert len(forecast) == 5
    for name in ("model.keras", "saved_model", "metrics.json", "report.html"):
        assert (elsewhere.folder / "run" / name).exists()
