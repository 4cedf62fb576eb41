"""Use a finished encoder and decoder on new texts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from keras_rnn_recipes.config.base import one_or_two_files
from keras_rnn_recipes.config.encoder_decoder import PairDataConfig
from keras_rnn_recipes.errors import counted
from keras_rnn_recipes.families.evaluation import (
    Evaluation,
    from_tables,
    refuse_baselines,
    token_notes,
    with_notes,
)
from keras_rnn_recipes.runs.finished import finished_config
from keras_rnn_recipes.serving.vocabulary import read_vocabulary, tokenizer_of
from keras_rnn_recipes.text.encoded import Tell, ignore

if TYPE_CHECKING:
    import pandas as pd

    from keras_rnn_recipes.families.encoder_decoder.pipeline import Pipeline


@from_tables
def predict(
    run_dir: str | Path, source: str | Path, *, overrides: Sequence[str] = ()
) -> pd.DataFrame:
    """Translate, or correct, every text of a file.

    Args:
        run_dir: a finished run of an encoder and decoder. Its ``saved_model`` answers.
        source: a table with the run's column of sources, or a plain text with a text in each line,
            see `read_sources`; of pronunciations also a dictionary.
        overrides: how the file is read, as in `finished_config`.

    Returns:
        Columns ``source``, ``text`` and ``score``, the length-normalised log probability. A blank
        text has an empty answer and the score 0.

    Raises:
        UserError: not a finished run, or a file that cannot be read.
    """
    import pandas as pd

    from keras_rnn_recipes.serving.saved_text import SavedEncoderDecoder

    config, notes = finished_config(run_dir, overrides), list[str]()
    lines = list(read_sources(source, config.data, tell=notes.append))
    texts, scores = SavedEncoderDecoder(Path(run_dir) / "saved_model")(lines)
    table = pd.DataFrame({"source": lines, "text": texts, "score": scores})
    return with_notes(table, [*notes, *token_notes(run_dir, [one for one in lines if one.strip()])])


def read_sources(path: str | Path, data: PairDataConfig, *, tell: Tell = ignore) -> tuple[str, ...]:
    """Read new source texts: a column of a table, the lines of a plain text, or known words.

    Of pronunciations, a file each of whose lines has a word and more is a dictionary.

    A file is a table if its first line names the run's column of sources, if it ends in ``.csv`` or
    ``.tsv``, or if the run's columns have names and the first line contains a separator.

    Args:
        path: of the file.
        data: the section of the run's recipe.
        tell: called with each assumption about the file.

    Raises:
        UserError: as `read_texts` and `read_lines`.
    """
    from keras_rnn_recipes.families.encoder_decoder.task import read_pairs
    from keras_rnn_recipes.text.other_formats import refuse_other_text
    from keras_rnn_recipes.text.reading import names_column, read_lines, read_texts

    path = Path(path)
    options = data.file_options()
    if path.is_file() and path.stat().st_size == 0:
        return ()
    if data.are_pronunciations and is_dictionary(path, data):
        words = tuple(dict.fromkeys(read_pairs(path, data, tell=tell).sources))
        tell(f"{path.name} is a pronouncing dictionary of {counted(len(words), 'word')}.")
        return words
    lines = read_lines(path, empty=True, encoding=data.encoding, tell=tell)
    first = next((line for line in lines if line.strip()), "")
    separators = data.separator or "\t"
    if is_tatoeba_row(first) and data.columns is None:
        options |= {"columns": (data.source_col, data.target_col, ""), "separator": "\t"}
    table = (
        names_column(lines, data.source_col)
        or {".csv", ".tsv"} & {*path.suffixes[-2:]}
        or (options["columns"] is not None and separators in first)
    )
    if not table:
        refuse_other_text(path, "\n".join(lines))
        return lines
    return read_texts(path, text_col=data.source_col, tell=tell, **options)


def is_dictionary(path: Path, data: PairDataConfig) -> bool:
    """Whether a file is no table, and all of its lines with words have phonemes."""
    from keras_rnn_recipes.families.encoder_decoder.task import is_table
    from keras_rnn_recipes.text.encoded import read_bytes
    from keras_rnn_recipes.text.pronunciations import filled_lines

    if is_table(path, data) or not path.is_file():
        return False
    lines = [line for _, line in filled_lines(read_bytes(path).decode("latin-1"))]
    return bool(lines) and all(len(line.split()) > 1 for line in lines)


def is_tatoeba_row(line: str) -> bool:
    """Whether a line is two texts and an attribution between tabs."""
    cells = line.split("\t")
    return len(cells) == 3 and cells[2].startswith("CC-BY")


@from_tables
def evaluate(
    run_dir: str | Path,
    source: str | Path,
    *,
    baselines: str | None = None,
    overrides: Sequence[str] = (),
) -> Evaluation:
    """Judge a run's encoder and decoder on pairs of texts.

    Args:
        run_dir: as in `predict`.
        source: a table with the run's columns of sources and targets; or two files of lines,
            their names joined by a comma: ``test.de,test.en``; of pronunciations also a
            dictionary.

    Returns:
        The metrics of the run's recipe.

    Raises:
        UserError: as `predict`, or files that cannot be used.
    """
    from keras_rnn_recipes.families.encoder_decoder.task import (
        describe_signatures,
        questions,
        read_pairs,
        score,
    )
    from keras_rnn_recipes.serving.saved_text import SavedEncoderDecoder

    refuse_baselines(baselines)
    config, notes = finished_config(run_dir, overrides), list[str]()
    name = config.model.cell
    pairs = questions(
        read_pairs(one_or_two_files(str(source)), config.data, tell=notes.append), config.data
    )
    texts, _ = SavedEncoderDecoder(Path(run_dir) / "saved_model")(pairs.sources)
    answers = {name: texts}
    metrics, lowercase = config.evaluate.metrics, config.data.lower_targets
    scores = score(
        pairs.targets,
        answers,
        metrics=metrics,
        lowercase=lowercase,
        normalize=config.data.normalize,
    )
    how = describe_signatures(metrics, pairs.targets, lowercase=lowercase)
    notes += token_notes(run_dir, [one for one in pairs.sources if one.strip()])
    return Evaluation(name, scores, (*notes, *how.splitlines()))


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
