"""Use a finished encoder and decoder on new texts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from keras_rnn_recipes.families.evaluation import Evaluation, refuse_baselines
from keras_rnn_recipes.runs.finished import finished_config
from keras_rnn_recipes.serving.vocabulary import read_vocabulary, tokenizer_of

if TYPE_CHECKING:
    import pandas as pd

    from keras_rnn_recipes.families.encoder_decoder.pipeline import Pipeline


def predict(run_dir: str | Path, source: str | Path) -> pd.DataFrame:
    """Translate, or correct, every line of a file.

    Args:
        run_dir: a finished run of an encoder and decoder. Its ``saved_model`` answers.
        source: a plain text, one text a line.

    Returns:
        Columns ``source``, ``text`` and ``score``, the length-normalised log probability.

    Raises:
        UserError: not a finished run, or a file that cannot be read.
    """
    import pandas as pd

    from keras_rnn_recipes.data.text.reading import read_lines
    from keras_rnn_recipes.serving.saved_text import SavedEncoderDecoder

    finished_config(run_dir)
    lines = list(read_lines(source))
    texts, scores = SavedEncoderDecoder(Path(run_dir) / "saved_model")(lines)
    return pd.DataFrame({"source": lines, "text": texts, "score": scores})


def evaluate(
    run_dir: str | Path, source: str | Path, *, baselines: str | None = None
) -> Evaluation:
    """Judge a run's encoder and decoder on pairs of texts.

    Args:
        run_dir: as in `predict`.
        source: a CSV or TSV file with columns ``source`` and ``target``; or two files of lines,
            their names joined by a comma: ``test.de,test.en``.

    Returns:
        The metrics of the run's recipe.

    Raises:
        UserError: as `predict`, or files that cannot be used.
    """
    from keras_rnn_recipes.families.encoder_decoder.task import (
        describe_signatures,
        read_pairs,
        score,
    )
    from keras_rnn_recipes.serving.saved_text import SavedEncoderDecoder

    refuse_baselines(baselines)
    config = finished_config(run_dir)
    name = config.model.cell
    first, comma, second = str(source).partition(",")
    pairs = read_pairs((first, second) if comma else source)
    texts, _ = SavedEncoderDecoder(Path(run_dir) / "saved_model")(pairs.sources)
    answers = {name: texts}
    metrics, lowercase = config.evaluate.metrics, config.data.lower
    scores = score(
        pairs.targets,
        answers,
        metrics=metrics,
        lowercase=lowercase,
        normalize=config.data.normalize,
    )
    how = describe_signatures(metrics, pairs.targets, lowercase=lowercase)
    return Evaluation(name, scores, tuple(how.splitlines()))


def load(run_dir: str | Path) -> Pipeline:
    """Load the encoder and decoder of a finished run from ``model.keras``.

    Raises:
        UserError: not a finished run, or its files are damaged.
    """
    from keras_rnn_recipes.families.encoder_decoder.pipeline import Pipeline, Search
    from keras_rnn_recipes.serving.keras_model import load_model

    record = read_vocabulary(run_dir)
    options = {**record["search"], "words": tuple(record["search"]["words"])}
    return Pipeline(
        tokenizer_of(record),
        tokenizer_of(record["beside"]),
        load_model(run_dir),
        Search(**options),
    )


def export(run_dir: str | Path, to: Path, *, format: str = "saved_model") -> Path:
    """Export the run's pipeline again, as `export_text_run` does."""
    from keras_rnn_recipes.serving.export_text import export_text_run

    return export_text_run(load(run_dir), to, format=format)
