"""Use a finished run of tagging on new texts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from keras_rnn_recipes.families.evaluation import (
    Evaluation,
    from_tables,
    refuse_baselines,
    token_notes,
    with_notes,
)
from keras_rnn_recipes.runs.finished import finished_config
from keras_rnn_recipes.serving.vocabulary import read_vocabulary, tokenizer_of
from keras_rnn_recipes.text.column_files import Sentence

if TYPE_CHECKING:
    import pandas as pd

    from keras_rnn_recipes.families.tagging.pipeline import Pipeline


@from_tables
def predict(
    run_dir: str | Path, source: str | Path, *, overrides: Sequence[str] = ()
) -> pd.DataFrame:
    """Tag every token of a file.

    Args:
        run_dir: a finished run of tagging. Its ``saved_model`` answers.
        source: a column file, read as the run's, whose tags, if it has some, are not looked at; or
            a file with a raw sentence in each line, see `read_new_tokens`.
        overrides: how the file is read, as in `finished_config`.

    Returns:
        Columns ``sentence`` (from 1), ``token`` and ``tag``; for raw sentences also ``start`` and
        ``end``, the place of the token in its line in characters.

    Raises:
        UserError: not a finished run, or something in the file that cannot be used.

    Example:
        >>> predict("runs/conll2003", "news.txt").columns.tolist()  # doctest: +SKIP
        ['sentence', 'token', 'tag']
    """
    import pandas as pd

    from keras_rnn_recipes.families.tagging.new_sentences import read_new_tokens

    config, notes = finished_config(run_dir, overrides), list[str]()
    record = read_vocabulary(run_dir)
    sentences, places = read_new_tokens(source, config.data, record, tell=notes.append)
    answers = _answers(run_dir, sentences)
    rows = [(number, *pair) for number, pairs in enumerate(answers, start=1) for pair in pairs]
    table = pd.DataFrame(rows, columns=["sentence", "token", "tag"])
    if places is not None:
        table["start"] = [token.start for row in places for token in row]
        table["end"] = [token.end for row in places for token in row]
    texts = [" ".join(row.tokens) for row in sentences]
    return with_notes(table, [*notes, *token_notes(run_dir, texts)])


@from_tables
def evaluate(
    run_dir: str | Path,
    source: str | Path,
    *,
    baselines: str | None = None,
    overrides: Sequence[str] = (),
) -> Evaluation:
    """Judge a run's tagger on a column file with tags.

    Args:
        run_dir: as in `predict`.
        source: a column file with the run's columns of tokens and tags.

    Returns:
        The figures of `score`.

    Raises:
        UserError: as `predict`, or a tag that training has not seen.
    """
    from keras_rnn_recipes.families.tagging.task import read_new_sentences, score

    refuse_baselines(baselines)
    config, record = finished_config(run_dir, overrides), read_vocabulary(run_dir)
    notes: list[str] = []
    name = config.model.cell
    tags = record["tags"]
    sentences, of_spans = read_new_sentences(source, config.data, tags, tell=notes.append)
    found = [[tag for _, tag in pairs] for pairs in _answers(run_dir, sentences)]
    notes += token_notes(run_dir, [" ".join(row.tokens) for row in sentences])
    summary = score(sentences, {name: found}, of_spans=of_spans)
    return Evaluation(name, summary, notes=tuple(notes))


def load(run_dir: str | Path) -> Pipeline:
    """Load the tagger of a finished run from ``model.keras``, to export it or to go on with it.

    Raises:
        UserError: not a finished run, or its files are damaged.
    """
    from keras_rnn_recipes.families.tagging.pipeline import Pipeline
    from keras_rnn_recipes.serving.keras_model import load_model

    record = read_vocabulary(run_dir)
    spelling = tokenizer_of(record["beside"]) if "beside" in record else None
    return Pipeline(tokenizer_of(record), spelling, load_model(run_dir), record["tags"])


def export(run_dir: str | Path, to: Path, *, format: str = "saved_model") -> Path:
    """Export the run's pipeline again, as `export_text_run` does."""
    from keras_rnn_recipes.serving.export_text import export_text_run

    return export_text_run(load(run_dir), to, format=format)


def _answers(run_dir: str | Path, sentences: list[Sentence]) -> list[list[tuple[str, str]]]:
    from keras_rnn_recipes.serving.saved_text import SavedTagger

    tagger = SavedTagger(Path(run_dir) / "saved_model")
    return tagger([" ".join(row.tokens) for row in sentences])
