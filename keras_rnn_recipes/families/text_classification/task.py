"""The steps that the script of text_classification calls: load, batches, baselines, scores."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from keras_rnn_recipes.config.text_classification import ClassificationConfig, TextDataConfig
from keras_rnn_recipes.errors import counted, first_names
from keras_rnn_recipes.evaluation.classification_baselines import fit_majority, fit_tfidf
from keras_rnn_recipes.families.classification import (
    class_weights as class_weights,
    loss as loss,
    score as score,
    table_of_predictions,
)
from keras_rnn_recipes.families.text_classification.averaged import fit_averaged
from keras_rnn_recipes.families.text_parts import (
    add_vectors as add_vectors,
    is_split_here,
    load_parts,
    read_embeddings as read_embeddings,
    unit_name,
)
from keras_rnn_recipes.families.text_start import (
    start_from_language_model as start_from_language_model,
)
from keras_rnn_recipes.reporting.results import (
    results_record as results_record,
    results_table as results_table,
)
from keras_rnn_recipes.serving.vocabulary import vocabulary_record as vocabulary_record
from keras_rnn_recipes.text.catalogue import TextParts, hold_out
from keras_rnn_recipes.text.encoded import Tell, ignore
from keras_rnn_recipes.text.preparation import Preparation
from keras_rnn_recipes.text.reading import (
    LabelledTexts,
    class_names as class_names,
    number_labels as number_labels,
    read_labelled,
)
from keras_rnn_recipes.text.row_counts import (
    contradiction_notes,
    length_cap,
    overlap_notes,
    repeated_notes,
    unknown_note,
)
from keras_rnn_recipes.text.tokenizer import Tokenizer
from keras_rnn_recipes.text.vocabulary import SPECIALS
from keras_rnn_recipes.training.adversarial import adversarial_training as adversarial_training

if TYPE_CHECKING:
    from keras_rnn_recipes.text.catalogue import TextParts


def load(data: TextDataConfig, *, seed: int = 0) -> TextParts:
    """Load the training, validation and test part of a classification recipe.

    Args:
        data: the recipe's section: the name of a data set, one table, or a table for each part.
            Missing parts are held out from the training part, the same share of each label.
        seed: seed of the choice of held-out examples.

    Returns:
        ``train``, ``valid`` and ``test``, each `LabelledTexts`.

    Raises:
        UserError: as `load_parts`.

    Example:
        >>> parts = load(TextDataConfig(source="word_order"))
        >>> len(parts.train), len(parts.test)
        (3000, 500)
    """
    notes: list[str] = []
    parts = load_parts(
        data,
        "text_classification",
        read=partial(read_rows, data=data, tell=notes.append),
        hold_out=partial(hold_out, seed=seed),
        seed=seed,
    )
    if is_split_here(data):
        notes += repeated_notes((*parts.train.texts, *parts.valid.texts, *parts.test.texts), "text")
    three = (parts.train, parts.valid, parts.test)
    texts, labels = (
        [one for part in three for one in getattr(part, name)] for name in ("texts", "labels")
    )
    notes += contradiction_notes(texts, labels, "text")
    others = {"validation": parts.valid.texts, "test": parts.test.texts}
    notes += overlap_notes(parts.train.texts, others, "text")
    return replace(parts, notes=tuple(dict.fromkeys(notes)))


def read_rows(
    path: str | Path, data: TextDataConfig, *, tell: Tell = ignore, adjustable: bool = True
) -> LabelledTexts:
    """Read texts and labels as the recipe says.

    Args:
        path: of a table.
        data: the recipe's section.
        tell, adjustable: as in `read_labelled`.

    Raises:
        UserError: as `read_labelled`.
    """
    return read_labelled(
        path,
        text_col=data.text_col,
        label_col=data.label_col,
        tell=tell,
        adjustable=adjustable,
        **data.file_options(),
    )


def preparation(data: TextDataConfig, texts: Sequence[str]) -> Preparation:
    """How texts are tokenized; very long texts are cut, which is printed.

    Args:
        data: the recipe's section.
        texts: of the training part.

    Returns:
        The recipe's preparation. Without ``data.max_length``, it cuts texts that are out of all
        proportion to the others, see `length_cap`.
    """
    plan = data.preparation()
    tokens = Tokenizer(replace(plan, max_length=None), SPECIALS)
    lengths = np.concatenate(
        [
            tokens.tokens(texts[n : n + 1024]).row_lengths().numpy()
            for n in range(0, len(texts), 1024)
        ]
    )
    cap = plan.max_length or length_cap(lengths)
    cut = 0 if cap is None else int((lengths > cap).sum())
    if cut:
        why = "" if plan.max_length else "; data.max_length sets another limit"
        kept = f"the {plan.keep} {cap:,} tokens"
        print(f"{counted(cut, 'training text')} of {len(texts):,} cut to {kept}{why}.")
    return replace(plan, max_length=cap)


def describe_tokens(texts: TextParts, tokenizer: Tokenizer) -> str:
    """What was decided by the texts, and the share of unknown tokens in each part, in lines."""
    parts = (("train", texts.train), ("validation", texts.valid), ("test", texts.test))
    ids = {name: tokenizer.encode(part.texts) for name, part in parts}
    return "\n".join([*tokenizer.notes, unknown_note(ids, unit_name(tokenizer))])


Classifier = Callable[[Sequence[str]], np.ndarray]


def fit_baselines(
    texts: TextParts,
    classes: Sequence[str],
    tokenizer: Tokenizer,
    *,
    names: Sequence[str],
    config: ClassificationConfig,
    fitted: Mapping[str, Classifier] | None = None,
) -> dict[str, Classifier]:
    """Fit the baselines of a classifier on the training part.

    Args:
        texts: from `load`.
        classes: from `class_names`.
        tokenizer: that of the network.
        names: "majority"; "tfidf", with logistic regression; "averaged_embeddings", a small network
            that ignores the order of words.
        config: the recipe, for its seed and the width of its embedding.
        fitted: parts of the model, which are shown too and not fitted again.

    Returns:
        Functions from texts to probabilities ``(texts, classes)``, by name.
    """
    labels = number_labels(texts.train.labels, classes)
    makers: dict[str, Callable[[], Classifier]] = {
        "majority": lambda: fit_majority(labels, len(classes)),
        "tfidf": lambda: fit_tfidf(texts.train.texts, labels, len(classes)),
        "averaged_embeddings": lambda: fit_averaged(texts, classes, tokenizer, config),
    }
    parts = dict(fitted or {})
    return parts | {name: makers[name]() for name in names if name not in parts}


def describe(texts: TextParts, classes: Sequence[str]) -> str:
    """Summary of the data, a few lines for the terminal."""
    parts = (("to learn from", texts.train), ("to watch", texts.valid), ("to test on", texts.test))
    counts = ", ".join(f"{len(part):,} {use}" for use, part in parts)
    return "\n".join(
        [
            f"{texts.name}: {counts}",
            f"{len(classes)} classes: {first_names(classes, 8)}",
            *texts.notes,
        ]
    )


def predictions_table(
    part: LabelledTexts, classes: Sequence[str], answers: Mapping[str, np.ndarray]
) -> pd.DataFrame:
    """A row for each text: ``text``, ``label``, predicted class and probability by model."""
    examples = {"text": part.texts, "label": part.labels}
    return table_of_predictions(examples, classes, answers)
