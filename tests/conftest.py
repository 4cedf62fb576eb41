"""Settings for every test, and the helpers that more than one test file needs."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from fresh import TIMEOUT, run_forked, stand_in_for_subprocess
from profiles import PROFILE, load_profile

from keras_rnn_recipes.serving import verify

# Before anything imports TensorFlow or matplotlib. Tests run side by side, so each keeps to one
# thread; models are tiny and their kernels gain nothing from more. What child processes inherit,
# the tests that start them see too.
_ENVIRONMENT = {
    "KERAS_BACKEND": "tensorflow",
    "MPLBACKEND": "Agg",
    "OMP_NUM_THREADS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
}
for _name, _value in _ENVIRONMENT.items():
    os.environ.setdefault(_name, _value)

ROOT = Path(__file__).resolve().parents[1]

load_profile()

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def project_root() -> Path:
    """The top of the checkout."""
    return ROOT


def run_python(
    code: str, *args: str, env: Mapping[str, str] | None = None, timeout: float = TIMEOUT
) -> subprocess.CompletedProcess[str]:
    """Run ``code`` in a fresh interpreter; where it fails, fail with all that it printed."""
    done = subprocess.run(
        [sys.executable, "-c", code, *args],
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        timeout=timeout,
    )
    assert done.returncode == 0, f"exit status {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


@pytest.fixture(scope="session", name="run_python")
def run_python_fixture() -> Run:
    """``run_python(code, *args, env=None, timeout=570)``: run code in a fresh interpreter."""
    return run_python


@pytest.fixture(scope="session", name="run_forked")
def run_forked_fixture() -> Run:
    """``run_forked(code, *args)``: as run_python, in a process that has TensorFlow imported."""

    def run(code: str, *args: str, **options) -> subprocess.CompletedProcess[str]:
        done = run_forked(code, *args, **options)
        assert done.returncode == 0, f"exit status {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    return run


@pytest.fixture(scope="session", autouse=PROFILE != "random")
def exports_verified_in_forks() -> Iterator[None]:
    """Spare every export the seconds in which a new interpreter imports TensorFlow.

    What is exported is still loaded and compared in a process of its own, a fork of one that has
    imported TensorFlow only. The tests of the wheel and the profile ``random`` start the
    interpreter, as users do.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verify, "subprocess", stand_in_for_subprocess())
        yield


@pytest.fixture(scope="session")
def run_under_backend() -> Run:
    """``run_under_backend(backend, code)``: run code in a fresh interpreter on a Keras backend.

    Skips, saying why, where the backend is not installed: only TensorFlow always is.
    """

    def run(backend: str, code: str, *args: str, timeout: float = TIMEOUT):
        if importlib.util.find_spec(backend) is None:
            pytest.skip(f"{backend} is not installed: pip install 'keras-rnn-recipes[{backend}]'")
        env = {"KERAS_BACKEND": backend, "JAX_PLATFORMS": "cpu"}
        return run_python(code, *args, env=env, timeout=timeout)

    return run


@pytest.fixture(scope="session")
def krr_data() -> Path:
    """The folder of real data that $KRR_DATA names; skips where there is none."""
    folder = os.environ.get("KRR_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("real data needed: name its folder in $KRR_DATA")
    return Path(folder)
