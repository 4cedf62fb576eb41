"""The steps that the script of text_classification calls: load, batches, baselines, scores."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from keras_rnn_recipes.config.text_classification import ClassificationConfig, TextDataConfig
from keras_rnn_recipes.errors import counted
from keras_rnn_recipes.evaluation.classification_baselines import fit_majority, fit_tfidf
from keras_rnn_recipes.evaluation.text_baselines import (
    fit_label_frequencies,
    fit_mean,
    fit_tfidf_labels,
    fit_tfidf_ridge,
)
from keras_rnn_recipes.families.classification import (
    class_weights as class_weights,
    loss as loss,
    score as score,
)
from keras_rnn_recipes.families.text_classification.averaged import fit_averaged
from keras_rnn_recipes.families.text_classification.heads import (
    Head,
    as_head,
    choose_thresholds as choose_thresholds,
    fit_head as fit_head,
    head_columns as head_columns,
)
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
from keras_rnn_recipes.text.label_tables import (
    read_label_sets,
    read_labelled_numbers,
    split_labels,
)
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
        hold_out=partial(hold_out, seed=seed, split=_split_of(data)),
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
    """Read texts and their labels or numbers as the recipe says.

    Args:
        path: of a table.
        data: the recipe's section.
        tell, adjustable: as in `read_labelled`.

    Raises:
        UserError: as `read_labelled`, `read_label_sets` or `read_labelled_numbers`.
    """
    of_task: dict[str, Any] = {"multilabel": read_label_sets, "regression": read_labelled_numbers}
    more: dict[str, Any] = {}
    if data.task == "multilabel":
        more = {"label_cols": data.label_cols, "label_separator": data.label_separator}
    return of_task.get(data.task, read_labelled)(
        path,
        text_col=data.text_col,
        label_col=data.label_col,
        weight_col=data.weight_col,
        tell=tell,
        adjustable=adjustable,
        **more,
        **data.file_options(),
    )


def _split_of(data: TextDataConfig) -> Callable[[str], Sequence[str]] | None:
    """How a label is split into those that a held-out part shares with the others."""
    if data.task == "multilabel":
        return partial(split_labels, separator=data.label_separator)
    return (lambda label: ()) if data.task == "regression" else None


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
    if plan.unit == "pieces":
        # Here they are characters, at least as many as the pieces that will be learned.
        if cap is not None:
            print(f"Texts of more than {cap:,} pieces are cut to the {plan.keep} {cap:,}.")
        return replace(plan, max_length=cap)
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
    head: Head | Sequence[str],
    tokenizer: Tokenizer,
    *,
    names: Sequence[str],
    config: ClassificationConfig,
    fitted: Mapping[str, Classifier] | None = None,
) -> dict[str, Classifier]:
    """Fit the baselines of a classifier or a regression on the training part.

    Args:
        texts: from `load`.
        head: from `fit_head`, or names of classes.
        tokenizer: that of the network.
        names: "averaged_embeddings", a small network that ignores the order of words; of classes
            "majority" and "tfidf", with logistic regression; of labels "label_frequencies" and
            "tfidf", a logistic regression for each label; of numbers "mean" and "tfidf_ridge".
        config: the recipe, for its seed and the width of its embedding.
        fitted: parts of the model, which are shown too and not fitted again.

    Returns:
        Functions from texts to probabilities ``(texts, classes)``, or to numbers ``(texts,)``, by
        name.
    """
    head, train = as_head(head), texts.train.texts
    truth = head.truth(texts.train)
    weights = None if texts.train.weights is None else np.array(texts.train.weights)
    fit_words = {
        "classification": partial(fit_tfidf, train, truth, head.size),
        "multilabel": partial(fit_tfidf_labels, train, truth),
    }
    makers: dict[str, Callable[[], Classifier]] = {
        "majority": lambda: fit_majority(truth, head.size),
        "label_frequencies": lambda: fit_label_frequencies(truth, weights=weights),
        "mean": lambda: fit_mean(truth, weights=weights),
        "tfidf": lambda: fit_words[head.task](weights=weights),
        "tfidf_ridge": lambda: fit_tfidf_ridge(train, truth, weights=weights),
        "averaged_embeddings": lambda: fit_averaged(texts, head, tokenizer, config),
    }
    parts = dict(fitted or {})
    return parts | {name: makers[name]() for name in names if name not in parts}


def describe(texts: TextParts, head: Head | Sequence[str]) -> str:
    """Summary of the data, a few lines for the terminal."""
    parts = (("to learn from", texts.train), ("to watch", texts.valid), ("to test on", texts.test))
    counts = ", ".join(f"{len(part):,} {use}" for use, part in parts)
    return "\n".join(
        [
            f"{texts.name}: {counts}",
            as_head(head).describe(),
            *([] if texts.train.weights is None else [f"Weights: {_range(texts.train.weights)}."]),
            *texts.notes,
        ]
    )


def _range(weights: Sequence[float]) -> str:
    return f"from {min(weights):g} to {max(weights):g}, in the loss alone"


def predictions_table(
    part: LabelledTexts, head: Head | Sequence[str], answers: Mapping[str, np.ndarray]
) -> pd.DataFrame:
    """A row for each text: ``text``, ``label``, and what each model predicts.

    Of a class it is followed by the probability.
    """
    table: dict[str, Any] = {"text": list(part.texts), "label": list(part.labels)}
    for name, given in answers.items():
        table |= as_head(head).columns(name, given)
    return pd.DataFrame(table)
