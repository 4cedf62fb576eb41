"""Export a text model as a SavedModel that takes raw strings, verified in a new process."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from keras_rnn_recipes.serving.export_common import require_new_saved_model
from keras_rnn_recipes.serving.export_pipeline import Case, Served, export_pipeline

MOST_COMPARED = 32

# Unusual texts that a server has to handle.
ODD_TEXTS = ("", " ", "zzqx 🙂 Ελλάδα 日本語", "a" * 300, "\ud7ff\u0301", "word " * 50)


class ServedTexts(Served, Protocol):
    """What an export needs of the pipeline of a text family."""

    def cases(self, texts: Sequence[str]) -> list[Case]:
        """Inputs of ``serve`` to compare on, made from texts."""


def export_text_model(
    served: ServedTexts, path: str | Path, *, samples: Sequence[str] = (), verify: bool = True
) -> Path:
    """Write a text model as a SavedModel folder with named inputs and outputs, strings in.

    It is verified as by `export_pipeline`, on texts, unusual ones too.

    Args:
        served: the pipeline of a text family, whose ``serve`` is also ``serving_default``.
        path: the folder to write. A SavedModel already there is replaced.
        samples: texts to compare on as well, the first 32 of them.
        verify: whether to load and compare in a new process.

    Returns:
        ``path``.

    Raises:
        UserError: ``path`` exists and is not a SavedModel, or cannot be written.
        RuntimeError: the outputs of the written model differ from those of the live model.
    """
    cases = served.cases([*samples[:MOST_COMPARED], *ODD_TEXTS]) if verify else []
    return export_pipeline(served, path, cases=cases, verify=verify)


def export_text_run(served: ServedTexts, to: Path, *, format: str) -> Path:
    """Export the pipeline of a finished run, for ``krr export``.

    Args:
        served: the run's pipeline.
        to: the folder to write, missing or empty.
        format: ``"saved_model"``. ONNX has no operations that tokenize strings.

    Raises:
        UserError: ``to`` exists, or the format is another one.
    """
    require_new_saved_model("A text model", to, format)
    return export_text_model(served, to)
