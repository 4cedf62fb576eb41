"""Use a finished run of speech recognition on new recordings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keras_rnn_recipes.errors import UserError, counted
from keras_rnn_recipes.families.evaluation import Evaluation, refuse_baselines, with_notes
from keras_rnn_recipes.runs.finished import finished_config
from keras_rnn_recipes.storage import read_json

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from keras_rnn_recipes.families.speech_recognition.pipeline import Pipeline
    from keras_rnn_recipes.media.sequences import LabelledSequences
    from keras_rnn_recipes.serving.saved_speech import Transcript

# Recordings that an export is compared on.
MOST_COMPARED = 8


def predict(run_dir: str | Path, source: Any, *, overrides: Sequence[str] = ()) -> pd.DataFrame:
    """Recognize recordings.

    Args:
        run_dir: a finished run of speech recognition. Its ``saved_model`` answers.
        source: a recording, a folder of recordings, or a table as in `read_transcribed`.
        overrides: how they are read, as in `finished_config`.

    Returns:
        Columns ``recording``, ``seconds``, ``text``, ``score``, and ``times``: each word with the
        second at which it begins.

    Raises:
        UserError: not a finished run, or something in the data that cannot be used.

    Example:
        >>> predict("runs/morse", "new.wav")["text"][0]  # doctest: +SKIP
        'cq de k7x'
    """
    import pandas as pd

    rows, record, notes = _read(run_dir, source, overrides, labelled=False)
    found = _answers(run_dir, rows, record)
    rate = record["rate"] or 1
    table = {
        "recording": list(rows.names),
        "seconds" if record["rate"] else "steps": rows.lengths / rate,
        "text": [one.text for one in found],
        "score": [one.score for one in found],
        "times": [" ".join(f"{word}@{time:.2f}" for word, time in one.words()) for one in found],
    }
    long = int((rows.lengths > record["piece_seconds"] * rate).sum())
    if record["rate"] and long:
        notes.append(
            f"{counted(long, 'recording', 'was', 'were')} longer than {record['piece_seconds']} "
            "seconds and read in pieces that overlap."
        )
    return with_notes(pd.DataFrame(table), notes)


def evaluate(
    run_dir: str | Path,
    source: Any,
    *,
    baselines: str | None = None,
    overrides: Sequence[str] = (),
) -> Evaluation:
    """Judge a run's recognizer on recordings with transcripts.

    Args:
        run_dir, source: as in `predict`; the recordings have transcripts.

    Returns:
        The metrics of the run's recipe.

    Raises:
        UserError: as `predict`.
    """
    from keras_rnn_recipes.families.speech_recognition.task import score

    refuse_baselines(baselines)
    config = finished_config(run_dir, overrides)
    rows, record, notes = _read(run_dir, source, overrides, labelled=True)
    found = _answers(run_dir, rows, record)
    unknown = sorted(set("".join(rows.labels)) - set(record["characters"]))
    if unknown:
        notes.append(f"Characters that training lacks count as errors: {''.join(unknown)!r}.")
    name = config.model.cell
    texts = {name: [one.text for one in found]}
    summary = score(rows.labels, texts, metrics=config.evaluate.metrics)
    return Evaluation(name, summary, notes=tuple(notes))


def load(run_dir: str | Path) -> Pipeline:
    """Load the recognizer of a finished run from ``model.keras``, to export it or to go on with it.

    Raises:
        UserError: not a finished run, or its files are damaged.
    """
    from keras_rnn_recipes.families.speech_recognition.decoder import Decoder
    from keras_rnn_recipes.families.speech_recognition.pipeline import Pipeline
    from keras_rnn_recipes.serving.keras_model import load_model

    record = _record(run_dir)
    return Pipeline(
        load_model(run_dir),
        record["characters"],
        record["channels"],
        record["rate"],
        Decoder.load(Path(run_dir) / "automata.npz"),
        record["piece_seconds"],
    )


def export(run_dir: str | Path, to: Path, *, format: str = "saved_model") -> Path:
    """Export the run's pipeline again.

    Args:
        run_dir: a finished run.
        to: the folder to write, missing or empty.
        format: ``"saved_model"``.

    Raises:
        UserError: ``to`` exists, or another format.
    """
    from keras_rnn_recipes.serving.export_common import require_new_saved_model

    require_new_saved_model("A speech recognizer", to, format)
    return export_model(load(run_dir), to)


def export_model(
    pipeline: Pipeline, path: str | Path, *, samples: Sequence[np.ndarray] = ()
) -> Path:
    """Write a recognizer as a SavedModel folder, verified as by `export_pipeline`.

    Args:
        pipeline: the recognizer.
        path: the folder to write. A SavedModel already there is replaced.
        samples: recordings to compare on, the first 8 of them, beside unusual ones.

    Returns:
        ``path``.
    """
    from keras_rnn_recipes.serving.export_pipeline import export_pipeline

    return export_pipeline(pipeline, path, cases=pipeline.cases(samples[:MOST_COMPARED]))


def _record(run_dir: str | Path) -> dict[str, Any]:
    return read_json(Path(run_dir) / "symbols.json", required=True)


def _answers(
    run_dir: str | Path, rows: LabelledSequences, record: dict[str, Any]
) -> list[Transcript]:
    from keras_rnn_recipes.serving.saved_speech import SavedSpeechRecognizer

    rate = record["rate"] if record["channels"] == ["waveform"] else None
    return SavedSpeechRecognizer(Path(run_dir) / "saved_model", rate)(rows.values)


def _read(
    run_dir: str | Path, source: Any, overrides: Sequence[str], *, labelled: bool
) -> tuple[LabelledSequences, dict[str, Any], list[str]]:
    """New recordings at the run's rate, what the run wrote about its symbols, and notes."""
    from keras_rnn_recipes.families.speech_recognition.task import read_recordings

    config, record, notes = finished_config(run_dir, overrides), _record(run_dir), list[str]()
    data = config.data.model_copy(update={"rate": record["rate"]})
    rows = read_recordings(source, data, notes, labelled=labelled)
    if list(rows.channels) != record["channels"]:
        raise UserError(
            f"The recordings have {counted(len(rows.channels), 'channel')}, such as "
            f"{rows.channels[0]!r}.",
            f"those of the run: {counted(len(record['channels']), 'channel')}, such as "
            f"{record['channels'][0]!r}.",
            "give recordings of the kind that the run was trained on.",
        )
    return rows, record, notes
