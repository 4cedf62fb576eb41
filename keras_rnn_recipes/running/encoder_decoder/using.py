"""Use a finished encoder and decoder on new texts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from keras_rnn_recipes.running.predicting import finished_config
from keras_rnn_recipes.running.text_record import read_vocabulary, tokenizer_of

if TYPE_CHECKING:
    import pandas as pd

    from keras_rnn_recipes.running.encoder_decoder.served import ServedEncoderDecoder


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
    from keras_rnn_recipes.running.saved_text import SavedEncoderDecoder

    finished_config(run_dir)
    lines = list(read_lines(source))
    texts, scores = SavedEncoderDecoder(Path(run_dir) / "saved_model")(lines)
    return pd.DataFrame({"source": lines, "text": texts, "score": scores})


def evaluate(run_dir: str | Path, source: str | Path) -> dict[str, float]:
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
    from keras_rnn_recipes.running.encoder_decoder.data import read_pairs
    from keras_rnn_recipes.running.encoder_decoder.results import score_pairs
    from keras_rnn_recipes.running.saved_text import SavedEncoderDecoder

    config = finished_config(run_dir)
    first, comma, second = str(source).partition(",")
    pairs = read_pairs((first, second) if comma else source)
    texts, _ = SavedEncoderDecoder(Path(run_dir) / "saved_model")(pairs.sources)
    answers = {"model": texts}
    return score_pairs(pairs.targets, answers, metrics=config.evaluate.metrics)["model"]


def load(run_dir: str | Path) -> ServedEncoderDecoder:
    """Load the encoder and decoder of a finished run from ``model.keras``.

    Raises:
        UserError: not a finished run, or its files are damaged.
    """
    from keras_rnn_recipes.running.encoder_decoder.served import Search, ServedEncoderDecoder
    from keras_rnn_recipes.running.keras_model import load_model

    record = read_vocabulary(run_dir)
    options = {**record["search"], "words": tuple(record["search"]["words"])}
    return ServedEncoderDecoder(
        tokenizer_of(record),
        tokenizer_of(record["beside"]),
        load_model(run_dir),
        Search(**options),
    )
