"""Packages that some functions need and that are installed with an extra only."""

from __future__ import annotations

from importlib.util import find_spec

from keras_rnn_recipes.errors import UserError

# What each extra of the package brings, by the names under which it is imported.
MODULES = {
    "baselines": ("statsforecast",),
    "onnx": ("tf2onnx", "onnx", "onnxruntime"),
    "text": ("sacrebleu", "jiwer"),
    "tune": ("optuna",),
}


def require_extra(extra: str, what: str) -> None:
    """Tell which packages are missing before anything is begun that needs them.

    Args:
        extra: the extra that installs them, such as ``"onnx"``.
        what: what needs them, as the beginning of a sentence.

    Raises:
        UserError: one of them is not installed.

    Example:
        >>> require_extra("onnx", "Export to ONNX")  # doctest: +SKIP
    """
    missing = [name for name in MODULES[extra] if find_spec(name) is None]
    if missing:
        raise UserError(
            f"{what} needs {' and '.join(missing)}, which {'are' if missing[1:] else 'is'} not "
            "installed.",
            f"the packages of the optional extra {extra!r}.",
            f"pip install 'keras-rnn-recipes[{extra}]'.",
        )
