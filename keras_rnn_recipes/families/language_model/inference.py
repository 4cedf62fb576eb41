"""Use a finished language model: go on from prompts, judge it on other text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.families.evaluation import (
    Evaluation,
    from_files,
    refuse_baselines,
    token_notes,
    with_notes,
)
from keras_rnn_recipes.families.registry import require_family
from keras_rnn_recipes.runs.finished import finished_config
from keras_rnn_recipes.serving.vocabulary import read_vocabulary, tokenizer_of

if TYPE_CHECKING:
    import pandas as pd

    from keras_rnn_recipes.families.language_model.pipeline import Pipeline


@from_files
def predict(
    run_dir: str | Path, source: str | Path, *, overrides: Sequence[str] = ()
) -> pd.DataFrame:
    """Go on from every line of a file.

    Args:
        run_dir: a finished run of a language model. Its ``saved_model`` answers.
        source: a plain text, a prompt a line. As many tokens are drawn as the run's recipe draws
            for its report, at the same temperature; see ``krr complete`` for other numbers.
        overrides: how the file is read, as in `finished_config`: ``data.encoding``.

    Returns:
        Columns ``prompt`` and ``text``, which begins with the prompt.

    Raises:
        UserError: not a finished run, or a file that cannot be read.
    """
    import pandas as pd

    from keras_rnn_recipes.serving.saved_text import SavedLanguageModel
    from keras_rnn_recipes.text.reading import read_lines

    config = finished_config(run_dir, overrides)
    notes: list[str] = []
    prompts = list(read_lines(source, encoding=config.data.encoding, empty=True, tell=notes.append))
    texts = SavedLanguageModel(Path(run_dir) / "saved_model").complete(
        prompts,
        config.evaluate.sample_length,
        temperature=config.evaluate.temperature,
        seed=config.fit.seed,
    )
    notes += token_notes(run_dir, [prompt for prompt in prompts if prompt])
    return with_notes(pd.DataFrame({"prompt": prompts, "text": texts}), notes)


@from_files
def evaluate(
    run_dir: str | Path,
    source: str | Path,
    *,
    baselines: str | None = None,
    overrides: Sequence[str] = (),
) -> Evaluation:
    """Judge a run's language model on a plain text.

    Args:
        run_dir, overrides: as in `predict`.
        source: a plain text, read as one.

    Returns:
        The figures of `score`.

    Raises:
        UserError: not a finished run, or a file that cannot be read.
    """
    from keras_rnn_recipes.families.language_model.task import describe_unknown, score, text_ids
    from keras_rnn_recipes.text.reading import read_text

    refuse_baselines(baselines)
    config, notes = finished_config(run_dir, overrides), list[str]()
    name = config.model.cell
    text = read_text(source, encoding=config.data.encoding, tell=notes.append)
    served = load(run_dir)
    ids = text_ids(served.tokenizer, text)
    unknown = describe_unknown(ids)
    scores = score({name: served.nats(ids)}, len(text))
    return Evaluation(name, scores, (*notes, *([unknown] if unknown else [])))


def load(run_dir: str | Path) -> Pipeline:
    """Load the language model of a finished run from ``model.keras``.

    Raises:
        UserError: not a finished run, or its files are damaged.
    """
    from keras_rnn_recipes.families.language_model.pipeline import Pipeline
    from keras_rnn_recipes.serving.keras_model import load_model

    record = read_vocabulary(run_dir)
    # Runs that name no Unicode form were made when the rows of a batch had seeds of their own.
    earlier = "normalize" not in record["preparation"]
    return Pipeline(tokenizer_of(record), load_model(run_dir), seeds_by_row=earlier)


def export(run_dir: str | Path, to: Path, *, format: str = "saved_model") -> Path:
    """Export the run's pipeline again, as `export_text_run` does."""
    from keras_rnn_recipes.serving.export_text import export_text_run

    return export_text_run(load(run_dir), to, format=format)


def complete(
    run_dir: str | Path, prompt: str, length: int, *, temperature: float = 0.8, seed: int = 0
) -> Iterator[str]:
    """Go on from a prompt, piece by piece as it is drawn.

    Args:
        run_dir: a finished run of a language model.
        prompt: a text; may be empty.
        length: tokens to draw, at least 1.
        temperature: 0 takes the most probable token each time; above 1 it is more daring.
        seed: the same one gives the same text.

    Raises:
        UserError: not a finished run of a language model, or a number out of range.
    """
    from keras_rnn_recipes.families.language_model.pipeline import stream

    if length < 1:
        raise UserError(
            f"The length is {length}.",
            "a number of characters or words of at least 1.",
            "write for example --length 200.",
        )
    if not temperature >= 0:
        raise UserError(
            f"The temperature is {temperature}.",
            "0 or more; 0 takes the most probable token each time.",
            "write for example --temperature 0.8.",
        )
    config = finished_config(run_dir)
    fix = "give the folder of one, such as krr run language_model/language_reference_lstm makes."
    require_family(config, "language_model", f"The run in {run_dir}", fix=fix)
    return stream(load(run_dir), prompt, length, temperature=temperature, seed=seed)
