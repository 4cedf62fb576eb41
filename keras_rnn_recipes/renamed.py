"""Former public names, which recipe scripts copied by ``krr cp`` may still call.

They work for one version, with a ``DeprecationWarning`` that gives the new name.
"""

from __future__ import annotations

import importlib
import warnings
from pathlib import Path
from typing import Any

# New name, below this package, by former name.
RENAMED = {
    "MemoryProblem": "data.memory_problems.MemoryProblem",
    "ServedClassifier": "families.text_classification.Pipeline",
    "ServedEncoderDecoder": "families.encoder_decoder.Pipeline",
    "ServedLanguageModel": "families.language_model.Pipeline",
    "ServedTagger": "families.tagging.Pipeline",
    "adapt_covariates": "families.forecasting.adapt_covariates",
    "add_intervals": "families.forecasting.add_intervals",
    "best_epoch": "families.forecasting.best_epoch",
    "choose_defaults": "families.forecasting.choose_defaults",
    "class_names": "families.text_classification.class_names",
    "class_weights": "families.text_classification.class_weights",
    "climb": "families.memory.climb",
    "code_covariates": "families.forecasting.code_covariates",
    "count_windows": "families.forecasting.count_windows",
    "describe_artefacts": "renamed.describe_artefacts",
    "describe_data": "families.forecasting.describe",
    "describe_pairs": "families.encoder_decoder.describe",
    "describe_problem": "families.memory.describe",
    "describe_running_text": "families.language_model.describe",
    "describe_signatures": "families.encoder_decoder.describe_signatures",
    "describe_tagged": "families.tagging.describe",
    "describe_texts": "families.text_classification.describe",
    "draw_samples": "families.language_model.draw_samples",
    "fit_classification_baselines": "families.text_classification.fit_baselines",
    "fit_ngrams": "families.language_model.fit_baselines",
    "fit_on_text": "families.language_model.fit",
    "fit_pair_baselines": "families.encoder_decoder.fit_baselines",
    "fit_tag_tokenizers": "families.tagging.fit_tokenizers",
    "fit_tagging_baselines": "families.tagging.fit_baselines",
    "label_loss": "families.text_classification.loss",
    "load_labelled": "families.text_classification.load",
    "load_pairs": "families.encoder_decoder.load",
    "load_panel": "families.forecasting.load",
    "load_running_text": "families.language_model.load",
    "load_tagged": "families.tagging.load",
    "load_vectors": "text.vectors.load_vectors",
    "loss_of_tagger": "families.tagging.loss",
    "memory_loss": "families.memory.loss",
    "memory_record": "families.memory.results_record",
    "memory_table": "families.memory.results_table",
    "number_labels": "families.text_classification.number_labels",
    "pair_columns": "families.encoder_decoder.columns",
    "pairs_table": "families.encoder_decoder.predictions_table",
    "predictions_table": "families.text_classification.predictions_table",
    "read_embeddings": "families.text_classification.read_embeddings",
    "refit_intervals": "families.forecasting.refit_intervals",
    "results_record": "families.forecasting.results_record",
    "results_table": "families.forecasting.results_table",
    "score_classifiers": "families.text_classification.score",
    "score_language_models": "families.language_model.score",
    "score_pairs": "families.encoder_decoder.score",
    "score_taggers": "families.tagging.score",
    "score_texts": "evaluation.translation.score_texts",
    "search_of": "families.encoder_decoder.choose_search",
    "show_sample": "families.language_model.show_sample",
    "surprise_table": "families.language_model.predictions_table",
    "tag_columns": "families.tagging.columns",
    "tags_table": "families.tagging.predictions_table",
    "text_ids": "families.language_model.text_ids",
    "token_loss": "training.token_loss.token_loss",
    "validation_windows": "families.forecasting.validation_windows",
    "vocabulary_record": "families.text_classification.vocabulary_record",
    "write_classification_report": "families.text_classification.write_report",
    "write_language_report": "families.language_model.write_report",
    "write_memory_report": "families.memory.write_report",
    "write_pair_report": "families.encoder_decoder.write_report",
    "write_report": "families.forecasting.write_report",
    "write_tagging_report": "families.tagging.write_report",
}


def find_renamed(name: str) -> Any:
    """Find what a former name refers to, with a warning.

    Args:
        name: a key of `RENAMED`.

    Example:
        >>> import pytest
        >>> with pytest.warns(DeprecationWarning, match="families.tagging.load"):
        ...     find_renamed("load_tagged").__name__
        'load'
    """
    module, _, attribute = RENAMED[name].rpartition(".")
    warnings.warn(
        f"keras_rnn_recipes.{name} is now keras_rnn_recipes.{RENAMED[name]}; the former name will "
        "be removed in the next version.",
        DeprecationWarning,
        stacklevel=3,
    )
    return getattr(importlib.import_module(f"keras_rnn_recipes.{module}"), attribute)


def describe_artefacts(run_dir: Path) -> str:
    """The result of `RunDirectory.describe`, which replaces this function."""
    from keras_rnn_recipes.runs.directory import RunDirectory

    return RunDirectory(run_dir).describe()
